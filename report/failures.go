package report

import (
	"cmp"
	"slices"
	"strings"
)

// Bounds of what is kept of the failures, whatever an input or the API says.
const (
	maxGroups       = 200 // rows with further messages are counted by kind and status
	maxExamples     = 3   // of each group
	maxCells        = 4   // of each example
	maxCellRunes    = 80
	maxRawRunes     = 160
	maxMessageRunes = 200
)

// otherReasons is the message of the groups that count the rows beyond maxGroups.
const otherReasons = "other reasons"

// A FailedRow is a row that failed.
type FailedRow struct {
	Kind    string
	Status  int // of the response; 0 if there was none
	Message string
	Line    int64
	Cells   []string
	Raw     []byte // the line, if it has no cells
}

// FailureGroups collects failed rows and groups those whose kind, status and message are alike. Its memory is bounded.
type FailureGroups struct {
	// Clean returns a text that the page may show, with at most limit characters.
	Clean func(s string, limit int) string
	// Advice returns what to do about a kind of failure, one step each.
	Advice func(kind string) []string
	// Columns are the names of the cells. Best are the indexes of the cells that identify a row; examples show these.
	Columns []string
	Best    []int

	groups map[groupKey]*Failure
}

type groupKey struct {
	kind    string
	status  int
	message string
}

// Add counts a failed row.
func (g *FailureGroups) Add(row *FailedRow) {
	message := withoutLine(row.Message)
	key := groupKey{row.Kind, row.Status, g.Clean(pattern(message), maxMessageRunes)}
	f, ok := g.groups[key]
	if !ok && len(g.groups) >= maxGroups {
		key.message = otherReasons
		f, ok = g.groups[key]
	}
	text := g.Clean(message, maxMessageRunes)
	if !ok {
		f = &Failure{Kind: key.kind, Status: key.status, Message: text, Advice: g.Advice(key.kind)}
		if g.groups == nil {
			g.groups = map[groupKey]*Failure{}
		}
		g.groups[key] = f
	}
	if f.Message != text {
		f.Message = key.message // the messages are not all the same
	}
	if f.Rows++; len(f.Examples) < maxExamples {
		f.Examples = append(f.Examples, Example{Line: row.Line, Cells: g.cells(row)})
	}
}

// cells returns the cells that identify a row.
func (g *FailureGroups) cells(row *FailedRow) (pairs []Pair) {
	if row.Raw != nil {
		return []Pair{{Value: g.Clean(string(row.Raw), maxRawRunes)}}
	}
	add := func(i int) {
		if i < len(row.Cells) && len(pairs) < maxCells && strings.TrimSpace(row.Cells[i]) != "" {
			name := ""
			if i < len(g.Columns) {
				name = g.Clean(g.Columns[i], maxCellRunes)
			}
			pairs = append(pairs, Pair{Name: name, Value: g.Clean(row.Cells[i], maxCellRunes)})
		}
	}
	for _, i := range g.Best {
		add(i)
	}
	if pairs == nil {
		for i := range row.Cells {
			add(i)
		}
	}
	return pairs
}

// List returns the groups, the largest first.
func (g *FailureGroups) List() []Failure {
	list := make([]Failure, 0, len(g.groups))
	for _, f := range g.groups {
		list = append(list, *f)
	}
	slices.SortFunc(list, func(a, b Failure) int {
		return cmp.Or(cmp.Compare(b.Rows, a.Rows), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Status, b.Status), cmp.Compare(a.Message, b.Message))
	})
	return list
}
