package writer_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"enrich/contact"
	"enrich/format"
	"enrich/writer"
	"enrich/writer/internal/xlsx/xlsxtest"
)

var at = time.Date(2026, 3, 1, 12, 30, 5, 999, time.FixedZone("", 3600))

// fataler is a *testing.T or a *rapid.T.
type fataler interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

func check(t fataler, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// resultsOf writes rows with one answer each and returns the file.
func resultsOf(t fataler, s writer.Source, o writer.Options, rows ...writer.Row) string {
	t.Helper()
	var file bytes.Buffer
	r, err := writer.NewResults(&file, s, o)
	check(t, err)
	for _, row := range rows {
		check(t, r.Write(&writer.Result{Row: row, Kind: contact.Matched, At: at, Credit: true, Charged: true, Message: "note", Body: []byte(`{"contact":{"title":"CTO","x":1}}`)}))
	}
	check(t, r.Close())
	return file.String()
}

func failuresOf(t fataler, s writer.Source, f format.Format, failures ...writer.Failure) string {
	t.Helper()
	var file bytes.Buffer
	w, err := writer.NewFailures(&file, s, writer.Options{Format: f})
	check(t, err)
	for i := range failures {
		check(t, w.Write(&failures[i]))
	}
	check(t, w.Close())
	return file.String()
}

func pendingOf(t fataler, s writer.Source, f format.Format, rows ...writer.Row) string {
	t.Helper()
	var file bytes.Buffer
	w, err := writer.NewPending(&file, s, f)
	check(t, err)
	for i := range rows {
		check(t, w.Write(&rows[i]))
	}
	check(t, w.Close())
	return file.String()
}

// records reads a CSV file with encoding/csv.
func records(t fataler, file string) [][]string {
	t.Helper()
	r := csv.NewReader(strings.NewReader(file))
	r.FieldsPerRecord = -1
	all, err := r.ReadAll()
	check(t, err)
	return all
}

// shown returns a file as text that contains its cells.
func shown(t fataler, f format.Format, file string) string {
	t.Helper()
	if f == format.XLSX {
		sheet, err := xlsxtest.Read([]byte(file))
		check(t, err)
		return fmt.Sprintf("%s: %q", sheet.Name, sheet.Rows)
	}
	return file
}

// TestEveryFormatIsWritten: all formats of the list have an encoder, for inputs of all formats.
func TestEveryFormatIsWritten(t *testing.T) {
	for _, from := range format.Inputs() {
		s := writer.Source{Format: from, Columns: []string{"email"}}
		row := writer.Row{Cells: []string{"a@x.example"}, Raw: []byte(`{"email":"a@x.example"}`)}
		for _, to := range format.Outputs() {
			if got := shown(t, to, resultsOf(t, s, writer.Options{Format: to}, row)); !strings.Contains(got, "a@x.example") {
				t.Errorf("%s as %s: %q", from, to, got)
			}
			if got := shown(t, to, failuresOf(t, s, to, writer.Failure{Row: row, Kind: contact.Rejected})); !strings.Contains(got, "rejected") {
				t.Errorf("a failure of %s as %s: %q", from, to, got)
			}
			_, err := writer.NewPending(io.Discard, s, to)
			if possible := from == to || !from.HasObjects() && !to.HasObjects(); (err == nil) != possible {
				t.Errorf("pending rows of %s as %s: %v", from, to, err)
			}
			if err == nil {
				if got := shown(t, to, pendingOf(t, s, to, row)); !strings.Contains(got, "a@x.example") {
					t.Errorf("pending rows of %s as %s: %q", from, to, got)
				}
			}
		}
	}
	for _, s := range []writer.Source{{Format: "xls"}, {}} {
		if _, err := writer.NewResults(io.Discard, s, writer.Options{Format: format.CSV}); err == nil {
			t.Errorf("an input of format %q is accepted", s.Format)
		}
		if _, err := writer.NewFailures(io.Discard, writer.Source{Format: format.CSV}, writer.Options{Format: s.Format}); err == nil {
			t.Errorf("an output of format %q is accepted", s.Format)
		}
	}
}

// cells draws text that a CSV may contain. encoding/csv reads CRLF in a cell as LF, so no cell has CR.
func cells() *rapid.Generator[string] {
	text := rapid.OneOf(rapid.StringOfN(rapid.RuneFrom([]rune("ab ,\"\n'=+;|\t")), 0, 8, -1), rapid.String())
	return rapid.Map(text, func(s string) string { return strings.ReplaceAll(s, "\r", "") })
}

// names draws column names, repeated ones and those that enrich adds among them.
func names() *rapid.Generator[[]string] {
	name := rapid.OneOf(cells(), rapid.SampledFrom([]string{"email", "email", "enrich_status", "enrich_error_kind", "enrich_title", "enrich_me", "enrichment"}))
	return rapid.SliceOfN(name, 1, 6)
}

func isAdded(name string) bool {
	return slices.Contains(writer.ResultColumns(), name) || slices.Contains(writer.FailureColumns(), name)
}

// kept returns the cells of the columns that an output has.
func kept(columns, cells []string) (kept []string) {
	for i, name := range columns {
		if !isAdded(name) {
			kept = append(kept, cells[i])
		}
	}
	return kept
}

// TestCellsOfCSVComeOutAsTheyWentIn: encoding/csv reads the input's cells from all outputs, and in the columns that enrich
// adds what it added.
func TestCellsOfCSVComeOutAsTheyWentIn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		columns := names().Draw(t, "columns")
		row := writer.Row{Line: 2, Cells: rapid.SliceOfN(cells(), len(columns), len(columns)).Draw(t, "cells")}
		s := writer.Source{Format: format.CSV, Columns: columns}

		got := records(t, resultsOf(t, s, writer.Options{Format: format.CSV}, row))
		header, given := kept(columns, columns), kept(columns, row.Cells)
		if expected := append(header, writer.ResultColumns()...); !slices.Equal(got[0], expected) {
			t.Fatalf("header %q, expected %q", got[0], expected)
		}
		added := got[1][len(given):]
		if !slices.Equal(got[1][:len(given)], given) || !slices.Equal(added[:4], []string{"matched", "2026-03-01T11:30:05Z", "true", "note"}) ||
			added[slices.Index(writer.ResultColumns(), "enrich_title")] != "CTO" || added[len(added)-1] != `{"contact":{"x":1}}` {
			t.Fatalf("cells %q became %q", given, got[1])
		}

		failure := writer.Failure{Row: row, Kind: contact.Rejected, Status: 422, Message: "no such field", Attempts: 2}
		got = records(t, failuresOf(t, s, format.CSV, failure))
		if expected := append(given, "rejected", "422", "no such field", "2", ""); !slices.Equal(got[1], expected) {
			t.Fatalf("failure %q, expected %q", got[1], expected)
		}

		if got = records(t, pendingOf(t, s, s.Format, row)); !slices.Equal(got[0], columns) || !slices.Equal(got[1], row.Cells) {
			t.Fatalf("pending %q, expected %q, %q", got, columns, row.Cells)
		}
	})
}

