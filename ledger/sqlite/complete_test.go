package sqlite_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/sqlite"
)

// killed leaves a ledger as a killed process does: two answers of a run that ended, then 140 of one that was killed, most of
// them in the log alone.
func killed(t *testing.T, path string) {
	t.Helper()
	l := open(t, path, sqlite.Options{})
	run := begin(t, l)
	commit(t, l, run, []ledger.Intent{person(0), person(1)}, outcome(0, contact.Matched), outcome(1, contact.Matched))
	if err := errors.Join(l.Finish(context.Background(), run, "", 0), l.Close()); err != nil {
		t.Fatal(err)
	}
	l = open(t, path, sqlite.Options{})
	run = begin(t, l)
	for n := 2; n < 142; n += 10 {
		intents, outcomes := group(n, 10)
		commit(t, l, run, intents)
		commit(t, l, run, nil, outcomes...)
	}
	takeAway(t, l, path)
}

// takeAway closes a ledger, and puts back its files as they were while it was open.
func takeAway(t *testing.T, l *sqlite.Ledger, path string) {
	t.Helper()
	dir := t.TempDir()
	for _, suffix := range []string{"", "-wal", ".lock"} {
		copyFile(t, path+suffix, filepath.Join(dir, "copy"+suffix))
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal", ".lock"} {
		copyFile(t, filepath.Join(dir, "copy"+suffix), path+suffix)
	}
}

// TestAnIncompleteLedgerIsRefused: whatever is missing after a kill, the ledger is not taken for a new or for an older one,
// to write as well as to read, until the loss is accepted.
func TestAnIncompleteLedgerIsRefused(t *testing.T) {
	for name, damage := range map[string]func(t *testing.T, path string){
		"without its log":             func(t *testing.T, p string) { remove(t, p+"-wal") },
		"its log cut to nothing":      func(t *testing.T, p string) { truncate(t, p+"-wal", 0) },
		"its log cut to its header":   func(t *testing.T, p string) { truncate(t, p+"-wal", 32) },
		"its log cut in half":         func(t *testing.T, p string) { cut(t, p+"-wal", 0.5) },
		"the end of its log is wrong": func(t *testing.T, p string) { size := sizeOf(t, p+"-wal"); garble(t, p+"-wal", size-50, 40) },
		"the file alone":              func(t *testing.T, p string) { remove(t, p+"-wal"); remove(t, p+".lock") },
		"emptied":                     func(t *testing.T, p string) { truncate(t, p, 0) },
		"emptied, without its log":    func(t *testing.T, p string) { truncate(t, p, 0); remove(t, p+"-wal") },
		"emptied, without its lock":   func(t *testing.T, p string) { truncate(t, p, 0); remove(t, p+".lock") },
		"emptied, of an older version": func(t *testing.T, p string) {
			truncate(t, p, 0)
			remove(t, p+"-wal")
			write(t, p+".lock", "4711\n")
		},
		"gone":           func(t *testing.T, p string) { remove(t, p) },
		"another ledger": func(t *testing.T, p string) { remove(t, p+"-wal"); makeOther(t, p, 400) },
		"an older copy":  func(t *testing.T, p string) { remove(t, p+"-wal"); makeOther(t, p, 2) },
		"an empty database": func(t *testing.T, p string) {
			remove(t, p+"-wal")
			truncate(t, p, 0)
			foreign(t, p, "PRAGMA journal_mode = WAL")
		},
		"an empty one for a merge": func(t *testing.T, p string) { truncate(t, p, 0); truncate(t, p+"-wal", 0) },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "ledger.db")
			killed(t, path)
			damage(t, path)
			before := photograph(t, filepath.Dir(path))
			for _, o := range []sqlite.Options{{}, {ReadOnly: true}, {}} {
				l, err := sqlite.Open(context.Background(), path, o)
				if err == nil {
					t.Fatalf("%+v: it opens: %v", o, l.Close())
				}
				if !errors.Is(err, ledger.ErrIncomplete) && !errors.Is(err, ledger.ErrDamaged) || !strings.Contains(err.Error(), "verify --accept-loss") {
					t.Errorf("%+v: %v", o, err)
				}
			}
			after := photograph(t, filepath.Dir(path))
			for _, beside := range []string{"ledger.db-wal", "ledger.db-shm"} { // SQLite makes them in order to look
				if _, ok := before[beside]; !ok {
					delete(after, beside)
				}
			}
			for file, sum := range before {
				if after[file] != sum && sum != sha256.Sum256(nil) { // SQLite may take an empty log away
					t.Errorf("%s was changed", file)
				}
			}
			acceptLoss(t, path)
		})
	}
}

