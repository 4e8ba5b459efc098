package sqlite_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/sqlite"
)

func TestAnyPathIsAccepted(t *testing.T) {
	for _, name := range []string{
		"plain.db", "with space.db", "what?.db", "a#b.db", "100%.db", "%41.db", "a+b&c=d;e.db", "-dash.db", ":memory:", "file:x?mode=memory",
		"ä 日本.db", "caf\xe9.db", `quo"te'.db`, "new\nline.db", "a\\b.db",
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "in "+name)
			path := filepath.Join(dir, name)
			l := open(t, path, sqlite.Options{})
			run := begin(t, l)
			commit(t, l, run, []ledger.Intent{person(1)})
			commit(t, l, run, nil, outcome(1, contact.Matched))
			if err := errors.Join(l.Finish(context.Background(), run, "", 0), l.Close()); err != nil {
				t.Fatal(err)
			}
			var names []string
			files, err := os.ReadDir(dir)
			for _, f := range files {
				names = append(names, f.Name())
			}
			if err != nil || len(names) != 2 || names[0] != name || names[1] != name+".lock" {
				t.Errorf("there is %q, %v", names, err)
			}
			if l := open(t, path, sqlite.Options{ReadOnly: true}); l.Answers() != 1 {
				t.Error("the answer is not there")
			}
		})
	}
}

func TestAnImpossiblePathIsRefused(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "file"), "text")
	if err := os.Symlink("nowhere/ledger.db", filepath.Join(dir, "dangling")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("loop", filepath.Join(dir, "loop")); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{
		"none": "", "a directory": dir, "below a file": filepath.Join(dir, "file", "ledger.db"), "a loop": filepath.Join(dir, "loop"),
		"a device": os.DevNull, "a NUL": dir + "/a\x00b",
	} {
		for _, o := range []sqlite.Options{{}, {ReadOnly: true}} {
			if l, err := sqlite.Open(context.Background(), path, o); err == nil {
				t.Errorf("%s, %+v: it opens: %v", name, o, l.Close())
			}
		}
	}
	if _, err := os.Stat(os.DevNull + ".lock"); err == nil {
		t.Error("a lock lies beside a device")
	}
}

func TestAMissingLedgerIsEmptyForAReader(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "empty.db"), "")
	for _, name := range []string{"none.db", "no/directory.db", "empty.db"} {
		l := open(t, filepath.Join(dir, name), sqlite.Options{ReadOnly: true})
		_, begun := l.Begin(context.Background(), ledger.Run{})
		_, pruned := l.Prune(context.Background(), noon)
		for what, err := range map[string]error{"commit": tryCommit(l, 1, []ledger.Intent{person(1)}, nil), "begin": begun, "prune": pruned, "finish": l.Finish(context.Background(), 1, "", 0)} {
			if err == nil || !strings.Contains(err.Error(), "read-only") {
				t.Errorf("%s, %s: %v", name, what, err)
			}
		}
		s, err := l.Stats(context.Background())
		if err != nil || s != (ledger.Stats{}) || l.Answers() != 0 {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
		valid(t, l)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("a reader made %v, %v", files, err)
	}
}

func TestAFullDiskIsNamed(t *testing.T) {
	full := false
	d := newDisk(t, func(o op) (int, error) {
		if full && o.kind == "write" {
			return 0, vfs.SystemError(syscall.ENOSPC, sqlite3.FULL) // as SQLite's own does
		}
		return 0, nil
	})
	l := open(t, filepath.Join(t.TempDir(), "ledger.db"), sqlite.Options{}.OnDisk(d.name))
	run := begin(t, l)
	full = true
	err := tryCommit(l, run, []ledger.Intent{person(1)}, nil)
	if !errors.Is(err, sqlite3.FULL) || !strings.Contains(err.Error(), "are kept: free some space and run the same command again") {
		t.Error(err)
	}
}
