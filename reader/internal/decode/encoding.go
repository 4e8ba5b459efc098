package decode

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/transform"

	"enrich/reader/internal/source"
)

// charmaps returns the encodings of one byte a character, by the names that --encoding takes. Only windows-1252 and
// windows-1250 are ever detected.
func charmaps() map[string]*charmap.Charmap {
	return map[string]*charmap.Charmap{
		"latin-1": charmap.ISO8859_1, "iso-8859-1": charmap.ISO8859_1, "iso-8859-2": charmap.ISO8859_2, "iso-8859-15": charmap.ISO8859_15,
		"windows-1250": charmap.Windows1250, "windows-1251": charmap.Windows1251, "windows-1252": charmap.Windows1252,
		"windows-1253": charmap.Windows1253, "windows-1254": charmap.Windows1254, "windows-1257": charmap.Windows1257,
		"windows-1255": charmap.Windows1255, "windows-1256": charmap.Windows1256, "windows-1258": charmap.Windows1258,
		"windows-874": charmap.Windows874, "iso-8859-7": charmap.ISO8859_7, "iso-8859-9": charmap.ISO8859_9,
		"koi8-r": charmap.KOI8R, "koi8-u": charmap.KOI8U, "macintosh": charmap.Macintosh, "cp437": charmap.CodePage437, "cp850": charmap.CodePage850,
	}
}

var (
	bom8    = []byte{0xef, 0xbb, 0xbf}
	bom16le = []byte{0xff, 0xfe}
	bom16be = []byte{0xfe, 0xff}
)

// decode decodes text as its byte order mark or its first bytes say; encoding is the one of --encoding or "". name returns
// the encoding, as far as it is known by now.
func decode(in *bufio.Reader, encoding string) (text io.Reader, name func() string, err error) {
	block, err := in.Peek(in.Size())
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, source.ErrBroken) {
		return nil, nil, err
	}
	found, mark := byteOrderMark(block)
	if found == "" && encoding == "" {
		found = detectUTF16(block)
	}
	if encoding == "" {
		encoding = found
	}
	if found == encoding {
		_, _ = in.Discard(len(mark)) // it was peeked at
	}
	name = func() string { return encoding }
	switch encoding {
	case "":
		d := &detector{in: in}
		return d, d.name, nil
	case "utf-8":
		return in, name, nil
	case "utf-16le":
		return newDecoder(in, utf16Decoder{order: binary.LittleEndian}, encoding), name, nil
	case "utf-16be":
		return newDecoder(in, utf16Decoder{order: binary.BigEndian}, encoding), name, nil
	}
	if other, ok := multibyte()[encoding]; ok {
		return newDecoder(in, multibyteDecoder{other.NewDecoder().Transformer}, encoding), name, nil
	}
	return newDecoder(in, charmapDecoder{charmaps()[encoding]}, encoding), name, nil
}

// byteOrderMark returns the encoding that a byte order mark names, and the mark.
func byteOrderMark(block []byte) (name string, mark []byte) {
	switch {
	case bytes.HasPrefix(block, bom8):
		return "utf-8", bom8
	case bytes.HasPrefix(block, bom16le):
		return "utf-16le", bom16le
	case bytes.HasPrefix(block, bom16be):
		return "utf-16be", bom16be
	}
	return "", nil
}

// newDecoder returns a reader that decodes. Text that ends within a character is ErrBroken.
func newDecoder(in io.Reader, t transform.Transformer, name string) io.Reader {
	return decodedReader{transform.NewReader(in, t), name}
}

type decodedReader struct {
	in   io.Reader
	name string
}

// Read implements io.Reader.
func (c decodedReader) Read(b []byte) (int, error) {
	n, err := c.in.Read(b)
	if errors.Is(err, transform.ErrShortSrc) || errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, source.ErrBroken) {
		err = fmt.Errorf("%w: the %s text ends in the middle of a character", source.ErrBroken, c.name)
	}
	return n, err
}

// charmapDecoder decodes an encoding of one byte a character. A byte that has no character in it stays as it is: Windows-1252
// has five, of which x/text makes control characters.
type charmapDecoder struct{ m *charmap.Charmap }

// Reset implements transform.Transformer.
func (charmapDecoder) Reset() {}

// Transform implements transform.Transformer.
func (s charmapDecoder) Transform(dst, src []byte, _ bool) (nDst, nSrc int, err error) {
	for ; nSrc < len(src); nSrc++ {
		if nDst+4 > len(dst) {
			return nDst, nSrc, transform.ErrShortDst
		}
		switch b := src[nSrc]; {
		case b < 0x80:
			dst[nDst] = b
			nDst++
		default:
			r := s.m.DecodeByte(b)
			if r == '\uFFFD' || s.m == charmap.Windows1252 && r < 0xa0 {
				dst[nDst] = b
				nDst++
				continue
			}
			nDst += putRune(dst[nDst:], r)
		}
	}
	return nDst, nSrc, nil
}

// IsEncoding reports whether --encoding may name an encoding so.
func IsEncoding(name string) bool {
	switch name = encodingName(name); name {
	case "utf-8", "utf-16le", "utf-16be":
		return true
	}
	return charmaps()[name] != nil || multibyte()[name] != nil
}

// OtherEncodings returns the names of the encodings that are seldom used, sorted.
func OtherEncodings() []string {
	var names []string
	for name := range charmaps() {
		if name != "latin-1" && name != Windows1252 {
			names = append(names, name)
		}
	}
	names = slices.AppendSeq(names, maps.Keys(multibyte()))
	slices.Sort(names)
	return names
}

// encodingName returns the name of an encoding that users call by several.
func encodingName(s string) string {
	s = strings.ReplaceAll(strings.ToLower(s), "_", "-")
	switch s {
	case "utf8":
		return "utf-8"
	case "utf16le", "utf-16-le":
		return "utf-16le"
	case "utf16be", "utf-16-be":
		return "utf-16be"
	case "latin1":
		return "latin-1"
	case "cp1252", "ansi":
		return Windows1252
	case "sjis", "shiftjis", "cp932", "windows-31j":
		return "shift-jis"
	case "gb18030", "gb2312", "cp936":
		return "gbk"
	case "cp950":
		return "big5"
	case "cp949", "ks-c-5601-1987":
		return "euc-kr"
	}
	return s
}
