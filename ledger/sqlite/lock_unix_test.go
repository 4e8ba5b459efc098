//go:build unix

package sqlite_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/sqlite"
)

// TestALedgerHasOneLockUnderAllNames: the lock is on the file, whatever it is called and whatever became of the lock file.
func TestALedgerHasOneLockUnderAllNames(t *testing.T) {
	for name, way := range map[string]func(t *testing.T, path string) string{
		"a hard link":               func(t *testing.T, p string) string { link(t, p, p+".link"); return p + ".link" },
		"a hard link elsewhere":     func(t *testing.T, p string) string { mkdir(t, p+".d"); link(t, p, p+".d/l.db"); return p + ".d/l.db" },
		"the lock file was removed": func(t *testing.T, p string) string { remove(t, p+".lock"); return p },
		"the lock file was replaced": func(t *testing.T, p string) string {
			remove(t, p+".lock")
			write(t, p+".lock", "")
			return p
		},
		"it was renamed":        func(t *testing.T, p string) string { rename(t, p, p+".old"); return p + ".old" },
		"an open file":          func(t *testing.T, p string) string { return openFilePath(t, p) },
		"the holder is stopped": func(_ *testing.T, p string) string { return p },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "ledger.db")
			h := holding(t, path)
			if strings.Contains(name, "stopped") {
				if err := h.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
					t.Fatal(err)
				}
			}
			other := way(t, path)
			if l, err := sqlite.Open(context.Background(), other, sqlite.Options{}); !errors.Is(err, ledger.ErrLocked) {
				t.Errorf("%v, %v", l, err)
			}
		})
	}
}

func openFilePath(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return filepath.Join("/dev/fd", strconv.Itoa(int(f.Fd())))
}

func link(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Link(from, to); err != nil {
		t.Fatal(err)
	}
}

// TestALedgerWithHardLinksIsRefused: each name would have a log of its own.
func TestALedgerWithHardLinksIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	makeSample(t, path, true)
	link(t, path, path+".link")
	for _, p := range []string{path, path + ".link"} {
		for _, o := range []sqlite.Options{{}, {ReadOnly: true}} {
			_, err := sqlite.Open(context.Background(), p, o)
			if !errors.Is(err, ledger.ErrLinked) || !strings.Contains(err.Error(), "several hard links (2)") {
				t.Errorf("%s, %+v: %v", p, o, err)
			}
		}
	}
	remove(t, path+".link")
	open(t, path, sqlite.Options{})
}

// TestAHardLinkCreatedDuringARunDoesNotStopIt: a backup may do so. The file is the same.
func TestAHardLinkCreatedDuringARunDoesNotStopIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := open(t, path, sqlite.Options{})
	run := begin(t, l)
	link(t, path, path+".link")
	commit(t, l, run, []ledger.Intent{person(1)}, outcome(1, contact.Matched))
	if err := errors.Join(l.Finish(context.Background(), run, "", 0), l.CheckUnchanged(context.Background())); err != nil {
		t.Error(err)
	}
}

// TestABindMountHasTheSameLock: as into a container.
func TestABindMountHasTheSameLock(t *testing.T) {
	dir := t.TempDir()
	path, bound := filepath.Join(dir, "ledger.db"), filepath.Join(dir, "container", "ledger.db")
	holding(t, path)
	mkdir(t, filepath.Dir(bound))
	write(t, bound, "")
	if out, err := exec.Command("mount", "--bind", path, bound).CombinedOutput(); err != nil {
		t.Skipf("nothing may be mounted here: %v: %s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("umount", bound).Run() })
	if _, err := sqlite.Open(context.Background(), bound, sqlite.Options{}); !errors.Is(err, ledger.ErrLocked) {
		t.Error(err)
	}
}

// TestOneProcessCreatesALedger: whichever comes first, there is one ledger and one that has it.
func TestOneProcessCreatesALedger(t *testing.T) {
	for range 20 {
		path := filepath.Join(t.TempDir(), "new", "ledger.db")
		var all sync.WaitGroup
		opened := make([]*sqlite.Ledger, 4)
		for i := range opened {
			all.Go(func() {
				l, err := sqlite.Open(context.Background(), path, sqlite.Options{})
				if err != nil && !errors.Is(err, ledger.ErrLocked) {
					t.Error(err)
				}
				opened[i] = l
			})
		}
		all.Wait()
		won := 0
		for _, l := range opened {
			if l == nil {
				continue
			}
			won++
			commit(t, l, begin(t, l), []ledger.Intent{person(1)}, outcome(1, contact.Matched))
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if won != 1 {
			t.Fatalf("%d have it", won)
		}
	}
}

// TestTheLockDoesNotStopReaders: SQLite's own program reads the views while a run has the lock.
func TestTheLockDoesNotStopReaders(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	holding(t, path)
	foreign(t, path, "SELECT count(*) FROM answers; SELECT count(*) FROM runs")
	if sqlite, err := exec.LookPath("sqlite3"); err == nil {
		if out, err := exec.Command(sqlite, path, "SELECT count(*) FROM runs").CombinedOutput(); err != nil || string(out) != "1\n" {
			t.Errorf("%q, %v", out, err)
		}
	}
}

// TestALockFileThatIsADirectoryIsReported is said, to write and to read.
func TestALockFileThatIsADirectoryIsReported(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	makeSample(t, path, true)
	remove(t, path+".lock")
	mkdir(t, path+".lock")
	for _, o := range []sqlite.Options{{}, {ReadOnly: true}} {
		if _, err := sqlite.Open(context.Background(), path, o); err == nil || !strings.Contains(err.Error(), "ledger.db.lock") {
			t.Errorf("%+v: %v", o, err)
		}
	}
}