// TestCellsOfCSVBecomeMembers: with encoding/json, a row of CSV has all its cells as strings, also those of repeated columns.
func TestCellsOfCSVBecomeMembers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		columns := names().Draw(t, "columns")
		row := writer.Row{Cells: rapid.SliceOfN(cells(), len(columns), len(columns)).Draw(t, "cells")}
		file := resultsOf(t, writer.Source{Format: format.CSV, Columns: columns}, writer.Options{Format: format.JSONL}, row)
		if strings.Count(file, "\n") != 1 {
			t.Fatalf("not one line: %q", file)
		}
		var members map[string]any
		check(t, json.Unmarshal([]byte(file), &members))
		e, _ := members["enrichment"].(map[string]any)
		if e["status"] != "matched" || e["at"] != "2026-03-01T11:30:05Z" || e["credit_charged"] != true || e["response"] == nil {
			t.Fatalf("the enrichment is %v", e)
		}
		delete(members, "enrichment")
		got, expected := slices.Sorted(texts(members)), slices.Sorted(slices.Values(kept(columns, row.Cells)))
		if !slices.Equal(got, expected) {
			t.Fatalf("cells %q became %q", expected, got)
		}
	})
}

// texts are the values of members, which are strings.
func texts(members map[string]any) func(func(string) bool) {
	return func(yield func(string) bool) {
		for v := range maps.Values(members) {
			if text, ok := v.(string); !ok || !yield(text) {
				return
			}
		}
	}
}

// objects draws JSON objects.
func objects() *rapid.Generator[map[string]any] {
	value := rapid.OneOf(
		rapid.Map(rapid.String(), func(s string) any { return s }),
		rapid.Map(rapid.Float64(), func(f float64) any { return f }),
		rapid.SampledFrom([]any{nil, true, []any{"a", []any{}}, map[string]any{"enrichment": "x", "b": nil}}),
	)
	name := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"email", "enrichment", "Enrichment", "enrich_status"}))
	return rapid.MapOfN(name, value, 0, 6)
}

