package mapping

import "strconv"

// UniqueNames makes repeated names different: a second "Name" is "Name_2".
func UniqueNames(header []string) []string {
	taken := make(map[string]bool, len(header))
	for _, name := range header {
		taken[name] = true
	}
	out := make([]string, len(header))
	used := make(map[string]bool, len(header))
	next := map[string]int{} // the number to try next, so that many columns of one name take no quadratic time
	for i, name := range header {
		out[i] = name
		for n := max(next[name], 2); used[out[i]] || out[i] != name && taken[out[i]]; n++ {
			out[i] = name + "_" + strconv.Itoa(n)
			next[name] = n + 1
		}
		used[out[i]] = true
	}
	return out
}

// NumberedNames are the names of columns that have none.
func NumberedNames(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = strconv.Itoa(i + 1)
	}
	return names
}
