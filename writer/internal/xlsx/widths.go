package xlsx

import "golang.org/x/text/width"

// The widths of columns, in characters. A cell that is longer than maxWidth is not shown whole.
const (
	minWidth = 8
	maxWidth = 50
	// padding is the space beside the text, filterButton that of the button in the header.
	padding      = 2
	filterButton = 2
)

// widths has the width of the widest cell so far of each column.
type widths []int

// see takes a cell into account, and the space that is needed beside its text.
func (w widths) see(i int, text string, beside int) {
	n := beside
	for _, r := range text {
		if n >= maxWidth {
			break
		}
		n++
		if r >= firstWide {
			switch width.LookupRune(r).Kind() {
			case width.EastAsianWide, width.EastAsianFullwidth:
				n++
			}
		}
	}
	w[i] = max(w[i], n)
}

// firstWide is before all characters that take the place of two.
const firstWide = 0x1100

// of returns the width of a column.
func (w widths) of(i int) int { return min(max(w[i]+padding, minWidth), maxWidth) }
