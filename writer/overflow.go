package writer

import (
	"encoding/json"
	"slices"
	"strconv"

	"enrich/contact"
	"enrich/internal/columns"
	"enrich/internal/jsonscan"
)

// An overflow is what a refused row has beside its columns, as JSON texts; "" if there is nothing. A failures file keeps it,
// so that nothing is lost if the file is run again.
type overflow struct {
	extra string // an array of strings: cells
	raw   string // a string: the text of a line that is not an object
	line  string // the number of that line
}

// cell returns the overflow as enrich_error_extra.
func (o overflow) cell() string {
	if o.raw != "" {
		return "[" + o.raw + "]"
	}
	return o.extra
}

// An overflowParser finds the overflow of failures: in the row itself, and in what an earlier failures file kept of it.
type overflowParser struct {
	source  Source
	objects bool  // the rows are objects
	added   []int // the input's columns with names that enrich adds
	extra   int   // the column enrich_error_extra, or -1
}

func newOverflowParser(s Source) overflowParser {
	p := overflowParser{source: s, objects: s.Format.HasObjects(), extra: slices.Index(s.Columns, FailureColumns()[errorExtraColumn])}
	added := isAdded()
	for i, name := range s.Columns {
		if added(name) {
			p.added = append(p.added, i)
		}
	}
	return p
}

func (p *overflowParser) parse(row *Failure) overflow {
	refused := row.Kind == contact.Ragged || row.Kind == contact.Invalid
	switch {
	case row.NoObject:
		return overflow{raw: string(jsonscan.AppendString(nil, string(row.Raw))), line: strconv.FormatInt(row.Line, 10)}
	case p.objects && refused:
		return earlierOverflow(onOneLine(row.Raw))
	case p.objects:
		return overflow{}
	}
	var cells []string
	switch {
	case len(row.Extra) > 0 || len(row.Cells) != len(p.source.Columns):
		cells = p.displaced(row)
	case refused && p.extra >= 0:
		cells = earlierCells(row.Cells[p.extra])
	}
	if len(cells) == 0 {
		return overflow{}
	}
	return overflow{extra: string(appendStrings(nil, cells))}
}

// displaced returns the cells beyond the last column. Before them come the cells that the output drops, because enrich adds
// columns with their names: in a row of the wrong length they may belong to other columns.
func (p *overflowParser) displaced(row *Failure) []string {
	var cells []string
	filled := false
	for _, i := range p.added {
		if i < len(row.Cells) {
			cells = append(cells, row.Cells[i])
			filled = filled || row.Cells[i] != ""
		}
	}
	if !filled {
		cells = nil
	}
	return append(cells, row.Extra...)
}

// earlierCells parses an enrich_error_extra of an earlier failures file. A text that a person wrote there is kept as it is.
func earlierCells(cell string) []string {
	var cells []string
	if cell != "" && json.Unmarshal([]byte(cell), &cells) != nil {
		return []string{cell}
	}
	return cells
}

// earlierOverflow returns the overflow in enrichment.error of an object of an earlier failures file.
func earlierOverflow(object []byte) overflow {
	failure := jsonscan.Get(string(object), columns.Enrichment, "error")
	return overflow{extra: jsonscan.Get(failure, "extra"), raw: jsonscan.Get(failure, "raw"), line: jsonscan.Get(failure, "line")}
}

// appendStrings appends a JSON array of strings.
func appendStrings(b []byte, list []string) []byte {
	b = append(b, '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = jsonscan.AppendString(b, s)
	}
	return append(b, ']')
}
