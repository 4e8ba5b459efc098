// Package columns has the names that columns get: those that enrich adds to a file, and those that tell repeated ones apart.
// Readers and writers agree on them, so that an output can be read again.
package columns

import "strconv"

const (
	// Prefix begins the name of every column that enrich adds.
	Prefix = "enrich_"
	// Enrichment is the member that enrich adds to a JSON row.
	Enrichment = "enrichment"
	// ErrorKind is the column of the failures with the kind.
	ErrorKind = "enrich_error_kind"
	// ErrorMessage is the column of the failures with the message.
	ErrorMessage = "enrich_error_message"
)

// Unique returns the names, and makes repeated ones different: a second "Name" becomes "Name_2", or the first "Name_3", … that no
// column has. A reserved name counts as one that came before.
func Unique(names []string, reserved ...string) []string {
	taken := make(map[string]bool, len(names)+len(reserved)) // by a column of that name
	for _, name := range names {
		taken[name] = true
	}
	used := make(map[string]bool, len(names)+len(reserved)) // so far
	for _, name := range reserved {
		used[name] = true
	}
	unique := make([]string, len(names))
	next := map[string]int{} // the number to try next: many columns of one name would take quadratic time
	for i, name := range names {
		unique[i] = name
		for n := max(next[name], 2); used[unique[i]] || unique[i] != name && taken[unique[i]]; n++ {
			unique[i] = name + "_" + strconv.Itoa(n)
			next[name] = n + 1
		}
		used[unique[i]] = true
	}
	return unique
}

// Numbered returns the names of n columns that have none: "1", "2", ….
func Numbered(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = strconv.Itoa(i + 1)
	}
	return names
}
