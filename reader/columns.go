package reader

import "strconv"

// unique makes repeated names different: a second "Name" is "Name_2".
func unique(header []string) []string {
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

// numbered are the names of columns that have none.
func numbered(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = strconv.Itoa(i + 1)
	}
	return names
}

// named is a mapping by the columns' names.
func named[K comparable](mapping map[K]int, columns []string) map[K]string {
	names := make(map[K]string, len(mapping))
	for k, at := range mapping {
		names[k] = columns[at]
	}
	return names
}
