package mapping

import "unicode/utf8"

// nearest is the name that was perhaps meant: the one with the fewest letters to change, if they are few; or "".
func nearest(name string, names []string) string {
	key := Key(name)
	if len(name) > MaxName || key == "" {
		return ""
	}
	letters := utf8.RuneCountInString(key)
	best, least := "", letters/3+1
	if letters > 3 {
		least = max(least, 3) // two letters in each other's place are two changes
	}
	for _, other := range names {
		if len(other) > MaxName {
			continue
		}
		if d := distance([]rune(key), []rune(Key(other))); d < least {
			best, least = other, d
		}
	}
	return best
}

// distance is how many letters must be changed, put in or taken out (Levenshtein).
func distance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j := range b {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
