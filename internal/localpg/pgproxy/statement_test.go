package pgproxy

import (
	"slices"
	"strings"
	"testing"
)

func TestSplit(t *testing.T) {
	for sql, expected := range map[string][]string{
		"":                                nil,
		" ; ;":                            nil,
		"select 1":                        {"select 1"},
		"begin; select 1 ;commit;":        {"begin", "select 1", "commit"},
		"select ';', 'it''s;' ; x":        {"select ';', 'it''s;'", "x"},
		`select E'\';' ; x`:               {`select E'\';'`, "x"},
		`select '\' ; x`:                  {`select '\'`, "x"},
		`select note'\' ; x`:              {`select note'\'`, "x"},
		`select "a;""b" ; x`:              {`select "a;""b"`, "x"},
		"select 1 -- ;\n ; x":             {"select 1 -- ;", "x"},
		"/* ; /* ; */ ; */ a; b":          {"/* ; /* ; */ ; */ a", "b"},
		"do $$ begin; end $$; x":          {"do $$ begin; end $$", "x"},
		"do $a$ ; $$ ; $a$ ; x":           {"do $a$ ; $$ ; $a$", "x"},
		"select $1; select $2":            {"select $1", "select $2"},
		"select a$b ; c$d":                {"select a$b", "c$d"},
		"select 'no end ; x":              {"select 'no end ; x"},
		"insert into t values ('é;'); é;": {"insert into t values ('é;')", "é"},
	} {
		if got := split(sql); !slices.Equal(got, expected) {
			t.Errorf("%q: %q, expected %q", sql, got, expected)
		}
	}
}

// FuzzSplit: any SQL has statements that are part of it, and the parts have no more statements.
func FuzzSplit(f *testing.F) {
	f.Add("begin; select E'\\';', $a$;$a$, \"\"\"\" /* -- */ -- x\n; commit")
	f.Fuzz(func(t *testing.T, sql string) {
		for _, statement := range split(sql) {
			if !strings.Contains(sql, statement) || statement == "" {
				t.Errorf("%q is not a part", statement)
			}
			words(statement, 3)
		}
	})
}

// Whether a batch commits, for each batch of a session.
func TestTransactions(t *testing.T) {
	for _, c := range []struct {
		name    string
		batches []string
		commits []bool
	}{
		{"a block", []string{"begin", "insert", "commit"}, []bool{false, false, true}},
		{"its other words", []string{"START TRANSACTION", "x", "END"}, []bool{false, false, true}},
		{"comments", []string{"/* a */ begin", "x", "-- b\ncommit"}, []bool{false, false, true}},
		{"implicit", []string{"insert", "select"}, []bool{true, true}},
		{"implicit, several", []string{"insert; insert"}, []bool{true}},
		{"a block in one batch", []string{"begin; insert; commit", "begin"}, []bool{true, false}},
		{"a block after an implicit part", []string{"insert; begin; insert", "commit"}, []bool{false, true}},
		{"rolled back", []string{"begin", "x", "rollback", "x"}, []bool{false, false, false, true}},
		{"to a savepoint", []string{"begin", "rollback to a", "rollback work to a", "x", "commit"}, []bool{false, false, false, false, true}},
		{"chained", []string{"begin", "commit and chain", "x", "commit"}, []bool{false, true, false, true}},
		{"chained, with a word", []string{"begin", "rollback work and chain", "x", "commit"}, []bool{false, false, false, true}},
		{"not chained", []string{"begin", "commit and no chain", "x"}, []bool{false, true, true}},
		{"prepared", []string{"begin", "prepare transaction 'a'", "commit prepared 'a'"}, []bool{false, false, true}},
		{"a statement is prepared", []string{"prepare a as select 1"}, []bool{true}},
		{"empty", []string{"", "-- nothing"}, []bool{false, false}},
	} {
		var tx transaction
		for i, batch := range c.batches {
			for _, statement := range split(batch) {
				tx.execute(statement)
			}
			if got := tx.end(); got != c.commits[i] {
				t.Errorf("%s: %q commits: %v", c.name, batch, got)
			}
		}
	}
	failed := transaction{}
	failed.status('E')
	if failed.execute("commit"); failed.end() {
		t.Error("a failed block commits")
	}
}
