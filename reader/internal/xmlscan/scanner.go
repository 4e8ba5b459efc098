// Package xmlscan reads the elements, attributes and text of an XML document, forward only and in bounded memory.
//
// It is for documents that programs write and that may be gigabytes: the parts of a workbook. A tag may have [MaxTag] bytes, text
// has no limit and comes in pieces. It checks that every element is closed by its own end tag, so that a document that was cut
// is never taken for a whole one. It returns names as they are written, with their prefix, and does not resolve namespaces.
// Text is returned decoded: entities, character references and CDATA sections are replaced, line ends are LF.
//
// It is not a validating parser. A document type declaration is refused, because the entities that it could declare are
// the way to blow up a document; nothing that it reads is ever expanded. Bytes that are not UTF-8 are returned as they are.
package xmlscan

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"golang.org/x/text/encoding/unicode"
)

const (
	// MaxTag is the longest tag, in bytes.
	MaxTag = 1 << 20
	// maxDepth is how deep elements may be nested.
	maxDepth = 256
	// windowSize is how much of a document is read at once, in bytes.
	windowSize = 64 << 10
)

// ErrSyntax says that a document is not well-formed XML, or is cut.
var ErrSyntax = errors.New("malformed XML")

// A Kind is the kind of a token.
type Kind uint8

// The kinds of tokens.
const (
	Start Kind = iota + 1 // a start tag; an empty element is one too, and its End follows
	End                   // an end tag
	Text                  // a piece of text
)

// A Scanner reads a document. Names, values and text are valid until the next call of Next.
type Scanner struct {
	in       io.Reader
	buf      []byte
	from, to int
	moved    int   // bytes of the document that are no longer in buf
	readErr  error // how in ended
	err      error // stays

	name    []byte // of the element, with its prefix
	attrs   []byte // what is left of the attributes of a start tag
	text    []byte
	scratch []byte // decoded text and values
	empty   bool   // the End of an empty element follows
	cdata   bool   // inside a CDATA section
	afterCR bool   // a line feed that comes next was already returned
	open    []byte // the names of the open elements, one after another
	ends    []int  // where each ends in open
	rooted  bool   // there was a root element
}

// New returns a scanner of the document that in returns, in UTF-8 or, with a byte order mark, UTF-16.
func New(in io.Reader) *Scanner {
	s := &Scanner{buf: make([]byte, windowSize)}
	s.Reset(in)
	return s
}

// Reset begins another document, with the same buffers.
func (s *Scanner) Reset(in io.Reader) {
	*s = Scanner{in: in, buf: s.buf, scratch: s.scratch[:0], open: s.open[:0], ends: s.ends[:0]}
	s.fill()
	for s.to < 2 && s.readErr == nil {
		s.fill()
	}
	if head := s.buf[:s.to]; bytes.HasPrefix(head, []byte{0xff, 0xfe}) || bytes.HasPrefix(head, []byte{0xfe, 0xff}) {
		rest := io.Reader(io.MultiReader(bytes.NewReader(bytes.Clone(head)), s.in))
		if s.readErr != nil {
			rest = bytes.NewReader(bytes.Clone(head))
		}
		s.in, s.from, s.to, s.readErr = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Reader(rest), 0, 0, nil
	} else if s.need(3); bytes.HasPrefix(s.window(), []byte("\xef\xbb\xbf")) {
		s.from += 3
	}
}

// window returns what was read and not yet taken.
func (s *Scanner) window() []byte { return s.buf[s.from:s.to] }

// fill reads once. It makes room first, by moving what is left to the front or by doubling the buffer.
func (s *Scanner) fill() {
	if s.readErr != nil {
		return
	}
	if s.to == len(s.buf) {
		if s.from > 0 {
			s.to = copy(s.buf, s.buf[s.from:s.to])
			s.moved += s.from
			s.from = 0
		} else {
			s.buf = append(s.buf, make([]byte, len(s.buf))...)
		}
	}
	for range 100 {
		n, err := s.in.Read(s.buf[s.to:])
		s.to += n
		if s.readErr = err; n > 0 || err != nil {
			return
		}
	}
	s.readErr = io.ErrNoProgress
}