// TestObjectsComeOutAsTheyWentIn: encoding/json reads the same members from all outputs, but for the member "enrichment".
func TestObjectsComeOutAsTheyWentIn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		object := objects().Draw(t, "object")
		raw, err := json.MarshalIndent(object, "", rapid.SampledFrom([]string{"", "  "}).Draw(t, "indent"))
		check(t, err)
		s := writer.Source{Format: format.JSONL, Columns: slices.Collect(maps.Keys(object))}
		row := writer.Row{Line: 1, Raw: raw}
		if got := pendingOf(t, s, s.Format, row); canonical(t, got) != canonical(t, string(raw)) || strings.Count(got, "\n") != 1 {
			t.Fatalf("pending %s became %s", raw, got)
		}
		file := resultsOf(t, s, writer.Options{Format: format.JSONL}, row)
		var got map[string]any
		check(t, json.Unmarshal([]byte(file), &got))
		if e, _ := got["enrichment"].(map[string]any); e["status"] != "matched" {
			t.Fatalf("the enrichment is %v", got["enrichment"])
		}
		delete(got, "enrichment")
		delete(object, "enrichment")
		if text, _ := json.Marshal(got); canonical(t, string(text)) != canonical(t, marshal(t, object)) {
			t.Fatalf("%s became %s", raw, file)
		}
		if again := resultsOf(t, s, writer.Options{Format: format.JSONL}, writer.Row{Line: 1, Raw: []byte(strings.TrimSuffix(file, "\n"))}); again != file {
			t.Fatalf("enriched again, %s became %s", file, again)
		}
	})
}

func marshal(t fataler, v any) string {
	text, err := json.Marshal(v)
	check(t, err)
	return string(text)
}

// canonical returns JSON as encoding/json writes it.
func canonical(t fataler, text string) string {
	var v any
	check(t, json.Unmarshal([]byte(text), &v))
	return marshal(t, v)
}

// TestAnOutputCanBeEnrichedAgain: the same columns, the same bytes.
func TestAnOutputCanBeEnrichedAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		columns := names().Draw(t, "columns")
		row := writer.Row{Cells: rapid.SliceOfN(cells(), len(columns), len(columns)).Draw(t, "cells")}
		first := resultsOf(t, writer.Source{Format: format.CSV, Columns: columns}, writer.Options{Format: format.CSV}, row)
		output := records(t, first)
		again := resultsOf(t, writer.Source{Format: format.CSV, Columns: output[0]}, writer.Options{Format: format.CSV}, writer.Row{Cells: output[1]})
		if again != first {
			t.Fatalf("%q became %q", first, again)
		}
	})
}

// TestAMemberIsACell: what members of an object become in an output with columns.
func TestAMemberIsACell(t *testing.T) {
	for member, expected := range map[string]string{
		`"a\"\u00e4\n"`: "a\"ä\n", `1.50E+400`: "1.50E+400", `true`: "true", `null`: "", `""`: "", `{"a" : 1}`: `{"a" : 1}`, "[1,\n 2]": "[1,2]",
	} {
		s := writer.Source{Format: format.JSONL, Columns: []string{"m", "other"}}
		file := failuresOf(t, s, format.CSV, writer.Failure{Row: writer.Row{Raw: []byte(`{"m": ` + member + `}`)}, Kind: contact.Rejected})
		if got := records(t, file)[1]; got[0] != expected || got[1] != "" {
			t.Errorf("%s became %q", member, got[:2])
		}
	}
}

// TestRefusedRowsKeepEverything: a failures file is a valid input; when it is run again, nothing of a refused row is lost.
func TestRefusedRowsKeepEverything(t *testing.T) {
	columns := []string{"email", "name"}
	extra := len(columns) + slices.Index(writer.FailureColumns(), "enrich_error_extra")
	rapid.Check(t, func(t *rapid.T) {
		beyond := rapid.SliceOfN(cells(), 1, 3).Draw(t, "beyond the header")
		row := writer.Row{Line: 2, Cells: []string{"a@x.example", "Ann"}, Extra: beyond}
		file := failuresOf(t, writer.Source{Format: format.CSV, Columns: columns}, format.CSV, writer.Failure{Row: row, Kind: contact.Ragged, Message: "ragged"})
		output := records(t, file)
		var cells []string
		check(t, json.Unmarshal([]byte(output[1][extra]), &cells))
		if !slices.Equal(cells, beyond) {
			t.Fatalf("cells %q became %q", beyond, cells)
		}
		again := failuresOf(t, writer.Source{Format: format.CSV, Columns: output[0]}, format.CSV,
			writer.Failure{Row: writer.Row{Line: 2, Cells: output[1]}, Kind: contact.Ragged, Message: "ragged"})
		if again != file {
			t.Fatalf("run again, %q became %q", file, again)
		}
	})
}

