package decode

import (
	"bufio"
	"encoding/binary"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// detectWindow is how many bytes from the first one that is not ASCII decide between UTF-8 and Windows-1252.
const detectWindow = 64 << 10

// A detector decodes text whose encoding nothing names. As long as all is ASCII there is nothing to decide. From the first
// byte that is not, even if it is megabytes into the file, the next detectWindow bytes decide.
type detector struct {
	in *bufio.Reader // of detectWindow bytes
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

// Read implements io.Reader.
func (d *detector) Read(b []byte) (int, error) {
	if d.decided != nil {
		return d.decided.Read(b)
	}
	if _, err := d.in.Peek(1); err != nil {
		return 0, err
	}
	ready, _ := d.in.Peek(min(d.in.Buffered(), len(b))) // it is buffered
	if n := asciiPrefix(ready); n > 0 {
		copy(b, ready[:n])
		return d.in.Discard(n)
	}
	window, err := d.in.Peek(detectWindow)
	switch {
	case isUTF8(window, err != nil):
		d.encoding, d.decided = "utf-8", d.in
	case isWindows1252(window):
		d.encoding, d.decided = "windows-1252", newDecoder(d.in, charmapDecoder{charmap.Windows1252}, "windows-1252")
	default:
		// The rows with such bytes are refused, because they are not UTF-8. The others are good.
		d.encoding, d.decided = Unknown, d.in
	}
	return d.decided.Read(b)
}

// asciiPrefix returns how many bytes are ASCII before the first that is not.
func asciiPrefix(b []byte) int {
	i := 0
	for ; i+8 <= len(b); i += 8 {
		if binary.LittleEndian.Uint64(b[i:])&0x8080808080808080 != 0 {
			break
		}
	}
	for i < len(b) && b[i] < utf8.RuneSelf {
		i++
	}
	return i
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
