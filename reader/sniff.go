package reader

import "bytes"

// How a dialect is found. The first block is read with each delimiter and quote that occurs in it, and each reading gets
// a score:
//
//	score = Σ over widths w of (share of rows with w cells)² × (share of their cells that look like something)
//	        × (w-1)/w × how well the first row agrees × how likely the delimiter is one
//
// A reading by the wrong delimiter has rows of many widths, and cells that are torn out of something. The squares make
// one width win over many without falling for a few rows that happen to agree; (w-1)/w prefers more cells where all
// else is equal. The best score wins; where none is good, the table has one column.

// sniffRecords is how many rows decide.
const sniffRecords = 1000

// A delimiter that is tried, and how likely it is to be one where it occurs.
type likely struct {
	delimiter string
	weight    float64
}

// delimiters are those that are tried, in the order of preference where two are equally good.
func delimiters() []likely {
	return []likely{
		{",", 1},
		{";", 1},
		{"\t", 1},
		{"|", 1},
		{"\x1f", 1},
		{"\x01", 1},
		{"^", 0.8},
		{"~", 0.8},
		{"¦", 0.8},
		{"§", 0.8},
		{"#", 0.5},
		{"&", 0.3},
		{"*", 0.3},
		{":", 0.3},
		{" ", 0.3},
	}
}

// oneColumn is what a reading with a delimiter must be better than.
const oneColumn = 0.05

// sniff finds the dialect of a block; whole says that nothing follows it. What o fixes is not tried otherwise.
func sniff(block []byte, whole bool, o Options) dialect {
	best := dialect{quote: quoteOf(o, block), delimiter: o.delimiter(), cr: onlyReturns(block)}
	if best.delimiter == "" && alone(newReading(dialect{delimiter: ",", quote: best.quote, cr: best.cr}, block, whole)) {
		best.delimiter = ","
	}
	block = comments(block)
	best = bestOf(trials(block, best.cr, o), best, block, whole, o)
	best.cr = best.cr || endsByReturns(best, block, whole)
	best.backslash = best.backslash || escapesByBackslash(best, block, whole)
	return best
}

// bestOf returns the dialect by which a block looks most like a table, or the fallback if it hardly does by any.
func bestOf(tried []trial, fallback dialect, block []byte, whole bool, o Options) dialect {
	best, top := fallback, oneColumn
	var plain *reading // the last one without backslashes
	for _, d := range tried {
		r := newReading(d.dialect, block, whole)
		if !d.backslash {
			plain = r
		} else if !r.escapes(plain) {
			continue
		}
		if d.padded && !r.padding() || d.quote == '\'' && o.Quote == "" && !r.needsApostrophes() {
			continue
		}
		if d.quote == '"' && o.Quote == "" && badlyQuoted(d.dialect, r, block, whole) {
			d.quote = 0
			r = newReading(d.dialect, block, whole)
		}
		if s := r.score() * d.weight; s > top && (d.weight == 1 || len(r.records) > 1) {
			best, top = d.dialect, s
		}
	}
	return best
}

// A trial is a dialect to try, and how likely its delimiter is one.
type trial struct {
	dialect
	weight float64
}

// trials returns the dialects that the block allows, in the order of preference where two are equally good.
func trials(block []byte, cr bool, o Options) []trial {
	var all []trial
	for _, quote := range quotesToTry(o, block) {
		for _, delimiter := range delimitersToTry(o, block) {
			for _, padded := range paddings(block, delimiter.delimiter) {
				d := dialect{delimiter: delimiter.delimiter, padded: padded, quote: quote, cr: cr}
				all = append(all, trial{d, delimiter.weight})
				if quote != 0 && bytes.Contains(block, []byte{'\\', quote}) {
					d.backslash = true
					all = append(all, trial{d, delimiter.weight})
				}
			}
		}
	}
	return all
}

func quotesToTry(o Options, block []byte) []byte {
	switch {
	case o.Quote != "":
		return []byte{quoteOf(o, block)}
	case bytes.IndexByte(block, '\'') >= 0:
		return []byte{'"', '\''}
	}
	return []byte{'"'}
}