// need reads until the window has n bytes, and reports whether it has.
func (s *Scanner) need(n int) bool {
	for s.to-s.from < n && s.readErr == nil {
		s.fill()
	}
	return s.to-s.from >= n
}

// fail ends the scanner. If the document could not be read, that is the error.
func (s *Scanner) fail(format string, args ...any) (Kind, error) {
	if s.readErr != nil && s.readErr != io.EOF { //nolint:errorlint // an error that wraps io.EOF is not the end
		s.err = s.readErr
	} else {
		s.err = fmt.Errorf("%w: %s", ErrSyntax, fmt.Sprintf(format, args...))
	}
	return 0, s.err
}

// Name returns the name of the element of a Start or End, with its prefix.
func (s *Scanner) Name() []byte { return s.name }

// Is reports whether the name of the element, without its prefix, is local.
func (s *Scanner) Is(local string) bool { return string(Local(s.name)) == local }

// Local returns a name without its prefix.
func Local(name []byte) []byte {
	if i := bytes.IndexByte(name, ':'); i >= 0 {
		return name[i+1:]
	}
	return name
}

// Text returns the piece of text of a Text.
func (s *Scanner) Text() []byte { return s.text }

// Offset returns where the next token begins in the document, in bytes after decoding; between the tags of an empty element, where
// the element ends.
func (s *Scanner) Offset() int { return s.moved + s.from }

// Depth returns how many elements are open: 1 after the Start of the root element.
func (s *Scanner) Depth() int { return len(s.ends) }

// Next returns the next token; io.EOF after the end of the root element. Other errors are those of the document's reader, or
// wrap [ErrSyntax].
func (s *Scanner) Next() (Kind, error) {
	if s.err != nil {
		return 0, s.err
	}
	if s.empty {
		s.empty = false
		s.pop()
		return End, nil
	}
	s.attrs, s.scratch = nil, s.scratch[:0]
	for {
		if s.from == s.to && !s.need(1) {
			return s.end()
		}
		switch {
		case s.cdata:
			if s.readCDATA() {
				return Text, nil
			}
		case s.buf[s.from] != '<':
			if s.readText() {
				return Text, nil
			}
		default:
			if kind, err := s.readMarkup(); kind != 0 || err != nil {
				return kind, err
			}
		}
		if s.err != nil {
			return 0, s.err
		}
	}
}

// end returns how a document ended.
func (s *Scanner) end() (Kind, error) {
	if s.readErr != io.EOF || s.cdata || len(s.ends) > 0 || !s.rooted { //nolint:errorlint // an error that wraps io.EOF is not the end
		return s.fail("the document is cut")
	}
	s.err = io.EOF
	return 0, io.EOF
}

// push opens an element. The name is kept in a buffer of its own: the window may move before the end tag.
func (s *Scanner) push(name []byte) error {
	if len(s.ends) == maxDepth {
		_, err := s.fail("elements are nested deeper than %d levels", maxDepth)
		return err
	}
	if len(s.ends) == 0 && s.rooted {
		_, err := s.fail("something follows the root element")
		return err
	}
	s.rooted = true
	s.open = append(s.open, name...)
	s.ends = append(s.ends, len(s.open))
	return nil
}

// pop closes the innermost element.
func (s *Scanner) pop() {
	s.ends = s.ends[:len(s.ends)-1]
	n := 0
	if len(s.ends) > 0 {
		n = s.ends[len(s.ends)-1]
	}
	s.open = s.open[:n]
}

// innermost returns the name of the innermost open element.
func (s *Scanner) innermost() []byte {
	n := 0
	if len(s.ends) > 1 {
		n = s.ends[len(s.ends)-2]
	}
	return s.open[n:]
}

// Skip reads to the End of the element whose Start was read last.
func (s *Scanner) Skip() error {
	for depth := len(s.ends); ; {
		kind, err := s.Next()
		if err != nil {
			return err
		}
		if kind == End && len(s.ends) < depth {
			return nil
		}
	}
}
