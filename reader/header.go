package reader

import (
	"bytes"
	"fmt"
	"slices"

	"enrich/contact"
	"enrich/reader/internal/mapping"
	"enrich/reader/internal/source"
)

// headerScan is how many lines at most stand above a header.
const headerScan = 100

// sampleRows is how many sound rows may decide which column is which field.
const sampleRows = 200

// newCSVRows decides how a CSV is read, by its first block, and stands at its first row.
func newCSVRows(w window, o Options) (*csvRows, Info, error) {
	block := w.text()
	hint, skip := separatorLine(block)
	if said := (Options{Delimiter: hint}); o.Delimiter == "" && said.validateDelimiter() == nil {
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
	whole := w.err != nil
	d := divided(block[skip:], whole, sniff(block[skip:], whole, o), o)
	if err := tooWideHeader(block[skip:], line, whole, d, o); err != nil {
		return nil, Info{}, err
	}
	c := &csvRows{window: w, scan: newScanner(d), line: 1, kindAt: -1, messageAt: -1}
	c.from, c.line = c.from+skip, line
	t := c.table()
	at, err := t.header(o)
	if err != nil {
		return nil, Info{}, err
	}
	info := Info{Dialect: source.Dialect{
		Delimiter: d.separator(), Quote: d.quoteName(), Escape: d.escapeName(), LineEnd: lineEnd(block),
	}}
	c.header = mapping.NumberedNames(t.width)
	if at >= 0 {
		c.header = t.records[at].cells
		info.HeaderLine, info.Above = int(t.records[at].line), t.above(at)
		c.from, c.line = t.records[at].end, t.records[at].next
	}
	c.named = at >= 0 && !dataLike(c.header)
	info.Header, info.Columns = c.header, mapping.UniqueNames(c.header)
	fields, err := mapping.Columns(c.header, t.samples(at), o.mapping())
	if err != nil {
		return nil, Info{}, err
	}
	info.Mapping = make(map[contact.Field]string, len(fields))
	for f, at := range fields {
		info.Mapping[f] = info.Columns[at]
	}
	c.kindAt, c.messageAt = slices.Index(c.header, "enrich_error_kind"), slices.Index(c.header, "enrich_error_message")
	c.trailer.follows = at >= 0
	c.binder = mapping.NewBinder(fields, len(c.header), o.Cleaning)
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

func spoiledHeader(line int64, format string, args ...any) error {
	return fmt.Errorf("%w: line %d: %s", ErrHeader, line, fmt.Sprintf(format, args...))
}