// acceptLoss accepts it, and looks that the ledger is used again from then on.
func acceptLoss(t *testing.T, path string) {
	t.Helper()
	l := open(t, path, sqlite.Options{AcceptLoss: true})
	if len(l.Loss()) == 0 {
		t.Error("it does not say what is missing")
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	valid(t, open(t, path, sqlite.Options{ReadOnly: true}))
	l = open(t, path, sqlite.Options{})
	commit(t, l, begin(t, l), []ledger.Intent{person(900)}, outcome(900, contact.Matched))
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	valid(t, open(t, path, sqlite.Options{}))
}

func makeOther(t *testing.T, path string, answers int) {
	t.Helper()
	other := filepath.Join(t.TempDir(), "other.db")
	l := open(t, other, sqlite.Options{})
	run := begin(t, l)
	for n := range answers {
		commit(t, l, run, []ledger.Intent{person(5000 + n)}, outcome(5000+n, contact.NoMatch))
	}
	if err := errors.Join(l.Finish(context.Background(), run, "", 0), l.Close()); err != nil {
		t.Fatal(err)
	}
	copyFile(t, other, path)
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

func truncate(t *testing.T, path string, size int64) {
	t.Helper()
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
}

func sizeOf(t *testing.T, path string) int {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return int(info.Size())
}

// TestACompleteLedgerIsAccepted: whichever files are missing, if nothing of the content is.
func TestACompleteLedgerIsAccepted(t *testing.T) {
	for name, do := range map[string]func(t *testing.T, path string) string{
		"as it was left":    func(_ *testing.T, p string) string { return p },
		"without its index": func(_ *testing.T, p string) string { _ = os.Remove(p + "-shm"); return p },
		"without its lock":  func(t *testing.T, p string) string { remove(t, p+".lock"); return p },
		"another program merged the log": func(t *testing.T, p string) string {
			foreign(t, p, "SELECT count(*) FROM answers")
			if _, err := os.Stat(p + "-wal"); err == nil {
				t.Error("it did not")
			}
			return p
		},
		"merged, then the file alone": func(t *testing.T, p string) string {
			foreign(t, p, "SELECT count(*) FROM answers")
			remove(t, p+".lock")
			return p
		},
		"copied by VACUUM INTO": func(t *testing.T, p string) string {
			foreign(t, p, "VACUUM INTO '"+p+".copy'")
			return p + ".copy"
		},
		"copied by a backup": func(t *testing.T, p string) string {
			backup(t, p, p+".copy")
			return p + ".copy"
		},
		"copied by a backup during a run": func(t *testing.T, p string) string {
			l := open(t, p, sqlite.Options{})
			begin(t, l)
			backup(t, p, p+".copy")
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			return p + ".copy"
		},
		"file and log copied": func(t *testing.T, p string) string {
			copyFile(t, p, p+".copy")
			copyFile(t, p+"-wal", p+".copy-wal")
			return p + ".copy"
		},
		"a lock file of an older version": func(t *testing.T, p string) string { write(t, p+".lock", "4711\n"); return p },
		"a lock file with other text":     func(t *testing.T, p string) string { write(t, p+".lock", strings.Repeat("x", 300)); return p },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "ledger.db")
			killed(t, path)
			path = do(t, path)
			for _, o := range []sqlite.Options{{ReadOnly: true}, {}, {ReadOnly: true}} {
				l := open(t, path, o)
				if l.Answers() != 142 {
					t.Errorf("%+v: %d answers", o, l.Answers())
				}
				if err := l.Close(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// TestAFinishedLedgerIsOneFile: when no run is under way, the file alone is all of it.
func TestAFinishedLedgerIsOneFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	killed(t, path)
	if err := open(t, path, sqlite.Options{}).Close(); err != nil { // no run: what was killed is closed
		t.Fatal(err)
	}
	copyFile(t, path, path+".copy")
	if l := open(t, path+".copy", sqlite.Options{}); l.Answers() != 142 {
		t.Errorf("%d answers", l.Answers())
	}
}

// TestForgettingDoesNotMakeALedgerIncomplete: the newest outcome may be the one that is forgotten.
func TestForgettingDoesNotMakeALedgerIncomplete(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	killed(t, path)
	l := open(t, path, sqlite.Options{})
	if _, err := l.Forget(context.Background(), person(141).Contact); err != nil {
		t.Fatal(err)
	}
	takeAway(t, l, path) // and it was killed then
	if l := open(t, path, sqlite.Options{}); l.Answers() != 141 {
		t.Errorf("%d answers", l.Answers())
	}
}
