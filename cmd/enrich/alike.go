package main

import (
	"cmp"
	"slices"
	"strings"

	"enrich/contact"
	"enrich/report"
	"enrich/writer"
)

// Bounds of what is kept of failures while they are written, whatever an input or the API says.
const (
	mostAlike    = 200 // different messages; rows with others are counted by kind and status
	mostExamples = 3   // of each
	mostCells    = 4   // of each example
	mostRunes    = 80  // of a cell
	mostMessage  = 200 // runes of a message
)

// A likeness is what rows that failed alike have in common.
type likeness struct {
	kind    contact.Failure
	status  int
	message string
}

// alikes are the failures of a run, by likeness.
type alikes struct {
	next interface {
		Write(*writer.Failure) error
	}
	clean func(s string, most int) string
	// columns are the names of the cells, best the places of those that tell most of a row.
	columns []string
	best    []int
	seen    map[likeness]*report.Failure
}

// Write counts a failure on its way to the file.
func (a *alikes) Write(f *writer.Failure) error {
	message := withoutLine(f.Message)
	k := likeness{f.Kind, f.Status, a.clean(pattern(message), mostMessage)}
	x, ok := a.seen[k]
	if !ok && len(a.seen) >= mostAlike {
		k.message = otherReasons
		x, ok = a.seen[k]
	}
	if !ok {
		x = &report.Failure{Kind: string(k.kind), Status: k.status, Message: a.clean(message, mostMessage), Advice: adviceOf(k.kind)}
		a.seen[k] = x
	}
	if x.Message != k.message && x.Message != a.clean(message, mostMessage) {
		x.Message = k.message // they are not all the same to the letter
	}
	if x.Rows++; len(x.Examples) < mostExamples {
		x.Examples = append(x.Examples, report.Example{Line: f.Line, Cells: a.cells(&f.Row)})
	}
	return a.next.Write(f)
}

// cells are what people know a row by.
func (a *alikes) cells(row *writer.Row) (pairs []report.Pair) {
	if row.Raw != nil {
		return []report.Pair{{Value: a.clean(string(row.Raw), 2*mostRunes)}}
	}
	take := func(i int) {
		if i < len(row.Cells) && len(pairs) < mostCells && strings.TrimSpace(row.Cells[i]) != "" {
			name := ""
			if i < len(a.columns) {
				name = a.clean(a.columns[i], mostRunes)
			}
			pairs = append(pairs, report.Pair{Name: name, Value: a.clean(row.Cells[i], mostRunes)})
		}
	}
	for _, i := range a.best {
		take(i)
	}
	if pairs == nil {
		for i := range row.Cells {
			take(i)
		}
	}
	return pairs
}

// sorted are all of them, the most frequent first.
func (a *alikes) sorted() []report.Failure {
	list := make([]report.Failure, 0, len(a.seen))
	for _, f := range a.seen {
		list = append(list, *f)
	}
	slices.SortFunc(list, func(a, b report.Failure) int {
		return cmp.Or(cmp.Compare(b.Rows, a.Rows), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Status, b.Status), cmp.Compare(a.Message, b.Message))
	})
	return list
}
