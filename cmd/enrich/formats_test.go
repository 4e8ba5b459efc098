package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"enrich/client/fakeapi"
)

// isWorkbook reports whether a file starts as a ZIP archive does.
func isWorkbook(text string) bool { return strings.HasPrefix(text, "PK\x03\x04") }

// TestAWorkbookIsTheSameInEveryRun, and a pipe gets the same bytes as a file.
func TestAWorkbookIsTheSameInEveryRun(t *testing.T) {
	t.Parallel()
	s := newStage(t, fakeapi.Options{Match: 0.5})
	s.write("l.csv", "email,phone\na@x.example,+18005551234\nb@x.example,007\nnot an address,=1+1\n")
	s.run(exitFailedRows, "run", "--format", "xlsx", "l.csv")
	results, failures := s.read("l.results.xlsx"), s.read("l.failures.xlsx")
	s.run(exitFailedRows, "run", "--format", "xlsx", "l.csv")
	s.calls(2)
	if !isWorkbook(results) || !isWorkbook(failures) || s.read("l.results.xlsx") != results || s.read("l.failures.xlsx") != failures {
		t.Error("a second run wrote other workbooks")
	}
	c := s.command("write", "--format", "xlsx", "--results", "-", "--summary", "s.json", "l.csv")
	var out bytes.Buffer
	c.Stdout = &out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	c.ends(exitFailedRows)
	if out.String() != results {
		t.Errorf("standard output has %d bytes, the file %d", out.Len(), len(results))
	}
	left, err := filepath.Glob(s.path(".*"))
	if err != nil || len(left) > 0 {
		t.Errorf("temporary files are left: %q, %v", left, err)
	}
}

// TestAnOutputWorkbookIsAnInput: its cells are those that were written, enrich's columns are replaced, and no call is made.
func TestAnOutputWorkbookIsAnInput(t *testing.T) {
	t.Parallel()
	s := newStage(t, fakeapi.Options{Match: 1})
	s.write("l.csv", "email,phone,notes\na@x.example,+18005551234,=1+1\nb@x.example,007,\" two\nlines _x0041_\"\nno address,-5,1e5\n")
	s.run(exitFailedRows, "run", "--format", "xlsx", "l.csv")
	s.run(exitFailedRows, "run", "--results", "expected.csv", "--failures", "failed.csv", "--summary", "s.json", "l.csv")
	s.run(exitOK, "run", "l.results.xlsx")
	if got, expected := s.read("l.results.results.csv"), s.read("expected.csv"); got != expected {
		t.Errorf("%q became %q", expected, got)
	}
	s.run(exitOK, "run", "--format", "xlsx", "--fields", "title", "--out", ".", "l.results.results.csv")
	s.run(exitFailedRows, "run", "--format", "csv", "l.failures.xlsx")
	if got := s.read("l.failures.failures.csv"); !strings.Contains(got, "no address,-5,1e5,invalid") || strings.Count(got, "enrich_error_kind") != 1 {
		t.Errorf("%q", got)
	}
	s.calls(2)
}

// TestRowsThatDoNotFitAWorkbook end the run with 1 and the command that helps. The answers are kept, and nothing is published.
func TestRowsThatDoNotFitAWorkbook(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"my leads.csv":   "email,notes\na@x.example,short\nb@x.example," + strings.Repeat("x", 32_768) + "\n",
		"my leads.jsonl": `{"email":"a@x.example"}` + "\n" + `{"email":"b@x.example","notes":"` + strings.Repeat("x", 32_768) + "\"}\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, fakeapi.Options{Match: 1})
			s.write(name, text)
			s.run(exitInternal, "run", "--format", "xlsx", name).says("does not fit a workbook", "nothing was published", "enrich write --format csv '"+name+"'")
			s.absent("my leads.results.xlsx", "my leads.failures.xlsx", "my leads.summary.json")
			s.run(exitOK, "write", "--format", "csv", name)
			s.calls(2)
			if !strings.Contains(s.read("my leads.results.csv"), "b@x.example") {
				t.Error("a row is missing")
			}
		})
	}
	s := newStage(t, fakeapi.Options{Match: 1})
	s.write("l.csv", "email,notes\na@x.example,\nb@x.example,"+strings.Repeat("x", 32_768)+"\n")
	s.run(exitInternal, "run", "--limit", "1", "--pending", "rest.xlsx", "l.csv").says("write pending rows: line 3", "enrich write --format csv l.csv, with a .csv file for --pending")
	s.absent("rest.xlsx", "l.results.csv")
}

