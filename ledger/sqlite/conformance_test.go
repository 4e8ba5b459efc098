package sqlite_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"enrich/ledger"
	"enrich/ledger/ledgertest"
	"enrich/ledger/sqlite"
)

func TestConformance(t *testing.T) {
	ledgertest.Run(t, func(t testing.TB) ledgertest.Backend {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		return &backend{path: filepath.Join(dir, "ledger.db")}
	})
}

// A backend is a ledger in a file. Checkpoints and compactions happen after a few commits.
type backend struct{ path string }

func (b *backend) Open(ctx context.Context, o ledgertest.Options) (ledger.Store, error) {
	l, err := sqlite.Open(ctx, b.path, sqlite.Options{ReadOnly: o.ReadOnly, ByEmail: o.ByEmail}.Tiny())
	if err != nil {
		return nil, err
	}
	return l, nil
}

// Kill leaves the files as they are while the ledger is open.
func (b *backend) Kill(s ledger.Store) error {
	saved := map[string][]byte{}
	for _, suffix := range []string{"", "-wal", ".lock"} {
		data, err := os.ReadFile(b.path + suffix)
		if err != nil {
			return err
		}
		saved[b.path+suffix] = data
	}
	if err := s.Close(); err != nil {
		return err
	}
	for path, data := range saved {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (b *backend) Columns(view string) (names []string, err error) {
	c, err := sqlite3.Open(b.path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.Close() }() // it was only read
	stmt, _, err := c.Prepare("SELECT * FROM " + view)
	if err != nil {
		return nil, err
	}
	defer func() { _ = stmt.Close() }() // it was only read
	for i := range stmt.ColumnCount() {
		names = append(names, stmt.ColumnName(i))
	}
	return names, nil
}

func (b *backend) RawResults(job int64) (pieces [][]byte, err error) {
	c, err := sqlite3.Open(b.path)
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

func TestCopy(t *testing.T) {
	newBackend := func(t testing.TB) ledgertest.Backend { return &backend{path: filepath.Join(t.TempDir(), "ledger.db")} }
	ledgertest.Copy(t, newBackend, newBackend)
}
