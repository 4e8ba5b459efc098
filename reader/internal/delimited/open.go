// Package delimited reads the rows of delimited text: CSV in any dialect.
//
// It guarantees that a cell is the input's text, byte for byte, without the quotes around it and with doubled or escaped
// quotes as one. It refuses a malformed row, never reshapes it, and loses none of its text; the rows after it are good (see
// resync.go). Memory does not grow with the input or with a row.
//
// It does not know which column is which field: see [Reader.Bind].
package delimited

import (
	"bytes"
	"fmt"

	"enrich/contact"
	"enrich/internal/columns"
	"enrich/internal/phrase"
	"enrich/reader/internal/dialect"
	"enrich/reader/internal/layout"
	"enrich/reader/internal/source"
)

// Options fix what [Open] would detect.
type Options struct {
	Dialect dialect.Options
	Layout  layout.Options
	// Reopen reads the text again from its beginning, to find the end of a quoted cell above 2 MiB.
	Reopen func() (source.Window, error)
}

// Open decides by the first block of a text, which is in the window, how the text is read. It reads no row.
func Open(w source.Window, o Options) (*Reader, error) {
	block, line := w.Text(), int64(1)
	separator, skip := dialect.SeparatorLine(block)
	if said := (dialect.Options{Delimiter: separator}); o.Dialect.Delimiter == "" && said.Validate() == nil {
		o.Dialect.Delimiter = separator
	}
	if skip > 0 {
		line = 2
	}
	if o.Layout.HeaderLine > 0 {
		var err error
		if skip, err = lineStart(block, o.Layout.HeaderLine); err != nil {
			return nil, err
		}
		line = int64(o.Layout.HeaderLine)
	}
	d := dialect.Detect(block[skip:], w.Err != nil, o.Dialect)
	if delimiter, blank := dialect.TooManyColumns(block[skip:], w.Err != nil, d, o.Dialect); delimiter != "" {
		return nil, layout.HeaderError(line+int64(blank), "%s, separated by %q", headerFault(dialect.TooWide), delimiter)
	}
	r := &Reader{
		Window: w, scan: dialect.NewScanner(d), line: line,
		ahead: lookahead{reopen: o.Reopen}, contact: func(*contact.Contact, []string) {}, isSendable: func([]string) bool { return false },
	}
	r.Take(skip)
	r.info.Dialect = source.Dialect{Delimiter: d.Separator(), Quote: d.QuoteName(), Escape: d.EscapeName(), LineEnd: dialect.LineEnd(block)}
	return r, r.findHeader(o.Layout)
}

// findHeader finds the header in the first block, and steps over it and the lines above it.
func (r *Reader) findHeader(o layout.Options) error {
	records, ends, whole := r.firstRecords()
	if err := r.tornBy(); err != nil && len(records) == 0 {
		return err // before the first line end
	}
	table := layout.New(records, whole)
	at, err := table.Header(o)
	if err != nil {
		return err
	}
	named := false
	if at >= 0 {
		r.header = records[at].Cells
		named = !layout.HasValues(r.header)
		r.info.HeaderLine, r.info.Above = int(records[at].Line), table.Above(at)
		r.Take(ends[at])
		r.line = records[at].Next
	} else {
		r.header = columns.Numbered(table.Width())
	}
	r.samples = table.Samples(at)
	r.rowCheck = layout.NewRowCheck(r.header, named)
	r.trailer.FollowsTable = at >= 0
	return nil
}

// firstRecords returns the records of the first block and where each ends in Text. It takes none of them. whole says that
// nothing follows them.
func (r *Reader) firstRecords() (records []layout.Record, ends []int, whole bool) {
	text, from, line, separated := r.Text(), 0, r.line, false
	for len(records) < layout.MaxRecords && from < len(text) {
		rest := text[from:]
		size, f := r.scan.Record(rest, r.Ended())
		if f == dialect.Incomplete && (len(records) > 0 || r.tornBy() != nil) {
			break
		}
		if f == dialect.NoFault && r.isBlank(rest[:size]) {
			from, line, separated = from+size, line+1, true
			continue
		}
		if f == dialect.Incomplete && r.scan.QuoteAt(rest, size) {
			f = dialect.UnclosedQuote
		}
		record := layout.Record{Line: line, Next: line + int64(r.scan.Lines) + 1, Separated: separated}
		if f == dialect.NoFault {
			record.Cells = layout.CloneCells(r.cut(rest[:size]))
		} else {
			record.Fault = headerFault(f)
			if size = bytes.IndexByte(rest, '\n') + 1; size == 0 {
				size = len(rest)
			}
		}
		from, line, separated = from+size, record.Next, false
		records, ends = append(records, record), append(ends, from)
	}
	r.cells, r.rewritten = nil, nil
	return records, ends, from == len(text) && r.Ended()
}

// headerFault says what is wrong with a record of the first block.
func headerFault(f dialect.Fault) string {
	switch f {
	case dialect.Incomplete:
		return fmt.Sprintf("no line ends within %d bytes", source.BlockSize)
	case dialect.TooWide:
		return fmt.Sprintf("there are more than %d columns", dialect.MaxColumns)
	}
	return "a quote is out of place"
}

// lineStart returns where a line begins in the first block.
func lineStart(block []byte, line int) (int, error) {
	at := 0
	for n := 1; n < line; n++ {
		i := bytes.IndexAny(block[at:], "\r\n")
		if i < 0 {
			return 0, layout.HeaderError(int64(line), "the first %d bytes have only %s (--header-line)", len(block), phrase.Count(n, "line"))
		}
		if bytes.HasPrefix(block[at+i:], []byte("\r\n")) {
			i++
		}
		at += i + 1
	}
	return at, nil
}
