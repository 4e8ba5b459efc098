package reader

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/transform"
)

// charmaps are the encodings of one byte a character, by the names that --encoding takes. Only windows-1252 is ever
// chosen without it.
func charmaps() map[string]*charmap.Charmap {
	return map[string]*charmap.Charmap{
		"latin-1": charmap.ISO8859_1, "iso-8859-1": charmap.ISO8859_1, "iso-8859-2": charmap.ISO8859_2, "iso-8859-15": charmap.ISO8859_15,
		"windows-1250": charmap.Windows1250, "windows-1251": charmap.Windows1251, "windows-1252": charmap.Windows1252,
		"windows-1253": charmap.Windows1253, "windows-1254": charmap.Windows1254, "windows-1257": charmap.Windows1257,
		"koi8-r": charmap.KOI8R, "macintosh": charmap.Macintosh, "cp437": charmap.CodePage437, "cp850": charmap.CodePage850,
	}
}

var (
	bom8    = []byte{0xef, 0xbb, 0xbf}
	bom16le = []byte{0xff, 0xfe}
	bom16be = []byte{0xfe, 0xff}
)

// text is decoded input: UTF-8 without a byte order mark. What cannot be decoded is in it as bytes that are no valid
// UTF-8, so that the row that holds them is refused; a U+FFFD in it stood in the file.
type text struct {
	io.Reader
	// encoding is the name of what was decoded, as far as it is known by now.
	encoding func() string
}

// decode puts a decoder over in, as its byte order mark or its first bytes say; wanted is --encoding or "".
func decode(in *bufio.Reader, wanted string) (text, error) {
	block, err := in.Peek(in.Size())
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, ErrBroken) {
		return text{}, err
	}
	found, mark := marked(block)
	if found == "" && wanted == "" {
		found = looksUTF16(block)
	}
	if wanted == "" {
		wanted = found
	}
	if found == wanted {
		_, _ = in.Discard(len(mark)) // it was peeked at
	}
	name := func() string { return wanted }
	switch wanted {
	case "":
		lazy := &lazyText{in: in}
		return text{lazy, lazy.name}, nil
	case "utf-8":
		return text{in, name}, nil
	case "utf-16le":
		return text{decoder(in, utf16Text{order: binary.LittleEndian}, wanted), name}, nil
	case "utf-16be":
		return text{decoder(in, utf16Text{order: binary.BigEndian}, wanted), name}, nil
	}
	return text{decoder(in, singleBytes{charmaps()[wanted]}, wanted), name}, nil
}

// marked is the encoding that a byte order mark names, and the mark.
func marked(block []byte) (name string, mark []byte) {
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

// decoder is transform.NewReader. Text that ends within a character broke off: [ErrBroken].
func decoder(in io.Reader, t transform.Transformer, name string) io.Reader {
	return cutText{transform.NewReader(in, t), name}
}

type cutText struct {
	in   io.Reader
	name string
}

// Read implements io.Reader.
func (c cutText) Read(b []byte) (int, error) {
	n, err := c.in.Read(b)
	if errors.Is(err, transform.ErrShortSrc) || errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, ErrBroken) {
		err = fmt.Errorf("%w: the %s text ends in the middle of a character", ErrBroken, c.name)
	}
	return n, err
}

// singleBytes decodes a charmap; a byte that has no character in it stays as it is. (Windows-1252 has five such, of which
// x/text makes control characters.)
type singleBytes struct{ m *charmap.Charmap }

// Reset implements transform.Transformer.
func (singleBytes) Reset() {}

// Transform implements transform.Transformer.
func (s singleBytes) Transform(dst, src []byte, _ bool) (nDst, nSrc int, err error) {
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
			nDst += put(dst[nDst:], r)
		}
	}
	return nDst, nSrc, nil
}

// encodingName is how an encoding is called here, whatever a user calls it.
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
		return "windows-1252"
	}
	return s
}
