package reader

import (
	"bufio"
	"encoding/binary"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// lookAhead is how many bytes from the first one that is not ASCII decide between UTF-8 and Windows-1252.
const lookAhead = 64 << 10

// unknown is the encoding of text that is neither UTF-8 nor Windows-1252.
const unknown = "unknown"

// lazyText decodes text whose encoding nothing names. While all is ASCII there is nothing to decide; at the first byte
// that is not, be it megabytes into the file, the window from there on decides.
type lazyText struct {
	in *bufio.Reader // of lookAhead bytes
	// decided is the decoded rest, once there was something to decide.
	decided  io.Reader
	encoding string
}

func (t *lazyText) name() string {
	if t.encoding == "" {
		return "utf-8"
	}
	return t.encoding
}

// Read implements io.Reader.
func (t *lazyText) Read(b []byte) (int, error) {
	if t.decided != nil {
		return t.decided.Read(b)
	}
	if _, err := t.in.Peek(1); err != nil {
		return 0, err
	}
	ready, _ := t.in.Peek(min(t.in.Buffered(), len(b))) // it is buffered
	if n := asciiPrefix(ready); n > 0 {
		copy(b, ready[:n])
		return t.in.Discard(n)
	}
	window, err := t.in.Peek(lookAhead)
	switch {
	case isUTF8(window, err != nil):
		t.encoding, t.decided = "utf-8", t.in
	case isWestern(window):
		t.encoding, t.decided = "windows-1252", decoder(t.in, singleBytes{charmap.Windows1252}, "windows-1252")
	default:
		// The rows with such bytes are refused, because they are no UTF-8; the others are good.
		t.encoding, t.decided = unknown, t.in
	}
	return t.decided.Read(b)
}

// asciiPrefix is how many bytes are ASCII before the first that is not.
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

// isUTF8 decides: text with more characters that are UTF-8 than bytes that are not is UTF-8 with some rows spoiled.
// Windows-1252 text is hardly ever valid by chance: that takes an accented capital followed by a symbol. A
// character cut by the window's end says nothing, unless the input ends there.
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
