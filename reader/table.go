package reader

import (
	"bytes"
	"fmt"
	"strings"
)

// A record of the first block, with where it stands.
type headRecord struct {
	cells []string
	fault fault
	line  int64
	// end is where the next record begins, in the window and in lines.
	end  int
	next int64
	// separated says that a blank line is before it.
	separated bool
}

// A table is the first block, told apart.
type table struct {
	records []headRecord
	// width is how many cells most records have.
	width int
}

// table tells the first block apart, without taking any of it.
func (c *csvRows) table() *table {
	t := &table{}
	from, line := c.from, c.line
	defer func() { c.from, c.line, c.cells, c.plain, c.ready = from, line, nil, nil, 0 }()
	separated := false
	for len(t.records) < headerScan+sampleRows {
		text := c.text()
		if len(text) == 0 {
			break
		}
		size, f := c.scan.record(text, c.ended())
		if f == cut && len(t.records) > 0 {
			break
		}
		if f == sound && c.skip(text[:size]) {
			separated = true
			continue
		}
		if f == cut && c.scan.quotes(text, size) {
			f = unclosed
		}
		r := headRecord{line: c.line, fault: f, separated: separated}
		separated = false
		lines := c.scan.lines + 1
		if f == sound {
			r.cells = cloned(c.cut(text[:size]))
		} else if size = bytes.IndexByte(text, '\n') + 1; size == 0 {
			size = len(text)
		}
		c.take(size, lines)
		r.end, r.next = c.from, c.line
		t.records = append(t.records, r)
	}
	if len(c.text()) == 0 && c.ended() {
		t.withoutFooter()
	}
	t.width = t.modal()
	return t
}

// cloned are cells that stay as they are when the window goes on.
func cloned(cells []string) []string {
	kept := make([]string, len(cells))
	for i, cell := range cells {
		kept[i] = strings.Clone(cell)
	}
	return kept
}

// modal is the width that most sound records have; the later ones are worth more than the first, which may be titles.
func (t *table) modal() int {
	count := map[int]int{}
	best := 0
	for _, r := range t.records {
		if r.fault != sound {
			continue
		}
		w := len(r.cells)
		count[w]++
		if best == 0 || count[w] > count[best] || count[w] == count[best] && w > best {
			best = w
		}
	}
	return best
}

// header returns the index of the header among the records, -1 for none.
func (t *table) header(o Options) (int, error) {
	switch {
	case o.NoHeader:
		return -1, nil
	case o.HeaderLine > 0:
		return 0, t.named(o.HeaderLine)
	}
	first, err := t.first()
	if at := t.better(first, o); at >= 0 {
		return at, nil
	}
	return first, err
}

// first returns the index of the first record that is not a title or a remark, and why it cannot be the header. It is -1 if
// there is none.
func (t *table) first() (int, error) {
	remarks := t.remarks()
	for i, r := range t.records {
		switch {
		case i < remarks:
			continue
		case r.fault != sound:
			return i, spoiledHeader(r.line, "%s where the header should be; fix it, or name the header's line with --header-line", r.fault.words())
		case t.title(r.cells) && i+1 < len(t.records):
			continue
		case i > 0 && dataLike(r.cells):
			return i, spoiledHeader(t.records[0].line, "no header fits the rows from line %d on: fix it, name its line with --header-line, or say --no-header", r.line)
		}
		return i, t.fits(i)
	}
	return -1, spoiledHeader(1, "no line looks like a header: name its line with --header-line, or say --no-header")
}

// words say what spoils a record of the first block.
func (f fault) words() string {
	switch f {
	case cut:
		return fmt.Sprintf("no line ends within %d bytes", blockSize)
	case tooWide:
		return fmt.Sprintf("there are more than %d columns", maxColumns)
	}
	return "a quote is out of place"
}

