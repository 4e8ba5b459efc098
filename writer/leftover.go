package writer

import (
	"encoding/json"
	"slices"
	"strconv"

	"enrich/contact"
)

// A leftover is what of a refused row is in none of its columns, as JSON texts; "" is nothing.
type leftover struct {
	extra string // an array of strings: cells
	raw   string // the text of a line that was no JSON object
	line  string // where that line stood
}

// cell is the leftover as enrich_error_extra.
func (l leftover) cell() string {
	if l.raw != "" {
		return "[" + l.raw + "]"
	}
	return l.extra
}

// leftovers finds them, in the row itself and in what an earlier failures file kept of it: a row that is refused for
// its shape stays so when it is fed again, and nothing of it may get lost on the way.
type leftovers struct {
	format  Format
	columns int
	dropped []int // the columns of ours
	extra   int   // that of enrich_error_extra, or -1
}

func newLeftovers(s Source) leftovers {
	l := leftovers{format: s.Format, columns: len(s.Columns), extra: slices.Index(s.Columns, "enrich_error_extra")}
	mine := ours()
	for i, name := range s.Columns {
		if mine(name) {
			l.dropped = append(l.dropped, i)
		}
	}
	return l
}

func (l *leftovers) of(row *Failure) leftover {
	refused := row.Kind == contact.Ragged || row.Kind == contact.Invalid
	switch {
	case row.NoObject:
		return leftover{raw: string(contact.AppendString(nil, string(row.Raw))), line: strconv.FormatInt(row.Line, 10)}
	case l.format == JSONL && refused:
		return earlier(line(row.Raw))
	case l.format == JSONL:
		return leftover{}
	}
	var list []string
	switch {
	case len(row.Extra) > 0 || len(row.Cells) != l.columns:
		list = l.shifted(row)
	case refused && l.extra >= 0:
		list = earlierCells(row.Cells[l.extra])
	}
	if len(list) == 0 {
		return leftover{}
	}
	return leftover{extra: string(appendStrings(nil, list))}
}

// shifted is the cells beyond the header and, before them, those under columns of ours: in a row of the wrong length
// they may be anybody's.
func (l *leftovers) shifted(row *Failure) []string {
	var list []string
	some := false
	for _, i := range l.dropped {
		if i < len(row.Cells) {
			list = append(list, row.Cells[i])
			some = some || row.Cells[i] != ""
		}
	}
	if !some {
		list = nil
	}
	return append(list, row.Extra...)
}

// earlierCells reads an enrich_error_extra; what a person wrote there instead is kept as it is.
func earlierCells(cell string) []string {
	var list []string
	if cell != "" && json.Unmarshal([]byte(cell), &list) != nil {
		return []string{cell}
	}
	return list
}

// earlier reads enrichment.error of a failures file's object.
func earlier(object []byte) leftover {
	var l leftover
	for name, value := range members(string(object)) {
		if name != enrichment {
			continue
		}
		for name, value := range members(value) {
			if name != "error" {
				continue
			}
			for name, value := range members(value) {
				switch name {
				case "extra":
					l.extra = value
				case "raw":
					l.raw = value
				case "line":
					l.line = value
				}
			}
		}
	}
	return l
}