func quoteOf(o Options, _ []byte) byte {
	switch o.Quote {
	case "":
		return '"'
	case "none":
		return 0
	}
	return o.Quote[0]
}

func delimitersToTry(o Options, block []byte) []likely {
	if d := o.delimiter(); d != "" {
		return []likely{{d, 1}}
	}
	var there []likely
	for _, d := range delimiters() {
		if bytes.Contains(block, []byte(d.delimiter)) && (d.delimiter != ":" || !clock(block)) {
			there = append(there, d)
		}
	}
	return there
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

// clock says whether most colons stand between digits, as in a time, or before a slash, as in an address.
func clock(block []byte) bool {
	n, of := 0, 0
	for i := 1; i+1 < len(block); i++ {
		if block[i] == ':' {
			of++
			if isDigit(block[i-1]) && isDigit(block[i+1]) || block[i+1] == '/' {
				n++
			}
		}
	}
	return 2*n >= of && of > 0
}

// agreement is what a reading is worth whose first row has so many cells, where most rows have modal.
func agreement(first, modal int) float64 {
	switch first {
	case modal:
		return 1
	case 1:
		return 0.5
	}
	return 0.7
}

// alone says whether a reading has one cell in each row, and nothing spoiled.
func alone(r *reading) bool {
	for _, record := range r.records {
		if len(record) != 1 {
			return false
		}
	}
	return r.spoiled == 0
}

// comments steps over the lines at the beginning that a # marks as remarks: a space or nothing follows it. They may hold
// any delimiter.
func comments(block []byte) []byte {
	rest := block
	for bytes.HasPrefix(rest, []byte("#")) || bytes.HasPrefix(rest, []byte("\n")) || bytes.HasPrefix(rest, []byte("\r\n")) {
		line, after, more := bytes.Cut(rest, []byte{'\n'})
		text := bytes.TrimLeft(bytes.TrimSpace(line), "#")
		if !more || len(text) > 0 && text[0] != ' ' {
			break
		}
		rest = after
	}
	if len(bytes.TrimSpace(rest)) == 0 {
		return block
	}
	return rest
}

// onlyReturns says whether lines end in a carriage return alone: there is one, and no line feed.
func onlyReturns(block []byte) bool {
	return bytes.IndexByte(block, '\r') >= 0 && bytes.IndexByte(block, '\n') < 0
}

// endsByReturns says whether a carriage return alone ends a row too, in a block that has line feeds: more looks like a table
// where it does.
func endsByReturns(d dialect, block []byte, whole bool) bool {
	if bytes.Count(block, []byte{'\r'}) == bytes.Count(block, []byte("\r\n")) {
		return false
	}
	without := newReading(d, block, whole).score()
	d.cr = true
	return newReading(d, block, whole).score() > without
}

// paddings are whether a delimiter may have a space behind it; a reading that has it so counts only if nearly every cell
// outside quotes has one (see reading.padding).
func paddings(block []byte, delimiter string) []bool {
	if delimiter != " " && bytes.Contains(block, []byte(delimiter+" ")) {
		return []bool{true, false}
	}
	return []bool{false}
}

// escapesByBackslash says whether a backslash escapes a quote: most of the rows that are spoiled without it are sound
// with it.
func escapesByBackslash(d dialect, block []byte, whole bool) bool {
	if d.quote == 0 || !bytes.Contains(block, []byte{'\\', d.quote}) {
		return false
	}
	without := newReading(d, block, whole)
	d.backslash = true
	with := newReading(d, block, whole)
	return with.escapes(without)
}

// escapes reports whether a reading with backslashes as escapes is better than the same without: at most half of the
// records are still spoiled or, if none was, it looks more like a table.
func (r *reading) escapes(without *reading) bool {
	return r.spoiled*2 <= without.spoiled && without.spoiled > 0 || r.spoiled == without.spoiled && r.score() > without.score()
}
