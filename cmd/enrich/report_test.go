package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"golang.org/x/net/html"

	"enrich/client"
	"enrich/client/fakeapi"
	"enrich/contact"
	"enrich/pipeline"
	"enrich/report"
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
						t.Errorf("%s is %q on the page, want %s", name, got[name], n)
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
	rows, err := csv.NewReader(bytes.NewReader(results)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := func(name string) int { return slices.Index(rows[0], name) }
	charged, people := 0, map[string]bool{}
	for _, row := range rows[1:] {
		if row[column("enrich_credit")] == "true" {
			charged++
		}
		if row[column("enrich_status")] == "matched" {
			people[strings.Join(row[column("enrich_first_name"):], "|")] = true
		}
	}
	return fmt.Sprint(charged), fmt.Sprint(len(people))
}

// The timeline counts what the summary counts, and stays within its bound by making one of two.
func TestTheTimelineAddsUp(t *testing.T) {
	page := timeline{}
	var want int64
	for i := range 10 * report.MaxMoments {
		m := report.Moment{From: time.Duration(i) * time.Second, Until: time.Duration(i+1) * time.Second, Calls: int64(i), Waited: time.Millisecond}
		want += m.Calls
		page.moments = append(page.moments, spell{m, latenciesOf(i)})
		page.halve()
	}
	shown := page.shown()
	var got int64
	var end, waited time.Duration
	for _, m := range shown {
		if m.From != end {
			t.Fatalf("a moment begins at %s, the one before ends at %s", m.From, end)
		}
		got, end, waited = got+m.Calls, m.Until, waited+m.Waited
	}
	if got != want || end != 10*report.MaxMoments*time.Second || waited != 10*report.MaxMoments*time.Millisecond {
		t.Errorf("the moments come to %d calls in %s, %s waited; want %d", got, end, waited, want)
	}
	if n := len(shown); n >= report.MaxMoments || n < report.MaxMoments/2 {
		t.Errorf("there are %d moments, want at most %d", n, report.MaxMoments)
	}
	if last := shown[len(shown)-1]; last.P50 < 1.5 || last.Max > 2.2 {
		t.Errorf("latencies of the last moment are %v to %v ms, want about 2", last.P50, last.Max)
	}
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
		strings.Repeat("é", 10_000):          strings.Repeat("é", mostRunes) + "…",
		strings.Repeat("x", 75) + secret:     strings.Repeat("x", 75) + "[key]",
		strings.Repeat("x", 78) + secret:     strings.Repeat("x", 78) + "[k…",
		strings.Repeat("x", 65_530) + secret: strings.Repeat("x", mostRunes) + "…",
		"مرحبا":                              "مرحبا",
	} {
		if got := r.clean(given, mostRunes); got != want {
			t.Errorf("%.40q is shown as %q, want %q", given, got, want)
		}
	}
}

// latenciesOf is one latency, of as many microseconds.
func latenciesOf(us int) *hdrhistogram.Histogram {
	h := hdrhistogram.New(1, 1_000_000, 1)
	_ = h.RecordValue(int64(us))
	return h
}

// Messages that differ only by row are one reason; there are never more reasons than the bound, and no row is forgotten.
func TestFailuresAreGroupedAndBounded(t *testing.T) {
	r := &reporter{}
	sink := failuresTo(func(*writer.Failure) error { return nil })
	a := alikes{next: sink, clean: r.clean, columns: []string{"id", "email"}, best: []int{1}, seen: map[likeness]*report.Failure{}}
	rows := 0
	fail := func(f writer.Failure) {
		rows++
		if err := a.Write(&f); err != nil {
			t.Fatal(err)
		}
	}
	// One row's message is shown to the letter, also where others have the same.
	for range 2 {
		fail(writer.Failure{Kind: contact.Malformed, Status: 200, Message: `no object: "x", 1234567`})
	}
	for i := range 1000 {
		fail(writer.Failure{Row: writer.Row{Line: int64(i), Cells: []string{"7", "ann@x"}}, Kind: contact.Ragged, Message: fmt.Sprintf(`line %d: "a%d" is wrong, request %d`, i, i, 100_000+i)})
		fail(writer.Failure{Kind: contact.Rejected, Status: 400, Message: fmt.Sprintf("no %d %s", i, strings.Repeat("x", i))})
	}
	list := a.sorted()
	total := int64(0)
	for _, f := range list {
		if f.Kind == "malformed" && (f.Message != `no object: "x", 1234567` || f.Rows != 2) {
			t.Errorf("%d rows say %q", f.Rows, f.Message)
		}
		total += f.Rows
		if len(f.Examples) > mostExamples || len([]rune(f.Message)) > mostMessage+1 {
			t.Errorf("%q has %d examples", f.Message, len(f.Examples))
		}
	}
	if total != int64(rows) || len(list) > mostAlike+1 {
		t.Errorf("%d reasons for %d rows, want at most %d for %d", len(list), total, mostAlike+1, rows)
	}
	want := report.Failure{
		Kind: "ragged", Message: `"…" is wrong, request …`, Advice: adviceOf(contact.Ragged), Rows: 1000,
		Examples: []report.Example{{Line: 0, Cells: []report.Pair{{Name: "email", Value: "ann@x"}}}},
	}
	got := list[0]
	got.Examples = got.Examples[:1]
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the most frequent is %v, want %v", got, want)
	}
}

type failuresTo func(*writer.Failure) error

func (f failuresTo) Write(x *writer.Failure) error { return f(x) }

// Days become months, and months years, where there are too many.
func TestDaysAreBounded(t *testing.T) {
	c := came{next: resultsTo(func(*writer.Result) error { return nil }), days: map[int64]*report.Day{}}
	at := time.Date(2020, 1, 31, 23, 59, 59, 0, time.UTC)
	for i, want := range []struct{ first, days string }{{"2020-01-31", "1"}, {"2020-01-31", "59"}, {"2020-01", "23"}, {"2020", "8"}} {
		for range []int{1, 58, 600, 2000}[i] {
			if err := c.Write(&writer.Result{At: at, Kind: contact.Matched}); err != nil {
				t.Fatal(err)
			}
			at = at.Add(day)
		}
		shown := c.shown()
		total := int64(0)
		for _, d := range shown {
			total += d.Matched
		}
		if shown[0].Name != want.first || fmt.Sprint(len(shown)) != want.days || total != int64(len(c.days)) {
			t.Errorf("%d days are %d from %s, want %s from %s", len(c.days), len(shown), shown[0].Name, want.days, want.first)
		}
	}
}

type resultsTo func(*writer.Result) error

func (f resultsTo) Write(x *writer.Result) error { return f(x) }

// Every kind of failure has words that say what to do.
func TestEachKindOfFailureHasAdvice(t *testing.T) {
	said := map[string]bool{}
	for _, k := range []contact.Failure{contact.Invalid, contact.Ragged, contact.Rejected, contact.Exhausted, contact.Malformed, contact.Uncertain} {
		said[adviceOf(k)] = true
	}
	if len(said) != 6 || said[""] {
		t.Errorf("the advice is %q", slices.Collect(maps.Keys(said)))
	}
}
