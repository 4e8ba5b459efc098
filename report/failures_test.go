package report

import (
	"fmt"
	"strings"
	"testing"
)

// TestFailuresAreGroupedAndBounded: messages that differ only by row are one group, there are never more groups than the
// bound, and every row is counted.
func TestFailuresAreGroupedAndBounded(t *testing.T) {
	g := FailureGroups{
		Clean:   func(s string, most int) string { return s[:min(len(s), most)] },
		Advice:  func(kind string) []string { return []string{"fix " + kind} },
		Columns: []string{"id", "email"}, Best: []int{1},
	}
	rows := 0
	fail := func(row FailedRow) {
		rows++
		g.Add(&row)
	}
	// A message that all rows of a group have is shown as it is.
	for range 2 {
		fail(FailedRow{Kind: "malformed", Status: 200, Message: `not an object: "x", 1234567`})
	}
	for i := range 1000 {
		fail(FailedRow{Line: int64(i), Cells: []string{"7", "ann@x"}, Kind: "ragged", Message: fmt.Sprintf(`line %d: "a%d" is wrong, request %d`, i, i, 100_000+i)})
		fail(FailedRow{Kind: "rejected", Status: 400, Message: fmt.Sprintf("no %d %s", i, strings.Repeat("x", i))})
	}
	list := g.List()
	total := int64(0)
	for _, f := range list {
		if f.Kind == "malformed" && (f.Message != `not an object: "x", 1234567` || f.Rows != 2) {
			t.Errorf("%d rows say %q", f.Rows, f.Message)
		}
		total += f.Rows
		if len(f.Examples) > maxExamples || len([]rune(f.Message)) > maxMessageRunes {
			t.Errorf("%q has %d examples", f.Message, len(f.Examples))
		}
	}
	if total != int64(rows) || len(list) > maxGroups+1 {
		t.Errorf("%d reasons for %d rows, expected at most %d for %d", len(list), total, maxGroups+1, rows)
	}
	expected := Failure{
		Kind: "ragged", Message: `"…" is wrong, request …`, Advice: []string{"fix ragged"}, Rows: 1000,
		Examples: []Example{{Line: 0, Cells: []Pair{{Name: "email", Value: "ann@x"}}}},
	}
	got := list[0]
	got.Examples = got.Examples[:1]
	if fmt.Sprint(got) != fmt.Sprint(expected) {
		t.Errorf("the most frequent is %v, expected %v", got, expected)
	}
}