// TestMoreRowsThanAWorkbookHas: the answer is kept, and nothing is published. The rows are one contact, sent once.
func TestMoreRowsThanAWorkbookHas(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out the million rows: one goroutine writes them")
	}
	t.Parallel()
	s := newStage(t, fakeapi.Options{Match: 1})
	s.write("l.csv", "email\n"+strings.Repeat("a@x.example\n", 1<<20))
	c := s.commandWithin(5*time.Minute, "run", "--format", "xlsx", "--fields", "title", "l.csv")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	c.ends(exitInternal)
	c.says("line 1048577: does not fit a workbook: at most 1,048,576 rows", "enrich write --format csv l.csv")
	s.absent("l.results.xlsx", "l.failures.xlsx", "l.summary.json")
	s.calls(1)
	s.run(exitOK, "ledger", "stats").says("1 answer")
}

// TestFlagsThatDoNotFitTheFormat are usage errors before any call.
func TestFlagsThatDoNotFitTheFormat(t *testing.T) {
	t.Parallel()
	s := newStage(t, fakeapi.Options{})
	s.write("l.csv", "email\na@x.example\n")
	s.write("l.jsonl", `{"email":"a@x.example"}`+"\n")
	for _, test := range []struct{ args, says string }{
		{"--format xlsx --bom l.csv", "--bom is for CSV: results and failures are written as xlsx"},
		{"--format xlsx --spreadsheet-safe l.csv", "--spreadsheet-safe is for CSV"},
		{"--fields title l.jsonl", "--fields is for formats with columns: results are written as jsonl"},
		{"--fields title --format jsonl l.csv", "--fields is for formats with columns"},
		{"--fields title,titel l.csv", `unknown field "titel": did you mean title? (the fields are first_name, last_name, email,`},
		{"--fields title,enrich_title l.csv", "title is given twice (the fields are"},
		{"--fields title --fields title l.csv", "title is given twice"},
		{"--fields frobnicate l.csv", `unknown field "frobnicate" (the fields are`},
		{"--fields enrich_status l.csv", "enrich_status is always written, before the fields: leave it out"},
		{"--fields title, l.csv", "expected names of fields, separated by commas"},
		{"--results r.xlsx l.csv", `--results="r.xlsx" has the extension of xlsx, and results and failures are written as csv: use --format, or another extension`},
		{"--format xlsx --failures f.csv l.csv", `--failures="f.csv" has the extension of csv, and results and failures are written as xlsx`},
		{"--pending p.XLSX l.jsonl", `--pending="p.XLSX" has the extension of xlsx, and pending rows of jsonl are written as they are: use another extension`},
		{"--format xls l.csv", "expected csv"},
	} {
		s.run(exitUsage, append([]string{"run"}, strings.Fields(test.args)...)...).says(test.says)
	}
	c := s.command("run", "l.csv")
	c.Env = append(c.Env, "ENRICH_FIELDS=titel")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	c.ends(exitUsage)
	c.says(`ENRICH_FIELDS="titel": unknown field "titel": did you mean title?`)
	s.calls(0)
}

