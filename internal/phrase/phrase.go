// Package phrase makes the parts of a message to people: counts with their nouns, the name that was perhaps meant, and text from
// outside (an input, the API), quoted and shortened. It does not decide what a message says.
package phrase

import (
	"strconv"
	"strings"
)

// Count returns a number with its noun, whose plural has an s: "1 row", "2 rows".
func Count[N int | int64](n N, noun string) string {
	return strconv.FormatInt(int64(n), 10) + " " + Plural(n, noun, noun+"s")
}

// Plural returns one if n is 1, otherwise many.
func Plural[N int | int64](n N, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// Or lists words as alternatives: "a", "a or b", "a, b or c".
func Or(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// Shorten returns the first most characters of a text, with an ellipsis behind them if there are more.
func Shorten(s string, most int) string {
	if cut := Cut(s, most); len(cut) < len(s) {
		return cut + "…"
	}
	return s
}

// Cut returns the first most characters of a text.
func Cut(s string, most int) string {
	n := 0
	for i := range s {
		if n++; n > most {
			return s[:i]
		}
	}
	return s
}

// Quote shortens a text to most characters and quotes it as Go does: what a terminal would obey or not show is escaped.
func Quote(s string, most int) string { return strconv.Quote(Shorten(s, most)) }

// Nearest returns the index of the name with the fewest letters to change, add or remove (Levenshtein), or -1 if all need
// more than most changes. The first of equal ones wins.
func Nearest(word string, names []string, most int) int {
	best := -1
	letters := []rune(word)
	for i, name := range names {
		if d := distance(letters, []rune(name)); d <= most {
			best, most = i, d-1
		}
	}
	return best
}

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
