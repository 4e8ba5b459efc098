package dialect

import "bytes"

// A knownDelimiter is a delimiter that is tried, and how likely it is to be one if it occurs.
type knownDelimiter struct {
	delimiter string
	weight    float64
}

// knownDelimiters returns those that are tried, in the order of preference if two are equally good.
func knownDelimiters() []knownDelimiter {
	return []knownDelimiter{
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

// minScore is the score that a dialect with a delimiter must exceed. Otherwise the table has one column.
const minScore = 0.05

// minWeightBelowOneCell is the weight that a delimiter must have if the first record is one cell: a space or a colon may be in every text
// of a column, such as "Ann Lee <ann@x.example>" below "Email".
const minWeightBelowOneCell = 0.5

// Detect returns the dialect of a block of text. whole says that nothing follows the block. It does not change what the
// options fix.
//
// It divides the block by each delimiter and quote that occurs in it, and gives each result a score:
//
//	score = Σ over widths w of (share of rows with w cells)² × (mean score of their cells)
//	        × (w-1)/w × weight of the first row × weight of the delimiter
//
// The wrong delimiter gives rows of many widths, and cells that are parts of others. Because of the squares, one width
// wins over many, and a few rows that happen to agree do not decide. (w-1)/w prefers more cells if all else is equal.
func Detect(block []byte, whole bool, o Options) Dialect {
	all := block
	best := Dialect{Quote: o.quote(), Delimiter: o.delimiter(), CR: onlyCRs(block)}
	if best.Delimiter == "" && newSample(Dialect{Delimiter: ",", Quote: best.Quote, CR: best.CR}, block, whole).isOneColumn() {
		best.Delimiter = ","
	}
	block = skipComments(block)
	best = bestOf(candidates(block, best.CR, o), best, block, whole, o)
	best.CR = best.CR || crsEndRecords(best, block, whole)
	best.Backslash = best.Backslash || backslashesEscape(best, block, whole)
	return byFirstRecord(all, whole, best, o)
}

// bestOf returns the candidate with the best score, or fallback if none has a good one.
func bestOf(tried []candidate, fallback Dialect, block []byte, whole bool, o Options) Dialect {
	best, top := fallback, minScore
	var plain *sample // the last one without backslashes
	for _, d := range tried {
		r := newSample(d.Dialect, block, whole)
		if !d.Backslash {
			plain = r
		} else if !r.betterThan(plain) {
			continue
		}
		if d.Padded && !r.isPadded() || d.Quote == '\'' && o.Quote == "" && !r.needsApostrophes() {
			continue
		}
		if d.weight < minWeightBelowOneCell && r.beginsWithOneCell() {
			continue
		}
		if d.Quote == '"' && o.Quote == "" && quotesAreText(d.Dialect, r, block, whole) {
			d.Quote = 0
			r = newSample(d.Dialect, block, whole)
		}
		if s := r.score() * d.weight; s > top && (d.weight == 1 || len(r.records) > 1) {
			best, top = d.Dialect, s
		}
	}
	return best
}

// A candidate is a dialect to try, and how likely its delimiter is one.
type candidate struct {
	Dialect
	weight float64
}

// candidates returns the dialects that the block allows, in the order of preference if two are equally good.
func candidates(block []byte, cr bool, o Options) []candidate {
	var all []candidate
	for _, quote := range candidateQuotes(block, o) {
		for _, known := range candidateDelimiters(block, o) {
			for _, padded := range candidatePaddings(block, known.delimiter) {
				d := Dialect{Delimiter: known.delimiter, Padded: padded, Quote: quote, CR: cr}
				all = append(all, candidate{d, known.weight})
				if quote != 0 && bytes.Contains(block, []byte{'\\', quote}) {
					d.Backslash = true
					all = append(all, candidate{d, known.weight})
				}
			}
		}
	}
	return all
}

func candidateQuotes(block []byte, o Options) []byte {
	switch {
	case o.Quote != "":
		return []byte{o.quote()}
	case bytes.IndexByte(block, '\'') >= 0:
		return []byte{'"', '\''}
	}
	return []byte{'"'}
}

func candidateDelimiters(block []byte, o Options) []knownDelimiter {
	if d := o.delimiter(); d != "" {
		return []knownDelimiter{{d, 1}}
	}
	var found []knownDelimiter
	for _, d := range knownDelimiters() {
		if bytes.Contains(block, []byte(d.delimiter)) && (d.delimiter != ":" || !colonsAreText(block)) {
			found = append(found, d)
		}
	}
	return found
}

// candidatePaddings returns whether the delimiter may be padded. A padded dialect counts only if nearly every delimiter
// outside quotes has its space (see sample.isPadded).
func candidatePaddings(block []byte, delimiter string) []bool {
	if delimiter != " " && bytes.Contains(block, []byte(delimiter+" ")) {
		return []bool{true, false}
	}
	return []bool{false}
}

// colonsAreText reports whether most colons are between digits, as in a time, or before a slash, as in a URL.
func colonsAreText(block []byte) bool {
	text, colons := 0, 0
	for i := 1; i+1 < len(block); i++ {
		if block[i] == ':' {
			colons++
			if isDigit(block[i-1]) && isDigit(block[i+1]) || block[i+1] == '/' {
				text++
			}
		}
	}
	return 2*text >= colons && colons > 0
}

// skipComments steps over the lines at the beginning that are comments: # and a space, or # alone. They may contain any
// delimiter.
func skipComments(block []byte) []byte {
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

// onlyCRs reports whether lines end in a carriage return alone: there is one, and no line feed.
func onlyCRs(block []byte) bool {
	return bytes.IndexByte(block, '\r') >= 0 && bytes.IndexByte(block, '\n') < 0
}

// crsEndRecords reports whether a carriage return alone also ends a record, in a block that has line feeds: the block then
// has a better score.
func crsEndRecords(d Dialect, block []byte, whole bool) bool {
	if bytes.Count(block, []byte{'\r'}) == bytes.Count(block, []byte("\r\n")) {
		return false
	}
	without := newSample(d, block, whole).score()
	d.CR = true
	return newSample(d, block, whole).score() > without
}

// byFirstRecord finds the delimiter by the first record, if the score found none and the quotes of that record are in place
// with one delimiter only. A header alone can score too little: its cells may all have doubled quotes in them.
func byFirstRecord(block []byte, whole bool, d Dialect, o Options) Dialect {
	if o.Delimiter != "" || d.Delimiter != "" {
		return d
	}
	if _, f := NewScanner(d).Record(block, whole); f != TextAfterQuote {
		return d
	}
	for _, known := range knownDelimiters() {
		tried := d
		tried.Delimiter = known.delimiter
		s := NewScanner(tried)
		if _, f := s.Record(block, whole); known.weight == 1 && f == NoFault && len(s.Spans) > 1 {
			return tried
		}
	}
	return d
}
