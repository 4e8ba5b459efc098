package main

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"strings"
	"testing"

	"enrich/client/fakeapi"
)

// The sample workbook has the rows of its source, from a file and from standard input.
func TestTheSampleWorkbookIsReadAsItsSource(t *testing.T) {
	t.Parallel()
	s := newStage(t, fakeapi.Options{})
	for _, name := range []string{"leads.xlsx", "leads.csv"} {
		s.write(name, readText(t, "../../samples/"+name))
	}
	text := s.output(exitOK, "read", "leads.csv")
	if book := s.output(exitOK, "read", "leads.xlsx"); book != text {
		t.Errorf("the workbook is\n%s\nits source\n%s", book, text)
	}
	in, err := os.Open(s.path("leads.xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }() // it was only read
	var out strings.Builder
	c := s.command("read", "-")
	c.Stdin, c.Stdout = in, &out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if c.ends(exitOK); out.String() != text {
		t.Errorf("from standard input the workbook is\n%s", &out)
	}
}

// A workbook is enriched as a CSV is: results and failures are CSV, a second run makes no call and writes the same bytes, and hidden
// rows are reported before.
func TestAWorkbookIsEnriched(t *testing.T) {
	t.Parallel()
	s := newStage(t, fakeapi.Options{Match: 1})
	s.write("leads.xlsx", hideRow(t, readText(t, "../../samples/leads.xlsx"), `<row r="3"`))
	plan := s.run(exitOK, "plan", "leads.xlsx")
	first := s.run(exitFailedRows, "run", "leads.xlsx")
	for _, c := range []*child{plan, first} {
		c.says("1 row is hidden")
	}
	results := s.read("leads.results.csv")
	calls := s.api.Stats().Calls
	if calls != 8 || strings.Count(results, "\n") != 10 || !strings.Contains(results, ",491701234567,2024-03-05,12.50%,matched,") {
		t.Errorf("%d calls, results\n%s", calls, results)
	}
	if failures := s.read("leads.failures.csv"); !strings.Contains(failures, "Unknown Inc,,,2024-02-01,0.00%,invalid,") {
		t.Errorf("failures\n%s", failures)
	}
	s.run(exitFailedRows, "run", "leads.xlsx")
	if s.api.Stats().Calls != calls || s.read("leads.results.csv") != results {
		t.Error("the second run is another one")
	}
	s.run(exitUsage, "run", "--sheet", "Prices", "leads.xlsx").says(`there is no sheet "Prices"`, `"leads"`)
	s.write("cut.xlsx", s.read("leads.xlsx")[:3000])
	s.run(exitBrokenInput, "run", "cut.xlsx").says("truncated or damaged")
	s.write("old.csv", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"+strings.Repeat("\x00", 600))
	s.run(exitUsage, "run", "old.csv").says(".xls")
}

// hideRow returns a workbook with a row hidden, as a filter hides it.
func hideRow(t *testing.T, book, row string) string {
	t.Helper()
	in, err := zip.NewReader(strings.NewReader(book), int64(len(book)))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	out := zip.NewWriter(&b)
	for _, f := range in.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		w, err := out.Create(f.Name)
		if err != nil {
			t.Fatal(err)
		}
		before, after, found := strings.Cut(string(text), row)
		if found {
			after, _ = strings.CutPrefix(after, ` hidden="false"`)
			text = []byte(before + row + ` hidden="1"` + strings.Replace(after, ` hidden="false"`, "", 1))
		}
		if _, err := w.Write(text); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
