package quoting_test

import (
	"strings"
	"testing"

	"enrich/internal/quoting"
)

// index is Index byte by byte.
func index(text string, from int, special byte) int {
	for ; from < len(text); from++ {
		if text[from] < ' ' || text[from] == '"' || text[from] == special {
			return from
		}
	}
	return len(text)
}

// check compares Index with index, from each index on.
func check(t *testing.T, text string) {
	t.Helper()
	for from := range len(text) + 1 {
		for _, special := range []byte{'\\', ',', 0x7f} {
			expected := index(text, from, special)
			if got, bytes := quoting.Index(text, from, special), quoting.Index([]byte(text), from, special); got != expected || bytes != expected {
				t.Fatalf("%q from %d, special %q: %d and %d, expected %d", text, from, special, got, bytes, expected)
			}
		}
	}
}

// TestEachPairOfBytes puts each pair of bytes at each place of a text: what one byte borrows from the next changes nothing.
func TestEachPairOfBytes(t *testing.T) {
	for first := range 256 {
		for second := range 256 {
			pair := string([]byte{byte(first), byte(second)})
			check(t, pair)
			at := (first + second) % 8
			check(t, strings.Repeat("a", at)+pair+strings.Repeat("\xff", 8-at))
		}
	}
}

func FuzzIndex(f *testing.F) {
	f.Add("")
	f.Add("Northwind Traders, \"Inc.\"\r\n\\ \x7f\u00e4\U0001f600 and more")
	f.Fuzz(check)
}
