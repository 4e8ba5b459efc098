package sqlite_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"enrich/ledger/sqlite"
)

// asNobody does something without root's rights, on a thread of its own that nothing else ever uses again.
func asNobody(t *testing.T, do func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { // waited for below; its thread ends with it
		defer close(done)
		runtime.LockOSThread()
		if os.Getuid() == 0 {
			if _, err := unix.SetfsuidRetUid(65534); err != nil {
				t.Error(err)
				return
			}
		}
		do()
	}()
	<-done
}

// checkReadable opens a ledger to read and compares what is in it with the sample.
func checkReadable(t *testing.T, path string) {
	t.Helper()
	l, err := sqlite.Open(context.Background(), path, sqlite.Options{ReadOnly: true})
	if err != nil {
		t.Error(err)
		return
	}
	if wrong, err := read(l, true); wrong != "" || err != nil {
		t.Error(wrong, err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

// shared is a directory that anybody may enter.
func shared(t *testing.T) string {
	dir := t.TempDir()
	for d := dir; strings.HasPrefix(filepath.Clean(d), filepath.Clean(os.TempDir())+"/"); d = filepath.Dir(d) {
		chmod(t, d, 0o755)
	}
	return dir
}

// TestAReadOnlyLedgerCanBeRead: on a medium that is read-only, and where only others may write.
func TestAReadOnlyLedgerCanBeRead(t *testing.T) {
	dir := shared(t)
	path := filepath.Join(dir, "ledger.db")
	makeSample(t, path, true)
	chmod(t, path, 0o444)
	if err := os.Remove(path + ".lock"); err != nil {
		t.Fatal(err)
	}
	chmod(t, dir, 0o555)
	defer chmod(t, dir, 0o755)
	before := photograph(t, dir)
	asNobody(t, func() {
		checkReadable(t, path)
		if _, err := sqlite.Open(context.Background(), path, sqlite.Options{}); err == nil || !strings.Contains(err.Error(), "permission denied") {
			t.Errorf("to write: %v", err)
		}
	})
	if after := photograph(t, dir); len(after) != len(before) {
		t.Errorf("a reader left %v", after)
	}
}

// TestALockFileOfAnotherUser does not stop a reader; a writer gets an error.
func TestALockFileOfAnotherUser(t *testing.T) {
	dir := shared(t)
	path := filepath.Join(dir, "ledger.db")
	makeSample(t, path, true)
	chmod(t, path, 0o666)
	chmod(t, path+".lock", 0o600)
	asNobody(t, func() {
		checkReadable(t, path)
		if _, err := sqlite.Open(context.Background(), path, sqlite.Options{}); err == nil || !strings.Contains(err.Error(), "ledger.db.lock") {
			t.Errorf("to write: %v", err)
		}
	})
}

// TestALogThatCannotBeReadIsReported: a log must be joined with its ledger, which needs a place to write.
func TestALogThatCannotBeReadIsReported(t *testing.T) {
	dir := shared(t)
	path := filepath.Join(dir, "ledger.db")
	makeSample(t, path, false)
	for _, p := range []string{path, path + "-wal"} {
		chmod(t, p, 0o444)
	}
	_ = os.Remove(path + "-shm")
	chmod(t, dir, 0o555)
	defer chmod(t, dir, 0o755)
	asNobody(t, func() {
		_, err := sqlite.Open(context.Background(), path, sqlite.Options{ReadOnly: true})
		if err == nil || !strings.Contains(err.Error(), "copy ledger and log") {
			t.Error(err)
		}
	})
}

// TestFilesAreForTheirOwnerOnly: whatever the umask.
func TestFilesAreForTheirOwnerOnly(t *testing.T) {
	dir := t.TempDir()
	underUmask(t, 0, func() {
		path := filepath.Join(dir, "new", "ledger.db")
		l, err := sqlite.Open(context.Background(), path, sqlite.Options{})
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = l.Close() }()
		begin(t, l)
		for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
			if info, err := os.Stat(path + suffix); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("ledger.db%s: %v, %v", suffix, info.Mode(), err)
			}
		}
		if info, err := os.Stat(filepath.Dir(path)); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("its directory: %v, %v", info.Mode(), err)
		}
	})
}

// underUmask does something under a umask, which is the process's: no test of this package runs beside it.
func underUmask(t *testing.T, mask int, do func()) {
	t.Helper()
	old := unix.Umask(mask)
	defer unix.Umask(old)
	do()
}
