//go:build unix

package configfile

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestOnlyRegularFilesAreRead: a named pipe would make the program wait for its writer, and a device may have no end.
func TestOnlyRegularFilesAreRead(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, path := range []string{pipe, "/dev/zero", "/dev/stdin"} {
			for _, named := range []bool{true, false} {
				if _, err := Read(path, named); err == nil || !strings.Contains(err.Error(), "is not a regular file") && path != "/dev/stdin" {
					t.Errorf("%s: %v", path, err)
				}
			}
			if got := Peek(path, "a"); got != "" {
				t.Errorf("%s: %q", path, got)
			}
		}
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("it waits for a writer")
	}
}

// TestAFileOfSomebodyElse is read if it is named, and not if it is only in the user's config folder.
func TestAFileOfSomebodyElse(t *testing.T) {
	t.Parallel()
	path := file(t, "a = 1\n")
	for _, named := range []bool{true, false} {
		if _, err := Read(path, named); err != nil {
			t.Error(err)
		}
	}
	if os.Geteuid() != 0 {
		t.Log("only root can give a file away; a file of root is read")
		return
	}
	if err := os.Chown(path, 12345, 12345); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(path, true); err != nil {
		t.Error(err)
	}
	if _, err := Read(path, false); err == nil || !strings.Contains(err.Error(), "belongs to another user") {
		t.Errorf("a file of another user: %v", err)
	}
}
