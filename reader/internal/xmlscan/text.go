package xmlscan

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// maxReference is the longest reference to a character, in bytes: "&#x0010FFFF;" with some zeros before.
const maxReference = 32

// readText reads a piece of text up to the next "<" or the end of the window. It reports whether there is any.
func (s *Scanner) readText() bool {
	w := s.window()
	n := bytes.IndexByte(w, '<')
	if n < 0 {
		n = len(w)
		if i := bytes.LastIndexByte(w, '&'); i >= 0 && n-i < maxReference && bytes.IndexByte(w[i:], ';') < 0 {
			if i > 0 {
				n = i
			} else if s.need(n + 1) {
				return false // the reference may go on
			}
		}
	}
	s.from += n
	if len(s.ends) == 0 {
		if len(bytes.TrimLeft(w[:n], " \t\r\n")) > 0 {
			_, _ = s.fail("text outside the root element")
		}
		return false
	}
	s.setText(w[:n])
	s.text = s.decoded(s.text)
	return len(s.text) > 0
}

// readCDATA reads a piece of a CDATA section. It reports whether there is any.
func (s *Scanner) readCDATA() bool {
	const stop = "]]>"
	w := s.window()
	n := bytes.Index(w, []byte(stop))
	if n >= 0 {
		s.from += n + len(stop)
		s.cdata = false
	} else {
		n = len(w) - len(stop) + 1
		if n <= 0 {
			if !s.need(len(stop)) {
				_, _ = s.fail("the document is cut")
			}
			return false
		}
		s.from += n
	}
	s.setText(w[:n])
	return len(s.text) > 0
}

// setText sets the piece of text, with LF as the line end.
func (s *Scanner) setText(raw []byte) {
	if s.afterCR && len(raw) > 0 {
		s.afterCR = false
		if raw[0] == '\n' {
			raw = raw[1:]
		}
	}
	s.text = raw
	if bytes.IndexByte(raw, '\r') >= 0 {
		s.afterCR = raw[len(raw)-1] == '\r'
		raw = bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n"))
		raw = bytes.ReplaceAll(raw, []byte("\r"), []byte("\n"))
		s.text = raw
	}
}

// decoded returns text with the characters that it refers to.
func (s *Scanner) decoded(raw []byte) []byte {
	at := bytes.IndexByte(raw, '&')
	if at < 0 {
		return raw
	}
	from := len(s.scratch)
	for ; at >= 0; at = bytes.IndexByte(raw, '&') {
		s.scratch = append(s.scratch, raw[:at]...)
		raw = raw[at+1:]
		end := bytes.IndexByte(raw[:min(len(raw), maxReference)], ';')
		r, ok := rune(0), false
		if end > 0 {
			r, ok = character(string(raw[:end]))
		}
		if !ok {
			_, _ = s.fail("%.20q refers to no character", "&"+string(raw[:min(len(raw), maxReference)]))
			return nil
		}
		s.scratch = utf8.AppendRune(s.scratch, r)
		raw = raw[end+1:]
	}
	s.scratch = append(s.scratch, raw...)
	return s.scratch[from:len(s.scratch):len(s.scratch)]
}

// character returns the character that a reference names.
func character(name string) (rune, bool) {
	switch name {
	case "amp":
		return '&', true
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	digits, base := name, 10
	switch {
	case len(name) > 2 && name[:2] == "#x":
		digits, base = name[2:], 16
	case len(name) > 1 && name[0] == '#':
		digits = name[1:]
	default:
		return 0, false
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || n == 0 || n > utf8.MaxRune || !utf8.ValidRune(rune(n)) {
		return 0, false
	}
	return rune(n), true
}
