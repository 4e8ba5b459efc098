package numfmt

import (
	"math"
	"strconv"
	"unicode"
)

// maxWhole is how many digits a whole number may have that is taken as it is stored.
const maxWhole = 40

// Append appends the text of a number, as it is stored in a cell, to dst. Text that is not a number is appended as it is.
// date1904 says that days are counted from 1904.
func (f *Format) Append(dst, stored []byte, date1904 bool) []byte {
	if f == nil && isPlain(stored) {
		return append(dst, stored...)
	}
	v, err := strconv.ParseFloat(string(stored), 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
		return append(dst, stored...)
	}
	s, negated := f.choose(v)
	switch {
	case s == nil:
	case s.date || s.time:
		if text, ok := s.appendTime(dst, v, date1904); ok {
			return text
		}
	case s.percent:
		return s.appendPercent(dst, v, negated)
	case s.isWord():
		return append(dst, s.items[0].literal...)
	case s.isArranged():
		if d := newDecimal(v); d.isWhole() && d.point <= significant || s.general {
			return s.appendArranged(dst, d, negated)
		}
	}
	if isPlain(stored) {
		return append(dst, stored...)
	}
	d := newDecimal(v)
	return d.appendPlain(dst, 0)
}

// isPlain reports whether a number is stored as it is written in full: a whole number of any length, which may be an identifier
// with more digits than a spreadsheet has, or decimals with at most 15 digits and no zero at the end.
func isPlain(b []byte) bool {
	if len(b) > 1 && b[0] == '-' && b[1] != '0' {
		b = b[1:]
	}
	if len(b) == 0 || len(b) > maxWhole || b[0] == '0' && len(b) > 1 && b[1] != '.' {
		return false
	}
	point := -1
	for i, c := range b {
		switch {
		case c == '.' && point < 0 && i > 0:
			point = i
		case c < '0' || c > '9':
			return false
		}
	}
	if point < 0 {
		return true
	}
	return len(b) <= significant+1 && point < len(b)-1 && b[len(b)-1] != '0'
}

// choose returns the section for a number, and whether the section shows the sign itself; nil for General.
func (f *Format) choose(v float64) (s *section, signed bool) {
	if f == nil {
		return nil, false
	}
	numbers := f.sections[:min(len(f.sections), 3)]
	conditional := false
	for i := range numbers {
		if c := numbers[i].condition; c.op != "" {
			if conditional = true; c.accepts(v) {
				return &numbers[i], false
			}
		}
	}
	switch n := len(numbers); {
	case conditional:
		for i := range numbers { // the first one without a condition is for all others
			if numbers[i].condition.op == "" {
				return &numbers[i], false
			}
		}
		return nil, false
	case v < 0 && n > 1:
		return &numbers[1], true
	case v == 0 && n > 2:
		return &numbers[2], false
	}
	return &numbers[0], false
}

// isWord reports whether a section shows a word and no number, such as "Yes".
func (s *section) isWord() bool {
	if len(s.items) != 1 || s.items[0].place != 0 {
		return false
	}
	for _, r := range s.items[0].literal {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return true
		}
	}
	return false
}

// isArranged reports whether a section arranges the digits of a whole number: leading zeros, or text among them.
func (s *section) isArranged() bool {
	if s.amount || s.thousands || s.exponent || s.decimals > 0 || s.integers == 0 && !s.general {
		return false
	}
	return s.zeros > 1 || s.literals > 0
}

// appendArranged appends the digits of a whole number in their places, from the right; digits without a place come before the
// first one.
func (s *section) appendArranged(dst []byte, d decimal, signed bool) []byte {
	if d.negative && !signed {
		dst = append(dst, '-')
	}
	d.negative = false
	places := s.integers
	for _, it := range s.items {
		switch it.place {
		case 0:
			dst = append(dst, it.literal...)
		case 'G':
			dst = d.appendPlain(dst, 0)
		default:
			if places == s.integers {
				for i := range d.point - places {
					dst = append(dst, d.at(i))
				}
			}
			i := d.point - places
			places--
			switch {
			case i >= 0:
				dst = append(dst, d.at(i))
			case it.place == '0':
				dst = append(dst, '0')
			case it.place == '?':
				dst = append(dst, ' ')
			}
		}
	}
	return dst
}

// appendPercent appends a percentage as it is shown.
func (s *section) appendPercent(dst []byte, v float64, signed bool) []byte {
	d := newDecimal(v)
	if d.n > 0 {
		d.point += 2
	}
	d.round(s.decimals)
	if d.negative && !signed {
		dst = append(dst, '-')
	}
	d.negative = false
	written := false
	for _, it := range s.items {
		switch {
		case it.place == 0:
			dst = append(dst, it.literal...)
		case !written:
			dst = d.appendPlain(dst, s.minDecimals)
			written = true
		}
	}
	return dst
}
