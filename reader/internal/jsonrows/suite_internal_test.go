package jsonrows

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// corpora is a folder of the public corpora; without them the test is skipped.
func corpora(t *testing.T, name string) string {
	t.Helper()
	root := os.Getenv("TEST_ENRICH_CORPORA")
	if root == "" {
		t.Skip("TEST_ENRICH_CORPORA names no folder of corpora")
	}
	path := filepath.Join(root, name)
	if _, err := os.Stat(path); err != nil {
		t.Skip(err)
	}
	return path
}

// TestJSONTestSuite reads the public JSONTestSuite from TEST_ENRICH_CORPORA, where it was fetched to; it is never committed.
// Every y_ file is taken and every n_ file refused, by the scanner and, where it is an object, as a row.
func TestJSONTestSuite(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(corpora(t, "JSONTestSuite/test_parsing"), "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no file in it: %v", err)
	}
	taken, refused, either := 0, 0, 0
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		scan := &jsonScanner{}
		at, v := scan.scan(text)
		valid := v == valueWhole && blank(text[at:])
		rows := readJSON(bytes.NewReader(text), anyColumns(), 16)
		sound := 0
		for _, row := range rows.rows {
			if row.Refused == nil {
				sound++
			}
		}
		name := filepath.Base(path)
		if !bytes.ContainsAny(text, "\r\n") {
			between := readJSON(strings.NewReader(`{"email":"a"}`+"\n"+`{"v":`+string(text)+"}\n"+`{"email":"b"}`), Options{}, 16)
			if n := len(between.rows); n != 3 || between.rows[2].Contact.Email != "b" || name[0] != 'i' && (between.rows[1].Refused != nil) != (name[0] == 'n') {
				t.Errorf("%s: as a member, between two rows: %s", name, between.short())
			}
		}
		switch {
		case strings.HasPrefix(name, "y_"):
			taken++
			if !valid || scan.isObject() && (sound != 1 || len(rows.rows) != 1 || rows.err != nil) {
				t.Errorf("%s: refused: verdict %d at %d, %s %v", name, v, at, rows.short(), rows.err)
			}
		case strings.HasPrefix(name, "n_"):
			refused++
			if valid || len(rows.rows) == sound && rows.err == nil {
				t.Errorf("%s: taken: %s", name, rows.short())
			}
		default:
			either++
			t.Logf("%s: verdict %d, %d rows of %d sound, %v", name, v, sound, len(rows.rows), rows.err)
		}
	}
	t.Logf("%d y_ files taken, %d n_ files refused, %d i_ files read", taken, refused, either)
}
