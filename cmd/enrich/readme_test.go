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

// block returns the first block of the README in a language.
func block(t *testing.T, language string) string {
	t.Helper()
	_, after, found := strings.Cut(readText(t, "../../README.md"), "```"+language+"\n")
	if !found {
		t.Fatalf("the README has no block of %s", language)
	}
	inside, _, _ := strings.Cut(after, "```")
	return inside
}

// TestReadmeShowsWhatHappens runs the commands of the README's transcript and compares their output with it, then runs the
// README's queries.
func TestReadmeShowsWhatHappens(t *testing.T) {
	transcript, queries := block(t, "console"), block(t, "sql")
	sample := readText(t, "../../samples/leads.xlsx")
	t.Chdir(t.TempDir())
	if err := os.WriteFile("leads.xlsx", []byte(sample), 0o600); err != nil {
		t.Fatal(err)
	}
	api, err := fakeapi.Listen(t.Context(), "127.0.0.1:0", fakeapi.Options{Credits: 1000})
	if err != nil {
		t.Fatal(err)
	}
	defer api.Close()
	var output bytes.Buffer
	// One worker, because the credits that remain are those of the last response, and responses overtake one another.
	env := map[string]string{"SELLING_API_KEY": "readme-key", "ENRICH_URL": api.URL, "ENRICH_LEDGER": "ledger.db", "ENRICH_WORKERS": "1"}
	for line := range strings.Lines(transcript) {
		command, ok := strings.CutPrefix(line, "$ enrich ")
		if !ok {
			continue
		}
		output.WriteString(line)
		execute(strings.Fields(command), world{
			stdin: strings.NewReader(""), stdout: &output, stderr: &output, exit: func(int) {},
			lookupEnv: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
		})
	}
	if got := progressLine.ReplaceAllString(output.String(), ""); got != transcript {
		t.Errorf("the README's transcript is not what happens:\n%s\nthe README has:\n%s", got, transcript)
	}
	runQueries(t, queries)
}

// progressLine matches what a slow machine adds to the transcript.
var progressLine = regexp.MustCompile(`(?m)^\d+%: .*\n`)

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
			t.Errorf("the query returns no row: %s", query)
		}
	}
	if n != 5 {
		t.Errorf("the README has %d queries, expected 5", n)
	}
}
