package sqlite

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"

	"enrich/ledger"
	"enrich/ledger/sqlite/internal/dbfile"
)

// TestAReleasedMigrationIsNeverChanged: what a migration makes is in people's files. A new version is a new step and a new
// golden file beside this one.
func TestAReleasedMigrationIsNeverChanged(t *testing.T) {
	for n := 1; n <= len(migrations); n++ {
		db, err := sqlite3.Open(":memory:")
		if err != nil {
			t.Fatal(err)
		}
		if err := migrate(db, migrations[:n], 0); err != nil {
			t.Fatal(err)
		}
		got := schemaOf(t, db)
		golden := fmt.Sprintf("testdata/schema-%d.sql", n)
		expected, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(expected) {
			t.Errorf("version %d is no longer what %s says:\n%s", n, golden, got)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func schemaOf(t *testing.T, db *sqlite3.Conn) string {
	t.Helper()
	l := Ledger{conn: db}
	var b strings.Builder
	for stmt, err := range l.rows("SELECT sql FROM sqlite_schema ORDER BY type, name") {
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(stmt.ColumnText(0) + ";\n")
	}
	return b.String()
}

// TestAnOldVersionIsMigrated: by the steps that it lacks, with what it contains kept, and a step that fails is
// undone whole.
func TestAnOldVersionIsMigrated(t *testing.T) {
	l, err := Open(context.Background(), filepath.Join(t.TempDir(), "ledger.db"), Options{checkpointDelay: time.Hour}) // nothing else uses it
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	if _, err := l.Begin(context.Background(), ledger.Run{URL: "https://api.example"}); err != nil {
		t.Fatal(err)
	}
	steps := append(migrations[:1:1], "ALTER TABLE run ADD COLUMN note TEXT", "CREATE VIEW two AS SELECT 2", "CREATE TABLE half(a); CREATE TABLE run(b)")
	if err := migrate(l.conn, steps[:3], 1); err != nil {
		t.Fatal(err)
	}
	if v, err := l.number("PRAGMA user_version"); v != 3 || err != nil {
		t.Errorf("version %d, %v", v, err)
	}
	if err := migrate(l.conn, steps, 3); err == nil {
		t.Error("a step that cannot be done was done")
	}
	if !l.conn.GetAutocommit() {
		t.Error("a transaction is left open")
	}
	for query, expected := range map[string]int64{
		"PRAGMA user_version": 3, "PRAGMA application_id": dbfile.ApplicationID, "SELECT count(*) FROM run WHERE note IS NULL": 1, "SELECT * FROM two": 2,
		"SELECT count(*) FROM sqlite_schema WHERE name = 'half'": 0,
	} {
		if got, err := l.number(query); got != expected || err != nil {
			t.Errorf("%s: %d, %v", query, got, err)
		}
	}
}