// TestFields choose the columns of the answer, on run, on write and from the environment. The answers are all kept.
func TestFields(t *testing.T) {
	t.Parallel()
	s := newStage(t, fakeapi.Options{Match: 1})
	s.write("l.csv", "email,enrich_department\na@x.example,old\n")
	header := func(expected string) {
		t.Helper()
		if got, _, _ := strings.Cut(s.read("l.results.csv"), "\n"); got != "email,enrich_status,enrich_at,enrich_credit,enrich_message"+expected {
			t.Errorf("the header is %s", got)
		}
	}
	s.run(exitOK, "run", "--fields", "title, enrich_mobile_phone,company_name", "l.csv")
	header(",enrich_title,enrich_mobile_phone,enrich_company_name")
	s.run(exitOK, "write", "--fields", "extra", "--fields", "title", "l.csv")
	header(",enrich_extra,enrich_title")
	c := s.command("write", "l.csv")
	c.Env = append(c.Env, "ENRICH_FIELDS=email")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	c.ends(exitOK)
	header(",enrich_email")
	if fields := s.summary("l.summary.json").Fields; fields["department"] != 1 {
		t.Errorf("the summary counts %v", fields)
	}
	s.run(exitOK, "write", "l.csv")
	if got := s.read("l.results.csv"); !strings.Contains(got, ",enrich_department,") || strings.Contains(got, "old") {
		t.Errorf("%s", got)
	}
	s.calls(1)
}

// TestPendingRowsAreAFileThatCanBeRun: in the format that its name says, or in the input's.
func TestPendingRowsAreAFileThatCanBeRun(t *testing.T) {
	t.Parallel()
	s := newStage(t, fakeapi.Options{Match: 1})
	s.write("l.csv", "email;phone\na@x.example;1\nb@x.example;+007\n")
	s.write("l.jsonl", `{"email":"a@x.example"}`+"\n"+`{"email":"b@x.example", "n":1.0}`+"\n")
	for _, test := range []struct{ input, format, pending, expected string }{
		{"l.csv", "csv", "rest", "email,phone\nb@x.example,+007\n"},
		{"l.csv", "xlsx", "rest.csv", "email,phone\nb@x.example,+007\n"},
		{"l.csv", "jsonl", "rest.txt", "email,phone\nb@x.example,+007\n"},
		{"l.jsonl", "csv", "rest.jsonl", `{"email":"b@x.example", "n":1.0}` + "\n"},
		{"l.jsonl", "xlsx", "rest.json", `{"email":"b@x.example", "n":1.0}` + "\n"},
	} {
		s.run(exitCapped, "run", "--limit", "1", "--ledger", test.pending+".db", "--format", test.format, "--pending", test.pending, "--replace", test.input)
		if got := s.read(test.pending); got != test.expected {
			t.Errorf("%+v: %q", test, got)
		}
	}
	s.run(exitCapped, "run", "--limit", "1", "--pending", "rest.parquet", "--replace", "l.csv")
	s.run(exitOK, "run", "--format", "csv", "--fields", "email", "rest.parquet")
	if got := s.read("rest.results.csv"); !strings.HasPrefix(got, "email,phone,enrich_status,enrich_at,enrich_credit,enrich_message,enrich_email\nb@x.example,+007,matched,") {
		t.Errorf("%q", got)
	}
	s.run(exitOK, "write", "--fields", "email", "rest.parquet") // Parquet with the chosen columns
	s.run(exitOK, "write", "--format", "csv", "--fields", "email", "--results", "again.csv", "rest.results.parquet")
	if got := s.read("again.csv"); !strings.HasPrefix(got, "email,phone,enrich_status,enrich_at,enrich_credit,enrich_message,enrich_email\nb@x.example,+007,matched,") {
		t.Errorf("%q", got)
	}
	s.run(exitCapped, "run", "--limit", "1", "--pending", "rest.xlsx", "--ledger", "other.db", "--replace", "l.csv")
	s.run(exitOK, "run", "--results", "rest.csv", "--ledger", "other.db", "--replace", "rest.xlsx")
	if got := s.read("rest.csv"); !strings.HasPrefix(got, "email,phone,enrich_status") || !strings.Contains(got, "b@x.example,+007,matched") {
		t.Errorf("%q", got)
	}
	if got := s.read("rest.xlsx"); !isWorkbook(got) || strings.HasPrefix(s.read("l.results.csv"), "PK") {
		t.Errorf("%q", got)
	}
}
