package writer

import (
	"slices"
	"strconv"
)

// enrichment is the member of ours in a JSON object.
const enrichment = "enrichment"

// ours says whether a column's name is exactly one of ours, so that it is replaced when an output is enriched again.
// A user's own enrich_me is not.
func ours() func(name string) bool {
	names := map[string]bool{}
	for _, name := range slices.Concat(ResultColumns(), FailureColumns()) {
		names[name] = true
	}
	return func(name string) bool { return names[name] }
}

// kept returns the indexes of the source's columns that outputs keep.
func (s *Source) kept() []int {
	mine := ours()
	var keep []int
	for i, name := range s.Columns {
		if mine(name) || s.Format == JSONL && name == enrichment {
			continue
		}
		keep = append(keep, i)
	}
	return keep
}

// pick returns the values at the indexes keep; where values ends early, the rest is empty.
func pick(into, values []string, keep []int) []string {
	into = into[:0]
	for _, i := range keep {
		cell := ""
		if i < len(values) {
			cell = values[i]
		}
		into = append(into, cell)
	}
	return into
}

// unique makes a header's names members of an object: a repeated name gets _2, _3, …, the first that no other column
// has. "enrichment" is taken by ours, so that nobody's own column of that name is lost.
func unique(columns []string) []string {
	taken := map[string]bool{enrichment: true}
	for _, name := range columns {
		taken[name] = true
	}
	seen := map[string]int{enrichment: 1}
	names := make([]string, len(columns))
	for i, name := range columns {
		if seen[name]++; seen[name] > 1 {
			base := name
			for n := seen[base]; ; n++ {
				if name = base + "_" + strconv.Itoa(n); !taken[name] {
					seen[base] = n
					break
				}
			}
			taken[name] = true
		}
		names[i] = name
	}
	return names
}
