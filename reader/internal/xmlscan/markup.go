package xmlscan

import (
	"bytes"
)

// readMarkup reads what begins with "<". It returns 0 for what is not a token: a comment, an instruction, the begin of a CDATA
// section.
func (s *Scanner) readMarkup() (Kind, error) {
	if !s.need(2) {
		return s.fail("the document is cut")
	}
	switch s.buf[s.from+1] {
	case '/':
		return s.readEnd()
	case '?':
		return 0, s.skipTo(2, "?>")
	case '!':
		return s.readDeclaration()
	}
	return s.readStart()
}

// readDeclaration reads what begins with "<!".
func (s *Scanner) readDeclaration() (Kind, error) {
	const comment, cdata = "<!--", "<![CDATA["
	if s.need(len(comment)); bytes.HasPrefix(s.window(), []byte(comment)) {
		return 0, s.skipTo(len(comment), "-->")
	}
	if s.need(len(cdata)); bytes.HasPrefix(s.window(), []byte(cdata)) && len(s.ends) > 0 {
		s.from += len(cdata)
		s.cdata = true
		return 0, nil
	}
	return s.fail("a declaration that is not allowed here")
}

// skipTo steps over n bytes and all that follows up to the end of stop.
func (s *Scanner) skipTo(n int, stop string) error {
	for s.from += n; ; {
		if i := bytes.Index(s.window(), []byte(stop)); i >= 0 {
			s.from += i + len(stop)
			return nil
		}
		s.from = max(s.from, s.to-len(stop)+1)
		if !s.need(s.to - s.from + 1) {
			_, err := s.fail("the document is cut")
			return err
		}
	}
}

// readTag returns a tag without its brackets, and steps over it. A quoted value may contain ">".
func (s *Scanner) readTag() ([]byte, bool) {
	var quote byte
	for searched := 1; ; {
		w := s.window()
		for i := searched; i < len(w); i++ {
			switch b := w[i]; {
			case b == '>' && quote == 0:
				s.from += i + 1
				return w[1:i], true
			case b == '"' || b == '\'':
				switch quote {
				case 0:
					quote = b
				case b:
					quote = 0
				}
			}
		}
		searched = len(w)
		if len(w) > MaxTag {
			_, _ = s.fail("a tag is longer than %d bytes", MaxTag)
			return nil, false
		}
		if !s.need(len(w) + 1) {
			_, _ = s.fail("the document is cut")
			return nil, false
		}
	}
}

func (s *Scanner) readEnd() (Kind, error) {
	tag, ok := s.readTag()
	if !ok {
		return 0, s.err
	}
	name := tag[1:]
	for len(name) > 0 && isSpace(name[len(name)-1]) {
		name = name[:len(name)-1]
	}
	if len(s.ends) == 0 || !bytes.Equal(name, s.innermost()) {
		return s.fail("the end tag %.40q closes nothing", name)
	}
	s.name = name
	s.pop()
	return End, nil
}

func (s *Scanner) readStart() (Kind, error) {
	tag, ok := s.readTag()
	if !ok {
		return 0, s.err
	}
	if n := len(tag); n > 0 && tag[n-1] == '/' {
		s.empty, tag = true, tag[:n-1]
	}
	n := 0
	for n < len(tag) && !isSpace(tag[n]) {
		if b := tag[n]; b == '<' || b == '&' || b == '"' || b == '\'' || b == '=' {
			return s.fail("%.40q is not a tag", tag)
		}
		n++
	}
	if n == 0 {
		return s.fail("a tag without a name")
	}
	s.name, s.attrs = tag[:n], tag[n:]
	if err := s.push(s.name); err != nil {
		return 0, err
	}
	return Start, nil
}

// Attr returns the next attribute of a start tag: its name with its prefix, and its value. ok is false after the last one. If
// an attribute is malformed, the following Next returns the error.
func (s *Scanner) Attr() (name, value []byte, ok bool) {
	a := s.attrs
	i := 0
	for i < len(a) && isSpace(a[i]) {
		i++
	}
	if i == len(a) {
		s.attrs = nil
		return nil, nil, false
	}
	from := i
	for i < len(a) && a[i] != '=' && !isSpace(a[i]) {
		i++
	}
	name = a[from:i]
	for i < len(a) && isSpace(a[i]) {
		i++
	}
	if i < len(a) && a[i] == '=' {
		i++
		for i < len(a) && isSpace(a[i]) {
			i++
		}
		if i < len(a) && (a[i] == '"' || a[i] == '\'') {
			if end := bytes.IndexByte(a[i+1:], a[i]); end >= 0 && len(name) > 0 {
				value, s.attrs = a[i+1:i+1+end], a[i+2+end:]
				return name, s.decoded(value), true
			}
		}
	}
	s.attrs = nil
	_, _ = s.fail("the attributes of %.40q", s.name)
	return nil, nil, false
}

func isSpace(b byte) bool { return b == ' ' || b == '\n' || b == '\t' || b == '\r' }
