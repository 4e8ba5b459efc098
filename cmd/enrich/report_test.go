package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/gocarina/gocsv"
	"golang.org/x/net/html"

	"enrich/client"
	"enrich/client/fakeapi"
	"enrich/contact"
	"enrich/pipeline"
	"enrich/samples"
	"enrich/writer"
)

// figuresOf are the numbers of a page by their names, as they stand for machines.
func figuresOf(t *testing.T, page []byte) map[string]string {
	t.Helper()
	root, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && n.Data == "data" {
			at := map[string]string{}
			for _, a := range n.Attr {
				at[a.Key] = a.Val
			}
			found[at["data-figure"]] = at["value"]
		}
	}
	return found
}

// Every number of the page is the summary's, and what the summary has not is what the results add up to.
func TestTheReportsNumbersAreTheSummarys(t *testing.T) {
	for _, command := range []string{"run", "write"} {
		for _, sample := range []string{samples.CRMExport, samples.Leads} {
			t.Run(command+" "+sample, func(t *testing.T) {
				t.Parallel()
				text, err := samples.Files().Open(sample)
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = text.Close() }()
				input, err := io.ReadAll(text)
				if err != nil {
					t.Fatal(err)
				}
				page, summary, results := reported(t, command, sample, input)
				got := figuresOf(t, page)
				want := summaryFigures(summary)
				want["credits.answers"], want["contacts.matched"] = fromResults(t, results)
				want["moments"] = fmt.Sprint(summary.Calls.Sent)
				got["moments"] = callsOverTime(t, page)
				for name, n := range want {
					if got[name] != n && (got[name] != "" || n != "0") {
						t.Errorf("%s is %q on the page, expected %s", name, got[name], n)
					}
				}
			})
		}
	}
}

// callsOverTime adds up the calls of the table behind the first chart.
func callsOverTime(t *testing.T, page []byte) string {
	t.Helper()
	_, table, found := strings.Cut(string(page), `<table class="moments">`)
	if !found {
		return "0"
	}
	table, _, _ = strings.Cut(table, "</table>")
	sum := int64(0)
	for _, line := range strings.Split(table, "<tr>")[2:] {
		cell := strings.Split(line, `<td class="num">`)[1]
		n, err := strconv.ParseInt(strings.TrimSuffix(cell, "</td>"), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		sum += n
	}
	return fmt.Sprint(sum)
}

// reported runs a command with a page, after a run without.
func reported(t *testing.T, command, name string, input []byte) (page []byte, s pipeline.Summary, results []byte) {
	t.Helper()
	dir := t.TempDir()
	in := func(file string) string { return filepath.Join(dir, file) }
	if err := os.WriteFile(in(name), input, 0o600); err != nil {
		t.Fatal(err)
	}
	api, err := fakeapi.Listen(t.Context(), "127.0.0.1:0", fakeapi.Options{Credits: 1000})
	if err != nil {
		t.Fatal(err)
	}
	defer api.Close()
	env := map[string]string{"SELLING_API_KEY": "report-key-0123", "ENRICH_URL": api.URL, "ENRICH_LEDGER": in("ledger.db"), "ENRICH_OUT": dir}
	if command == "write" {
		inWorld(env, "run", in(name))
	}
	inWorld(env, command, "--format", "csv", "--results", in("r.csv"), "--summary", in("s.json"), "--report", in("page.html"), in(name))
	page, err1 := os.ReadFile(in("page.html"))
	text, err2 := os.ReadFile(in("s.json"))
	results, err3 := os.ReadFile(in("r.csv"))
	for _, err := range []error{err1, err2, err3, json.Unmarshal(text, &s)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return page, s, results
}

// inWorld runs a command line with nothing but an environment.
func inWorld(env map[string]string, args ...string) int {
	return execute(args, world{
		stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard, exit: func(int) {},
		lookupEnv: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
	})
}

func summaryFigures(s pipeline.Summary) map[string]string {
	want := map[string]string{}
	add := func(name string, n int64) { want[name] = fmt.Sprint(n) }
	add("rows.read", s.Rows.Read)
	add("rows.matched", s.Rows.Matched)
	add("rows.no_match", s.Rows.NoMatch)
	add("rows.failed", s.Rows.Failed)
	add("rows.pending", s.Rows.Pending)
	add("rows.stale", s.Rows.Stale)
	add("calls.sent", s.Calls.Sent)
	add("calls.retried", s.Calls.Retried)
	add("calls.lost", s.Calls.Lost)
	add("calls.answered_under_other_fields", s.Calls.OtherFields)
	add("calls.from_ledger", s.Calls.FromLedger)
	add("calls.deduplicated", s.Calls.Deduplicated)
	add("credits.charged", s.Credits.Charged)
	if s.Credits.Remaining != nil {
		add("credits.remaining", *s.Credits.Remaining)
	}
	filled := int64(0)
	for name, n := range s.Fields {
		add("fields."+name, n)
		filled += n
	}
	add("fields", filled)
	for kind, n := range s.Failures {
		add("failures."+kind, n)
	}
	for reason, n := range s.Calls.Reasons {
		add("calls.retried_by_reason."+reason, n)
	}
	return want
}

// fromResults adds up what the answers cost, and counts the contacts that matched: each is charged once, where it is.
func fromResults(t *testing.T, results []byte) (credits, contacts string) {
	t.Helper()
	var rows []writer.ResultRecord
	if err := gocsv.UnmarshalBytes(results, &rows); err != nil {
		t.Fatal(err)
	}
	charged, people := 0, map[writer.ResultRecord]bool{}
	for _, row := range rows {
		if row.Credit {
			charged++
		}
		if row.Status == contact.Matched.String() {
			person := row
			person.Credit = false // only the first row of a contact has it
			people[person] = true
		}
	}
	return fmt.Sprint(charged), fmt.Sprint(len(people))
}

// What a page shows of an input or the API is on one line and bounded, without the key and without what acts instead of being shown.
func TestWhatAPageShowsIsClean(t *testing.T) {
	const secret = "sk-live-0123456789"
	key, err := client.ParseKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	r := &reporter{key: key}
	for given, want := range map[string]string{
		"Ann":                                "Ann",
		"a\x00b\x1b[31m\r\nc\td":             "a?b?[31m? c d",
		"\u202egpj.exe \u2066x\u200f":        "?gpj.exe ?x?",
		string([]byte{0xed, 0xa0, 0x80}):     "???",
		"<script>":                           "<script>", // the page's template sees to that
		"my " + secret + " is":               "my [key] is",
		strings.Repeat("é", 10_000):          strings.Repeat("é", maxColumnRunes) + "…",
		strings.Repeat("x", 75) + secret:     strings.Repeat("x", 75) + "[key]",
		strings.Repeat("x", 78) + secret:     strings.Repeat("x", 78) + "[k…",
		strings.Repeat("x", 65_530) + secret: strings.Repeat("x", maxColumnRunes) + "…",
		"مرحبا":                              "مرحبا",
	} {
		if got := r.clean(given, maxColumnRunes); got != want {
			t.Errorf("%.40q is shown as %q, expected %q", given, got, want)
		}
	}
}
