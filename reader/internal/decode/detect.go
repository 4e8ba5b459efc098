package decode

import (
	"bufio"
	"bytes"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"enrich/reader/internal/source"
)

// detectWindow is how many bytes from the first one that is not ASCII decide between UTF-8, Windows-1250 and Windows-1252.
const detectWindow = 64 << 10

// A detector decodes text whose encoding nothing names. As long as all is ASCII there is nothing to decide. From the first
// byte that is not, even if it is megabytes into the file, the next detectWindow bytes decide.
type detector struct {
	in io.Reader
	// rest is the text from the first byte that is not ASCII; nil as long as there is none.
	rest *bufio.Reader
	// decided is the decoded rest, once the encoding was decided.
	decided  io.Reader
	encoding string
}

func (d *detector) name() string {
	if d.encoding == "" {
		return "utf-8"
	}
	return d.encoding
}

// IsASCII reports whether all text so far is ASCII.
func (d *detector) IsASCII() bool { return d.rest == nil }

// Read implements io.Reader.
func (d *detector) Read(b []byte) (int, error) {
	if d.decided != nil {
		return d.decided.Read(b)
	}
	if d.rest == nil {
		n, err := d.in.Read(b)
		ascii := source.ASCIIPrefix(b[:n])
		if ascii == n {
			return n, err
		}
		d.rest = bufio.NewReaderSize(source.Rejoin(bytes.Clone(b[ascii:n]), d.in, err), detectWindow)
		if ascii > 0 {
			return ascii, nil
		}
	}
	return d.decide(b)
}

// decide decides by the beginning of the rest, and reads.
func (d *detector) decide(b []byte) (int, error) {
	window, err := d.rest.Peek(detectWindow)
	switch {
	case isUTF8(window, err != nil):
		d.encoding, d.decided = "utf-8", d.rest
	case isWindows1250(window):
		d.encoding, d.decided = "windows-1250", newDecoder(d.rest, charmapDecoder{charmap.Windows1250}, "windows-1250")
	case isWindows1252(window):
		d.encoding, d.decided = Windows1252, newDecoder(d.rest, charmapDecoder{charmap.Windows1252}, Windows1252)
	default:
		// The rows with such bytes are refused, because they are not UTF-8. The others are good.
		d.encoding, d.decided = Unknown, d.rest
	}
	return d.decided.Read(b)
}

// isUTF8 reports whether text has at least as many UTF-8 characters as bytes that are not UTF-8: then it is UTF-8 with some
// malformed rows. Windows-1252 text is hardly ever valid UTF-8 by chance: that takes an accented capital followed by a
// symbol. A character cut by the window's end does not count, unless the input ends there.
func isUTF8(window []byte, whole bool) bool {
	good, bad := 0, 0
	for i := 0; i < len(window); {
		if window[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, size := utf8.DecodeRune(window[i:])
		switch {
		case r != utf8.RuneError || size > 1:
			good++
		case !whole && !utf8.FullRune(window[i:]):
			return good >= bad
		default:
			bad++
		}
		i += size
	}
	return good >= bad && good > 0
}
