package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"enrich/client/fakeapi"
)

// block is the first block of the README in a language.
func block(t *testing.T, language string) string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(text), "```"+language+"\n")
	if !found {
		t.Fatalf("the README has no block of %s", language)
	}
	inside, _, _ := strings.Cut(after, "```")
	return inside
}

// TestReadmeShowsWhatHappens runs the commands of the README's transcript, and its queries, and holds what they say against it.
func TestReadmeShowsWhatHappens(t *testing.T) {
	want, queries := block(t, "console"), block(t, "sql")
	sample, err := os.ReadFile("../../samples/crm-export.csv")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if err := os.WriteFile("crm-export.csv", sample, 0o600); err != nil {
		t.Fatal(err)
	}
	api, err := fakeapi.Listen(t.Context(), "127.0.0.1:0", fakeapi.Options{Credits: 1000})
	if err != nil {
		t.Fatal(err)
	}
	defer api.Close()
	var said bytes.Buffer
	env := map[string]string{"SELLING_API_KEY": "readme-key", "ENRICH_URL": api.URL, "ENRICH_LEDGER": "ledger.db"}
	for line := range strings.Lines(want) {
		command, ok := strings.CutPrefix(line, "$ enrich ")
		if !ok {
			continue
		}
		said.WriteString(line)
		execute(strings.Fields(command), world{
			stdin: strings.NewReader(""), stdout: &said, stderr: withoutLedgerOfPlan(&said, command), exit: func(int) {},
			lookupEnv: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
		})
	}
	got := progressLine.ReplaceAllString(said.String(), "")
	if got != want {
		t.Errorf("the README's transcript is not what happens:\n%s\nwant:\n%s", got, want)
	}
	runQueries(t, queries)
}

// progressLine is what a slow machine adds to the transcript.
var progressLine = regexp.MustCompile(`(?m)^\d+%: .*\n`)

// withoutLedgerOfPlan leaves out what plan says on standard error: the transcript shows what it prints.
func withoutLedgerOfPlan(said *bytes.Buffer, command string) *bytes.Buffer {
	if strings.HasPrefix(command, "plan") {
		return new(bytes.Buffer)
	}
	return said
}

func runQueries(t *testing.T, queries string) {
	t.Helper()
	db, err := sqlite3.OpenFlags(filepath.Join(".", "ledger.db"), sqlite3.OPEN_READONLY)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	n := 0
	for query := range strings.SplitSeq(queries, ";") {
		if strings.TrimSpace(query) == "" {
			continue
		}
		stmt, _, err := db.Prepare(query)
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		n++
		rows := 0
		for stmt.Step() {
			rows++
		}
		if err := stmt.Err(); err != nil {
			t.Errorf("%s: %v", query, err)
		}
		if _ = stmt.Close(); n < 3 && rows == 0 {
			t.Errorf("the query finds nothing: %s", query)
		}
	}
	if n != 3 {
		t.Errorf("the README has %d queries, want 3", n)
	}
}
