package sqlite_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"enrich/ledger/sqlite"
)

// TestVerifyFindsChanges: what plain SQL can do to a ledger, and what opening it would not see.
func TestVerifyFindsChanges(t *testing.T) {
	for name, tt := range map[string]struct{ sql, says string }{
		"a changed answer":        {`UPDATE outcome SET body = '{"contact":{"email":"x@y.example"}}' WHERE id = 6`, "outcome 6: checksum mismatch"},
		"a changed contact":       {`UPDATE outcome SET contact = '{"email":"x@y.example"}' WHERE id = 6`, "outcome 6: checksum mismatch"},
		"a changed charge":        {`UPDATE outcome SET charged = 1 - charged WHERE id = 6`, "outcome 6: checksum mismatch"},
		"two swapped rows":        {`UPDATE outcome SET id = 9999 WHERE id = 6; UPDATE outcome SET id = 6 WHERE id = 7; UPDATE outcome SET id = 7 WHERE id = 9999`, "outcome 6: checksum mismatch"},
		"a row that is gone":      {`DELETE FROM outcome WHERE id = 6`, "outcome 6 is missing"},
		"a changed intent":        {`UPDATE asked SET contacts = replace(contacts, 'smith.3@', 'smith.9@') WHERE id = 1`, "the intents of commit 1: checksum mismatch"},
		"an intent that is gone":  {`DELETE FROM asked WHERE id = 3`, "something is missing before commit 4"},
		"a key that is another's": {`UPDATE asked SET keys = (SELECT keys FROM asked WHERE id = 3) WHERE id = 1`, "the intents of commit 1: checksum mismatch"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "ledger.db")
			makeSample(t, path, true)
			foreign(t, path, tt.sql)
			v, err := open(t, path, sqlite.Options{ReadOnly: true}).Verify(context.Background())
			if err != nil || v.Problems == 0 || !strings.Contains(strings.Join(v.Messages, "\n"), tt.says) {
				t.Errorf("%+v, %v", v, err)
			}
		})
	}
}

// TestVerifyReportsPagesThatCannotBeRead as problems like any other, and the error of reading them is said once.
func TestVerifyReportsPagesThatCannotBeRead(t *testing.T) {
	const page = 4096
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := open(t, path, sqlite.Options{}.OnDisk(unsynced(t)))
	commitAnswers(t, l, begin(t, l), 0, 60)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	intact, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	unreadable := 0
	for at := 0; at < len(intact); at += page {
		b := bytes.Clone(intact)
		clear(b[at : at+100])
		write(t, path, string(b))
		l, err := sqlite.Open(context.Background(), path, sqlite.Options{ReadOnly: true})
		if err != nil {
			continue
		}
		v, err := l.Verify(context.Background())
		if err != nil {
			t.Errorf("page %d: %v", at/page, err)
		}
		if strings.Contains(strings.Join(v.Messages, "\n"), "the ledger is damaged: sqlite3: ") {
			unreadable++
		}
		if err := readAnswers(l, 0, 60); err != nil && strings.Count(err.Error(), "malformed") > 1 {
			t.Errorf("page %d: %v", at/page, err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if unreadable == 0 {
		t.Error("SQLite could read every page")
	}
}

func TestVerifyCounts(t *testing.T) {
	for _, closed := range []bool{true, false} {
		path := filepath.Join(t.TempDir(), "ledger.db")
		makeSample(t, path, closed)
		v := valid(t, open(t, path, sqlite.Options{ReadOnly: true}))
		if expected := int64(sample); v.Outcomes != expected || closed && v.Intents != expected || !closed && v.Intents != expected+2 {
			t.Errorf("closed %t: %+v", closed, v)
		}
	}
}
