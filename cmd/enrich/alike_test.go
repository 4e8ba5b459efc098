package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"enrich/contact"
	"enrich/report"
	"enrich/writer"
)

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

// Every kind of failure has words that say what to do.
func TestEachKindOfFailureHasAdvice(t *testing.T) {
	said := map[string]bool{}
	for _, k := range []contact.Failure{contact.Invalid, contact.Ragged, contact.Rejected, contact.Exhausted, contact.Malformed, contact.Uncertain} {
		said[strings.Join(adviceOf(k), " ")] = true
	}
	if len(said) != 6 || said[""] {
		t.Errorf("the advice is %q", slices.Collect(maps.Keys(said)))
	}
}
