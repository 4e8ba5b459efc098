package sqlite_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/sqlite"
)

// sample is how many persons a sample ledger knows, of the kinds in turn.
const sample = 200

func sampleKind(n int) contact.Kind { return contact.Kind(n%5 + 1) }

// sampleBody is the n-th answer: not like another one.
func sampleBody(n int) []byte {
	return fmt.Appendf(nil, `{"contact":{"credit_charged":true,"n":%d},"pad":%q}`, n, strings.Repeat(fmt.Sprint(n), n))
}

// makeSample makes a ledger of two runs. Closed it is one file; otherwise it is as a killed process leaves it, the second
// run in the log and two intents open.
func makeSample(t testing.TB, path string, closed bool) {
	t.Helper()
	makeSampleOf(t, path, closed, 10, sqlite.Options{})
}

// makeSampleOf makes it in commits of some size.
func makeSampleOf(t testing.TB, path string, closed bool, size int, o sqlite.Options) {
	t.Helper()
	l := open(t, path, o)
	half := func(from, to int) int64 {
		run := begin(t, l)
		for n := from; n < to; n += size {
			var intents []ledger.Intent
			var outcomes []contact.Outcome
			for i := n; i < n+size; i++ {
				o := outcome(i, sampleKind(i))
				if o.Kind.Answered() {
					o.Body = sampleBody(i)
				}
				intents, outcomes = append(intents, person(i)), append(outcomes, o)
			}
			commit(t, l, run, intents)
			commit(t, l, run, nil, outcomes...)
		}
		return run
	}
	if err := l.Finish(context.Background(), half(0, sample/2), "", 0); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open(t, path, o)
	run := half(sample/2, sample)
	if closed {
		if err := errors.Join(l.Finish(context.Background(), run, "", 0), l.Close()); err != nil {
			t.Fatal(err)
		}
		return
	}
	commit(t, l, run, []ledger.Intent{person(sample), person(sample + 1)})
	dir := t.TempDir()
	for _, suffix := range []string{"", "-wal"} { // what the living process has on the disk
		copyFile(t, path+suffix, filepath.Join(dir, "copy"+suffix))
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal"} {
		copyFile(t, filepath.Join(dir, "copy"+suffix), path+suffix)
	}
}

func copyFile(t testing.TB, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// read reads every person of the sample, and returns the first error, or what is wrong. If it returns neither, everything
// is as it was written.
func read(l *sqlite.Ledger, closed bool) (wrong string, err error) {
	for n := range sample {
		s := stateOf(l, person(n).Keys)
		if s.Kind != sampleKind(n) || s.At.Unix() != outcome(n, s.Kind).At.Unix() {
			return fmt.Sprintf("person %d is %+v", n, s), nil
		}
		out := make([]contact.Outcome, 1)
		if err := l.Outcomes(context.Background(), []ledger.Ref{s.Ref}, out); err != nil {
			return "", err
		}
		expected := outcome(n, s.Kind)
		if s.Kind.Answered() {
			expected.Body = sampleBody(n)
		}
		if got := out[0]; !bytes.Equal(got.Body, expected.Body) || got.Kind != expected.Kind || got.Message != expected.Message ||
			got.Charged != expected.Charged || got.Failure != expected.Failure || got.Status != expected.Status || !got.At.Equal(expected.At) {
			return fmt.Sprintf("person %d reads %+v", n, out[0]), nil
		}
	}
	if found := len(l.InterruptedCalls()); closed && found > 0 || !closed && found != 2 {
		return fmt.Sprintf("%d found", found), nil
	}
	return "", nil
}

// photograph is a hash of everything in a directory but its lock.
func photograph(t testing.TB, dir string) map[string][32]byte {
	t.Helper()
	hashes := map[string][32]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, ".lock") {
			return err
		}
		b, err := os.ReadFile(path)
		hashes[filepath.Base(path)] = sha256.Sum256(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return hashes
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func mkdir(t testing.TB, path string) {
	t.Helper()
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
}

// foreign is what another program does to the file.
func foreign(t testing.TB, path, sql string) {
	t.Helper()
	c, err := sqlite3.Open(path)
	if err == nil {
		err = errors.Join(c.Exec(sql), c.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// backup copies a ledger with SQLite's backup, as the shell's .backup does.
func backup(t testing.TB, from, to string) {
	t.Helper()
	c, err := sqlite3.Open(from)
	if err == nil {
		err = errors.Join(c.Backup("main", to), c.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// foreignTransaction is a transaction of another program, which stays open until the connection is closed.
func foreignTransaction(t testing.TB, path string) *sqlite3.Conn {
	t.Helper()
	c, err := sqlite3.Open(path)
	if err == nil {
		err = c.Exec("BEGIN IMMEDIATE")
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// garble changes bytes.
func garble(t testing.TB, path string, at, n int) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		b[at+i] ^= byte(0x5a + i)
	}
	write(t, path, string(b))
}

func cut(t testing.TB, path string, share float64) {
	t.Helper()
	info, err := os.Stat(path)
	if err == nil {
		err = os.Truncate(path, int64(float64(info.Size())*share))
	}
	if err != nil {
		t.Fatal(err)
	}
}