func TestALineThatIsNotAnObjectIsKept(t *testing.T) {
	s := writer.Source{Format: format.JSONL, Columns: []string{"email"}}
	failure := writer.Failure{Row: writer.Row{Line: 7, Raw: []byte("not \"JSON\""), NoObject: true}, Kind: contact.Ragged}
	file := failuresOf(t, s, format.JSONL, failure)
	const expected = `{"enrichment":{"status":"failed","error":{"kind":"ragged","status":null,"message":"","attempts":0,"line":7,"raw":"not \"JSON\""}}}` + "\n"
	if file != expected {
		t.Errorf("got %s", file)
	}
	again := failuresOf(t, s, format.JSONL, writer.Failure{Row: writer.Row{Line: 1, Raw: []byte(strings.TrimSpace(file))}, Kind: contact.Ragged})
	if again != file {
		t.Errorf("run again: %s", again)
	}
	if got := records(t, failuresOf(t, s, format.CSV, failure))[1]; got[0] != "" || got[5] != `["not \"JSON\""]` {
		t.Errorf("as CSV: %q", got)
	}
}

func TestRowsThatCannotBeWritten(t *testing.T) {
	s := writer.Source{Format: format.CSV, Columns: []string{"email"}}
	for name, row := range map[string]writer.Row{"cells beyond the header": {Extra: []string{"x"}}, "not an object": {NoObject: true}} {
		r, err := writer.NewResults(io.Discard, s, writer.Options{Format: format.CSV})
		check(t, err)
		if r.Write(&writer.Result{Row: row, Kind: contact.Matched, Body: []byte("{}")}) == nil {
			t.Errorf("%s: a result", name)
		}
		p, err := writer.NewPending(io.Discard, s, s.Format)
		check(t, err)
		if p.Write(&row) == nil {
			t.Errorf("%s: pending", name)
		}
	}
	r, err := writer.NewResults(io.Discard, s, writer.Options{Format: format.CSV})
	check(t, err)
	if r.Write(&writer.Result{Kind: contact.Matched, Body: []byte("[]")}) == nil || r.Write(&writer.Result{Body: []byte("{}")}) == nil {
		t.Error("an answer that is not an object, or a row without an answer, is a result")
	}
	objects, err := writer.NewResults(io.Discard, writer.Source{Format: format.JSONL, Columns: []string{"email"}}, writer.Options{Format: format.CSV})
	check(t, err)
	err = objects.Write(&writer.Result{Row: writer.Row{Line: 3, Raw: []byte(`{"new":1}`)}, Kind: contact.Matched, Body: []byte("{}")})
	if err == nil || !strings.Contains(err.Error(), `line 3: member "new"`) {
		t.Errorf("a member without a column: %v", err)
	}
}

// errFull is what a disk says that takes nothing.
var errFull = errors.New("no space left on device")

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

func TestAFullDiskIsAnErrorByTheEnd(t *testing.T) {
	for _, f := range format.Outputs() {
		r, err := writer.NewResults(fullDisk{}, writer.Source{Format: format.CSV, Columns: []string{"email"}}, writer.Options{Format: f})
		check(t, err)
		row := writer.Row{Cells: []string{"a@x.example"}, Raw: []byte(`{"email":"a@x.example"}`)}
		check(t, r.Write(&writer.Result{Row: row, Kind: contact.Matched, Body: []byte("{}")}))
		if err := r.Close(); !errors.Is(err, errFull) {
			t.Errorf("%s: %v", f, err)
		}
	}
}

func FuzzCells(f *testing.F) {
	f.Add("email", "a@x.example", "\ufeff=1\n\"")
	f.Add("enrich_status", "", `\.`)
	f.Fuzz(func(t *testing.T, name, one, two string) {
		if strings.ContainsRune(name+one+two, '\r') {
			return // encoding/csv reads CRLF as LF
		}
		s := writer.Source{Format: format.CSV, Columns: []string{name, "other"}}
		if got := records(t, pendingOf(t, s, s.Format, writer.Row{Cells: []string{one, two}})); !slices.Equal(got[0], s.Columns) || !slices.Equal(got[1], []string{one, two}) {
			t.Errorf("%q, %q, %q became %q", name, one, two, got)
		}
	})
}