// remarks is how many records at the beginning are remarks: they begin with "# " or are "#", and what looks like a header follows. A
// single one as wide as the table may be a header itself, such as "# of employees".
func (t *table) remarks() int {
	n := 0
	for n < len(t.records) && t.records[n].fault == sound && isRemark(t.records[n].cells[0]) {
		n++
	}
	if n == 0 || n == len(t.records) || n == 1 && len(t.records[0].cells) == t.width {
		return 0
	}
	if next := t.records[n]; next.fault != sound || len(next.cells) != t.width || dataLike(next.cells) {
		return 0
	}
	return n
}

// isRemark reports whether a record that begins with this cell is a remark.
func isRemark(cell string) bool { return cell == "#" || strings.HasPrefix(cell, "# ") }

// named checks the header that --header-line names, which is the first record then.
func (t *table) named(line int) error {
	switch {
	case len(t.records) == 0 || t.records[0].line != int64(line):
		return spoiledHeader(int64(line), "there is no row (--header-line)")
	case t.records[0].fault != sound:
		return spoiledHeader(int64(line), "%s in the header", t.records[0].fault.words())
	}
	return t.fits(0)
}

// lineStart is where a line begins in the first block.
func lineStart(block []byte, line int) (int, error) {
	at := 0
	for n := 1; n < line; n++ {
		i := bytes.IndexAny(block[at:], "\r\n")
		if i < 0 {
			return 0, spoiledHeader(int64(line), "the first %d bytes have only %s (--header-line)", len(block), many(n, "line"))
		}
		if bytes.HasPrefix(block[at+i:], []byte("\r\n")) {
			i++
		}
		at += i + 1
	}
	return at, nil
}

// title says whether a record stands above the table: it has hardly any cells, where the table has several.
func (t *table) title(cells []string) bool {
	filled := 0
	for _, cell := range cells {
		if strings.TrimSpace(cell) != "" {
			filled++
		}
	}
	return t.width > 1 && filled <= 1 || filled*3 < t.width
}

// dataLike says whether the cells are values and not names.
func dataLike(cells []string) bool {
	values, filled := 0, 0
	for _, cell := range cells {
		s := strings.TrimSpace(cell)
		if s == "" {
			continue
		}
		filled++
		if isValue(s) {
			values++
		}
	}
	return values*4 >= filled && values > 0
}

// isValue reports whether a cell, without white space around it, is a number, a date, an address or a URL, and not a name.
func isValue(s string) bool {
	return numberLike(s) || strings.ContainsRune(s, '@') || strings.Contains(s, "://")
}

// fits refuses a header that no row fits.
func (t *table) fits(at int) error {
	width, rows, common := len(t.records[at].cells), 0, map[int]int{}
	for _, r := range t.records[at+1:] {
		rows++
		if r.fault == sound {
			common[len(r.cells)]++
		}
	}
	if rows == 0 || common[width] > 0 {
		return nil
	}
	if len(common) == 0 {
		return spoiledHeader(t.records[at].line+1, "the quotes of no row behind the header are in place; say with --quote which character they are, or none")
	}
	return spoiledHeader(t.records[at].line, "the header has %s, %s; fix it, or name its line with --header-line",
		many(width, "name"), widths(common))
}

// widths says how many cells the rows have, of which common counts each width.
func widths(common map[int]int) string {
	most, all := 0, 0
	for w, n := range common {
		all += n
		if n > common[most] || n == common[most] && w > most {
			most = w
		}
	}
	if common[most] == all {
		return fmt.Sprintf("but every row has %d", most)
	}
	return fmt.Sprintf("and no row has as many: most have %d", most)
}

// samples are the first sound rows behind the header.
func (t *table) samples(at int) [][]string {
	width := t.width
	if at >= 0 {
		width = len(t.records[at].cells)
	}
	var rows [][]string
	for _, r := range t.records[at+1:] {
		if r.fault == sound && len(r.cells) == width && len(rows) < sampleRows {
			rows = append(rows, r.cells)
		}
	}
	return rows
}
