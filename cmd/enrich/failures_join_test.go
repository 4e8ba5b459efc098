package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"enrich/client/fakeapi"
	"enrich/internal/debian"
	"enrich/internal/duckdb"
)

// leadsToFix has cells that a spreadsheet or a CSV program may change: leading zeros, a comma, a quote, a line break, white space.
const leadsToFix = "id,Email,Company,Note\n" +
	"0001,ann@acme.example,\"Acme, Inc\",\"a \"\"quote\"\"\"\n" +
	"0002,bob(at)acme.example,Acme,+49 30 1234\n" +
	"0003,cy@acme.example,Acme,\"two\nlines\"\n" +
	"0004,di(at)acme.example,Acme, 1e5 \n"

// runOnFixedFailures runs leads.csv, corrects the failures and runs them, in a directory that it returns.
func runOnFixedFailures(t *testing.T, format string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if !t.Run("run", func(t *testing.T) {
		t.Chdir(dir) // until this subtest ends
		runInWorkingDirectory(t, format)
	}) {
		t.FailNow()
	}
	return dir
}

func runInWorkingDirectory(t *testing.T, format string) {
	t.Helper()
	api, err := fakeapi.Listen(t.Context(), "127.0.0.1:0", fakeapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer api.Close()
	env := map[string]string{"SELLING_API_KEY": "join-key", "ENRICH_URL": api.URL, "ENRICH_LEDGER": "ledger.db"}
	run := func(wantCode int, args ...string) {
		t.Helper()
		var messages strings.Builder
		code := execute(append([]string{"run"}, args...), world{
			stdin: strings.NewReader(""), stdout: io.Discard, stderr: &messages, exit: func(int) {},
			lookupEnv: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
		})
		if code != wantCode {
			t.Fatalf("enrich run %q exits with %d, not %d: %s", args, code, wantCode, messages.String())
		}
	}
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("leads.csv", leadsToFix)
	run(3, "leads.csv")
	write("leads.failures.csv", strings.ReplaceAll(readText(t, "leads.failures.csv"), "(at)", "@"))
	run(0, "leads.failures.csv")
	if format == "csv" {
		return
	}
	run(3, "--format", format, "leads.csv")
	run(0, "--format", format, "leads.failures.csv")
}

// readmeLine returns the line of the README's commands that starts with a word.
func readmeLine(t *testing.T, word string) string {
	t.Helper()
	for line := range strings.Lines(block(t, "sh")) {
		if strings.HasPrefix(line, word+" ") {
			return strings.TrimSpace(line)
		}
	}
	t.Fatalf("the README has no command of %s", word)
	return ""
}

// TestFixedFailuresJoinTheFirstResults runs the README's commands that join the results of corrected failures with the first ones.
func TestFixedFailuresJoinTheFirstResults(t *testing.T) {
	withDuckDB, withMiller := readmeLine(t, "duckdb"), readmeLine(t, "mlr")
	dir := runOnFixedFailures(t, "csv")
	joined := append(readTable(t, dir, "leads.results.csv"), readTable(t, dir, "leads.failures.results.csv")[1:]...)
	if len(joined) != 5 {
		t.Fatalf("%d records, not a header and four rows", len(joined))
	}
	for _, tool := range []struct {
		name string
		join func()
	}{
		{"DuckDB", func() {
			_, statement, _ := strings.Cut(withDuckDB, ` -c "`)
			for _, r := range duckdb.RunIn(t, dir, strings.TrimSuffix(statement, `"`)) {
				if r.Err != nil {
					t.Fatalf("DuckDB: %v", r.Err)
				}
			}
		}},
		{"Miller", func() {
			debian.Program(t, "miller", "mlr")
			cmd := exec.CommandContext(t.Context(), "sh", "-c", withMiller)
			cmd.Dir = dir
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("Miller: %v: %s", err, out)
			}
		}},
	} {
		_ = os.Remove(filepath.Join(dir, "leads.all.csv")) // that of the other tool
		tool.join()
		if got := readTable(t, dir, "leads.all.csv"); !slices.EqualFunc(got, joined, slices.Equal) {
			t.Errorf("%s joins\n%q\nand\n%q is right", tool.name, got, joined)
		}
	}
}

// TestFixedFailuresFitBelowTheFirstResults checks what a user of a spreadsheet relies on: both workbooks have the same columns.
func TestFixedFailuresFitBelowTheFirstResults(t *testing.T) {
	dir := runOnFixedFailures(t, "xlsx")
	first, fixed := readSheet(t, filepath.Join(dir, "leads.results.xlsx")), readSheet(t, filepath.Join(dir, "leads.failures.results.xlsx"))
	if !slices.Equal(first[0], fixed[0]) {
		t.Errorf("the columns of the first results are\n%q\nand of the others\n%q", first[0], fixed[0])
	}
	if len(first) != 3 || len(fixed) != 3 || fixed[1][0] != "0002" {
		t.Errorf("%q and %q are not two rows each", first, fixed)
	}
}

func readTable(t *testing.T, dir, name string) [][]string {
	t.Helper()
	records, err := csv.NewReader(strings.NewReader(readText(t, filepath.Join(dir, name)))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return records
}

func readSheet(t *testing.T, name string) (rows [][]string) {
	t.Helper()
	var data, messages bytes.Buffer
	if code := execute([]string{"read", "--arrays", name}, world{
		stdin: strings.NewReader(""), stdout: &data, stderr: &messages, exit: func(int) {}, lookupEnv: func(string) (string, bool) { return "", false },
	}); code != 0 {
		t.Fatalf("enrich read exits with %d: %s", code, messages.Bytes())
	}
	for line := range bytes.Lines(data.Bytes()) {
		var row []string
		if err := json.Unmarshal(line, &row); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}
