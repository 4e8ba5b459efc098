package reader

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// headerScan is how many lines at most stand above a header.
const headerScan = 100

// sampleRows is how many sound rows may decide which column is which field.
const sampleRows = 200

// newCSVRows decides how a CSV is read, by its first block, and stands at its first row.
func newCSVRows(w window, o Options) (*csvRows, Info, error) {
	block := w.text()
	hint, skip := separatorLine(block)
	if o.Delimiter == "" {
		o.Delimiter = hint
	}
	line := int64(1)
	if skip > 0 {
		line = 2
	}
	if o.HeaderLine > 0 {
		var err error
		if skip, err = lineStart(block, o.HeaderLine); err != nil {
			return nil, Info{}, err
		}
		line = int64(o.HeaderLine)
	}
	d := sniff(block[skip:], w.err != nil, o)
	c := &csvRows{window: w, scan: newScanner(d), line: 1, kindAt: -1, messageAt: -1}
	c.from, c.line = c.from+skip, line
	t := c.table()
	at, err := t.header(o)
	if err != nil {
		return nil, Info{}, err
	}
	info := Info{
		Delimiter: d.separator(), Quote: d.quoteName(), Escape: d.escapeName(), LineEnd: lineEnd(block),
	}
	c.header = numbered(t.width)
	if at >= 0 {
		c.header = t.records[at].cells
		info.HeaderLine = int(t.records[at].line)
		c.from, c.line = t.records[at].end, t.records[at].next
	}
	c.named = at >= 0 && !dataLike(c.header)
	info.Header, info.Columns = c.header, unique(c.header)
	mapping, err := mapColumns(info.Columns, t.samples(at), o)
	if err != nil {
		return nil, Info{}, err
	}
	info.Mapping = named(mapping, info.Columns)
	c.kindAt, c.messageAt = slices.Index(c.header, "enrich_error_kind"), slices.Index(c.header, "enrich_error_message")
	c.binder = newBinder(mapping, len(c.header))
	return c, info, nil
}

// separatorLine reads the line "sep=;" by which spreadsheets are told the delimiter, and how long it is.
func separatorLine(block []byte) (delimiter string, size int) {
	i := bytes.IndexAny(block, "\r\n")
	if i < 0 || i > 8 || !bytes.HasPrefix(bytes.ToLower(block), []byte("sep=")) {
		return "", 0
	}
	size = i + 1
	if bytes.HasPrefix(block[i:], []byte("\r\n")) {
		size++
	}
	return string(block[4:i]), size
}

// A record of the first block, with where it stands.
type headRecord struct {
	cells []string
	fault fault
	line  int64
	// end is where the next record begins, in the window and in lines.
	end  int
	next int64
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
	defer func() { c.from, c.line, c.cells, c.ready = from, line, nil, 0 }()
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
			continue
		}
		r := headRecord{line: c.line, fault: f}
		lines := c.scan.lines + 1
		if f == sound {
			r.cells = slices.Clone(c.cut(string(text[:size])))
		} else if size = bytes.IndexByte(text, '\n') + 1; size == 0 {
			size = len(text)
		}
		c.take(size, lines)
		r.end, r.next = c.from, c.line
		t.records = append(t.records, r)
	}
	t.width = t.modal()
	return t
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

// header finds the header: its index among the records, -1 for none.
func (t *table) header(o Options) (int, error) {
	switch {
	case o.NoHeader:
		return -1, nil
	case o.HeaderLine > 0:
		return 0, t.named(o.HeaderLine)
	}
	for i, r := range t.records {
		switch {
		case r.fault != sound:
			return 0, spoiledHeader(r.line, "a quote is out of place where the header should be; mend it, or name the header's line with --header-line")
		case t.title(r.cells) && i+1 < len(t.records):
			continue
		case i > 0 && dataLike(r.cells):
			return 0, spoiledHeader(t.records[0].line, "no header fits the rows from line %d on: mend it, name its line with --header-line, or say --no-header", r.line)
		}
		return i, t.fits(i)
	}
	return 0, spoiledHeader(1, "no line looks like a header: name its line with --header-line, or say --no-header")
}

// named checks the header that --header-line names, which is the first record then.
func (t *table) named(line int) error {
	switch {
	case len(t.records) == 0 || t.records[0].line != int64(line):
		return spoiledHeader(int64(line), "there is no row (--header-line)")
	case t.records[0].fault != sound:
		return spoiledHeader(int64(line), "a quote is out of place in the header")
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
		if numberLike(s) || strings.ContainsRune(s, '@') || strings.Contains(s, "://") {
			values++
		}
	}
	return values*4 >= filled && values > 0
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
	return spoiledHeader(t.records[at].line, "the header has %s, and no row has as many: most have %d; mend it, or name its line with --header-line",
		many(width, "name"), t.width)
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

// lineEnd names the line ends of a block.
func lineEnd(block []byte) string {
	lf, cr, both := bytes.Count(block, []byte{'\n'}), bytes.Count(block, []byte{'\r'}), bytes.Count(block, []byte("\r\n"))
	switch {
	case both > 0 && lf == both && cr == both:
		return "CRLF"
	case lf > 0 && cr == 0:
		return "LF"
	case cr > 0 && lf == 0:
		return "CR"
	case lf == 0:
		return "none"
	}
	return "mixed"
}

// unique makes repeated names different: a second "Name" is "Name_2".
func unique(header []string) []string {
	taken := make(map[string]bool, len(header))
	for _, name := range header {
		taken[name] = true
	}
	out := make([]string, len(header))
	used := make(map[string]bool, len(header))
	for i, name := range header {
		out[i] = name
		for n := 2; used[out[i]] || out[i] != name && taken[out[i]]; n++ {
			out[i] = name + "_" + strconv.Itoa(n)
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

func spoiledHeader(line int64, format string, args ...any) error {
	return fmt.Errorf("%w: line %d: %s", ErrHeader, line, fmt.Sprintf(format, args...))
}
