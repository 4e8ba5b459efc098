package tempfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestATemporaryFileIsRemoved: it is gone after it was closed, also if an open file cannot be removed, as on Windows.
func TestATemporaryFileIsRemoved(t *testing.T) {
	for name, refusals := range map[string]int{"at once": 0, "when it is closed": 1} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			left := func() int {
				entries, err := os.ReadDir(os.TempDir())
				if err != nil {
					t.Fatal(err)
				}
				return len(entries)
			}
			expected := refusals
			f, err := create("enrich-test-*", "test", func(name string) error {
				if refusals--; refusals >= 0 {
					return syscall.EBUSY
				}
				return os.Remove(name)
			})
			if err != nil {
				t.Fatal(err)
			}
			if n := left(); n != expected {
				t.Errorf("%d files while it is open, expected %d", n, expected)
			}
			if _, err := f.Write([]byte("te")); err != nil {
				t.Error(err)
			}
			if _, err := f.WriteAt([]byte("xt"), 2); err != nil {
				t.Error(err)
			}
			text := make([]byte, 4)
			if _, err := f.ReadAt(text, 0); err != nil || string(text) != "text" {
				t.Errorf("%q, %v", text, err)
			}
			if err := f.Close(); err != nil {
				t.Error(err)
			}
			if n := left(); n != 0 {
				t.Errorf("%d files are left", n)
			}
		})
	}
}

// TestEveryErrorSaysWhatToDo: the errors of all methods are of one kind, keep their cause, and are never the end of a file.
func TestEveryErrorSaysWhatToDo(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	f, err := Create("enrich-test-*", "copy leads")
	if err != nil {
		t.Fatal(err)
	}
	_, beyond := f.ReadAt(make([]byte, 1), 0)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	_, read := f.ReadAt(make([]byte, 1), 0)
	_, write := f.Write([]byte("x"))
	_, writeAt := f.WriteAt([]byte("x"), 0)
	closed := f.Close()
	t.Setenv("TMPDIR", filepath.Join(dir, "missing"))
	_, created := Create("enrich-test-*", "copy leads")
	t.Setenv("TMPDIR", dir)
	for name, test := range map[string]struct{ err, cause error }{
		"read beyond the end": {beyond, io.ErrUnexpectedEOF}, "read": {read, fs.ErrClosed}, "write": {write, fs.ErrClosed},
		"write at": {writeAt, fs.ErrClosed}, "close": {closed, fs.ErrClosed}, "create": {created, fs.ErrNotExist},
		"full": {Failed("copy leads", &os.PathError{Op: "write", Path: "/x", Err: syscall.ENOSPC}), syscall.ENOSPC},
	} {
		expected := fmt.Sprintf("copy leads to a temporary file in %s: ", dir)
		if name == "create" {
			expected = "copy leads to a temporary file in "
		}
		if !errors.Is(test.err, ErrFailed) || !errors.Is(test.err, test.cause) || errors.Is(test.err, io.EOF) ||
			!strings.HasPrefix(test.err.Error(), expected) || !strings.HasSuffix(test.err.Error(), "; free space there, or set TMPDIR to another directory") {
			t.Errorf("%s: %v", name, test.err)
		}
	}
	if again := Failed("other", created); Failed("copy leads", nil) != nil || again.Error() != created.Error() {
		t.Error("no error, or an error of a temporary file, does not stay as it is")
	}
}
