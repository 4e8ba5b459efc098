package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"enrich/contact"
	"enrich/internal/debian"
	"enrich/ledger"
	"enrich/ledger/ledgertest"
	"enrich/ledger/postgres"
	"enrich/ledger/sqlite"
)

// TestCopy copies from a file to a database and back, and the other way round.
func TestCopy(t *testing.T) {
	debian.SkipIfShort(t) // one goroutine does one thing after the other
	newFile := func(t testing.TB) ledgertest.Backend { return file(filepath.Join(t.TempDir(), "ledger.db")) }
	t.Run("FromAFile", func(t *testing.T) { ledgertest.Copy(t, newFile, newBackend) })
	t.Run("FromADatabase", func(t *testing.T) { ledgertest.Copy(t, newBackend, newFile) })
}

// A file is a ledger in a file: the path.
type file string

func (f file) Open(ctx context.Context, o ledgertest.Options) (ledger.Store, error) {
	l, err := sqlite.Open(ctx, string(f), sqlite.Options{ReadOnly: o.ReadOnly, ByEmail: o.ByEmail})
	if err != nil {
		return nil, err
	}
	return l, nil
}

// Kill leaves the files as they are while the ledger is open.
func (f file) Kill(s ledger.Store) error {
	saved := map[string][]byte{}
	for _, suffix := range []string{"", "-wal", ".lock"} {
		data, err := os.ReadFile(string(f) + suffix)
		if err != nil {
			return err
		}
		saved[string(f)+suffix] = data
	}
	err := s.Close()
	for path, data := range saved {
		err = errors.Join(err, os.WriteFile(path, data, 0o600))
	}
	return err
}

func (f file) Columns(string) ([]string, error) { return nil, errors.New("not needed here") }

func (f file) RawResults(job int64) (pieces [][]byte, err error) {
	c, err := sqlite3.Open(string(f))
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.Close() }() // it was only read
	stmt, _, err := c.Prepare(fmt.Sprintf("SELECT content FROM job_raw WHERE job = %d ORDER BY id", job))
	if err != nil {
		return nil, err
	}
	defer func() { _ = stmt.Close() }() // it was only read
	for stmt.Step() {
		pieces = append(pieces, stmt.ColumnBlob(0, nil))
	}
	return pieces, stmt.Err()
}

// A run that was killed does not keep its ledger from being copied: nobody else need run. One that is alive does.
func TestCopyWaitsForARunThatWasKilled(t *testing.T) {
	url := newLedger(t)
	crashed := open(t, postgres.Options{URL: url})
	run := ledgertest.Begin(t, crashed)
	ledgertest.Commit(t, crashed, run, []ledger.Intent{ledgertest.Person(1), ledgertest.Person(2)}, ledgertest.Outcome(1, contact.Matched))
	crashed.Drop()
	l := open(t, postgres.Options{URL: url}.WithTiming(fast))
	if err := l.Export(t.Context(), func(*ledger.Entry) error { return nil }); !errors.Is(err, ledger.ErrLocked) {
		t.Errorf("before it was waited for: %v", err)
	}
	check(t, l.AwaitRuns(t.Context()))
	to, err := file(filepath.Join(t.TempDir(), "ledger.db")).Open(t.Context(), ledgertest.Options{})
	check(t, err)
	check(t, to.(ledger.Importer).Import(t.Context(), l))
	check(t, to.Close())
	beginMember(t, url, ledger.Run{})
	if err := l.AwaitRuns(t.Context()); !errors.Is(err, ledger.ErrLocked) {
		t.Errorf("beside a run: %v", err)
	}
}
