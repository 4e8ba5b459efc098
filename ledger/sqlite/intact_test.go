package sqlite_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/sqlite"
)

// TestARunStopsIfItsLedgerIsChanged: before the next commit, before the end is recorded, and before publishing.
func TestARunStopsIfItsLedgerIsChanged(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("an open file cannot be removed here")
	}
	for name, change := range map[string]func(t *testing.T, path string){
		"the ledger is removed":    func(t *testing.T, p string) { remove(t, p) },
		"the ledger is renamed":    func(t *testing.T, p string) { rename(t, p, p+".old") },
		"its directory is renamed": func(t *testing.T, p string) { rename(t, filepath.Dir(p), filepath.Dir(p)+".old") },
		"another is in its place":  func(t *testing.T, p string) { makeOther(t, p+".new", 2); rename(t, p+".new", p) },
		"the ledger is emptied":    func(t *testing.T, p string) { truncate(t, p, 0) },
		"the ledger is cut":        func(t *testing.T, p string) { cut(t, p, 0.5) },
		"the log is removed":       func(t *testing.T, p string) { remove(t, p+"-wal") },
		"the log is emptied":       func(t *testing.T, p string) { truncate(t, p+"-wal", 0) },
		"the log is cut":           func(t *testing.T, p string) { cut(t, p+"-wal", 0.05) },
		"the log is replaced":      func(t *testing.T, p string) { copyFile(t, p+"-wal", p+".x"); rename(t, p+".x", p+"-wal") },
		"the log is zeroed":        func(t *testing.T, p string) { write(t, p+"-wal", strings.Repeat("\x00", sizeOf(t, p+"-wal"))) },
		"the index is removed":     func(t *testing.T, p string) { remove(t, p+"-shm") },
		"the lock is removed":      func(t *testing.T, p string) { remove(t, p+".lock") },
		"the lock is replaced":     func(t *testing.T, p string) { remove(t, p+".lock"); write(t, p+".lock", "4711\n") },
		"the lock is a directory":  func(t *testing.T, p string) { remove(t, p+".lock"); mkdir(t, p+".lock") },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "in", "ledger.db")
			l := open(t, path, sqlite.Options{})
			run := begin(t, l)
			commit(t, l, run, []ledger.Intent{person(1), person(2)}, outcome(1, contact.Matched))
			commit(t, l, run, nil, outcome(2, contact.Matched))
			if err := l.CheckUnchanged(context.Background()); err != nil {
				t.Fatal(err)
			}
			change(t, path)
			calls := map[string]func() error{
				"publish": func() error { return l.CheckUnchanged(context.Background()) },
				"commit":  func() error { return tryCommit(l, run, []ledger.Intent{person(3)}, nil) },
				"finish":  func() error { return l.Finish(context.Background(), run, "", 0) },
			}
			first := []string{"publish", "commit", "finish"}[len(name)%3]
			if err := calls[first](); !errors.Is(err, ledger.ErrChanged) || !strings.Contains(err.Error(), "nothing was published") {
				t.Errorf("%s: %v", first, err)
			}
			for what, call := range calls { // and it stays so
				if err := call(); !errors.Is(err, ledger.ErrFailed) || !errors.Is(err, ledger.ErrChanged) {
					t.Errorf("%s: %v", what, err)
				}
			}
		})
	}
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

// TestAnotherProgramMayDoWhatSQLiteAllows: readers, a merge of the log, even one that empties it, do not stop a run.
func TestAnotherProgramMayDoWhatSQLiteAllows(t *testing.T) {
	for name, sql := range map[string]string{
		"read":          "SELECT count(*) FROM answers",
		"merge":         "PRAGMA wal_checkpoint(PASSIVE)",
		"merge all":     "PRAGMA wal_checkpoint(RESTART)",
		"empty the log": "PRAGMA wal_checkpoint(TRUNCATE)",
		"write":         "BEGIN IMMEDIATE; CREATE TABLE notes(a); INSERT INTO notes VALUES(1); COMMIT",
		"make smaller":  "VACUUM; PRAGMA wal_checkpoint(TRUNCATE)",
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "ledger.db")
			l := open(t, path, sqlite.Options{}.Tiny())
			run := begin(t, l)
			for n := range 40 {
				commit(t, l, run, []ledger.Intent{person(n)}, outcome(n, contact.Matched))
				if n%10 == 3 {
					foreign(t, path, strings.ReplaceAll(sql, "notes", "notes"+string(rune('a'+n%26))))
				}
				if n%7 == 0 {
					if err := l.CheckUnchanged(context.Background()); err != nil {
						t.Fatal(err)
					}
				}
			}
			if err := errors.Join(l.Finish(context.Background(), run, "", 0), l.CheckUnchanged(context.Background()), l.Close()); err != nil {
				t.Fatal(err)
			}
			valid(t, open(t, path, sqlite.Options{}))
		})
	}
}

// TestAReaderSeesThatTheLedgerWasReplaced: also `enrich write` publishes only what is in a ledger that is still there.
func TestAReaderSeesThatTheLedgerWasReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	makeSample(t, path, true)
	l := open(t, path, sqlite.Options{ReadOnly: true})
	if err := l.CheckUnchanged(context.Background()); err != nil {
		t.Fatal(err)
	}
	rename(t, path, path+".old")
	if err := l.CheckUnchanged(context.Background()); !errors.Is(err, ledger.ErrChanged) {
		t.Error(err)
	}
}

// TestTheLogIsMergedAfterSomeSeconds: without any further commit, what was answered is in the file after some seconds.
func TestTheLogIsMergedAfterSomeSeconds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := open(t, path, sqlite.Options{}.Soon())
	commit(t, l, begin(t, l), []ledger.Intent{person(1)}, outcome(1, contact.Matched))
	for {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(b), "ann.smith.1@northwind.example") {
			return
		}
		if t.Context().Err() != nil {
			t.Fatal(t.Context().Err())
		}
		time.Sleep(time.Millisecond) // the timer's goroutine
	}
}

// TestATransactionOfAnotherProgramIsNamed: after some seconds, and not the disk is blamed for it.
func TestATransactionOfAnotherProgramIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := open(t, path, sqlite.Options{})
	run := begin(t, l)
	other := foreignTransaction(t, path)
	start := time.Now()
	err := tryCommit(l, run, []ledger.Intent{person(1)}, nil)
	if waited := time.Since(start); err == nil || waited < 2*time.Second || !strings.Contains(err.Error(), "another program") || strings.Contains(err.Error(), "disk") {
		t.Errorf("after %s: %v", waited, err)
	}
	if err := errors.Join(l.Close(), other.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlite.Open(context.Background(), path, sqlite.Options{}); err != nil {
		t.Error(err)
	}
}
