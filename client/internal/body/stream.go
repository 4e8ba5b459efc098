package body

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"net/http"

	"golang.org/x/text/transform"
)

// headSize is how much of a body shows whether it is compressed, and how it is encoded.
const headSize = 512

// NewDecompressor returns a reader of a body of any size without its compression, which it finds as [Buffer.Decode] does. A
// body that is complete but cannot be decompressed gives [ErrCorrupt]. The caller bounds what it reads.
func NewDecompressor(h http.Header, from io.Reader) io.Reader {
	return &decompressor{header: h, from: bufio.NewReaderSize(from, 32<<10)}
}

// A decompressor looks at the beginning of a body when it is read.
type decompressor struct {
	header http.Header
	from   *bufio.Reader
	plain  io.Reader // nil: nothing was read yet
	err    error     // plain could not be made
}

// Read implements [io.Reader].
func (d *decompressor) Read(p []byte) (int, error) {
	if d.plain == nil {
		head, _ := d.from.Peek(headSize) // an error comes again with Read
		d.plain, d.err = decompressorOf(d.header, head, d.from)
	}
	if d.err != nil {
		return 0, corrupt(d.err)
	}
	n, err := d.plain.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = corrupt(err)
	}
	return n, err
}

// IsText reports whether a decompressed body that begins with head is UTF-8 already, as [NewText] would decide. It is false if
// all of the body is needed to decide.
func IsText(h http.Header, head []byte) bool {
	return encodingOf(h.Get("Content-Type"), head, func() bool { return false }) == nil
}

// NewText returns a reader of a decompressed body of any size as UTF-8, but for bytes that are not valid in UTF-8. isUTF8 reports
// whether the whole body is valid UTF-8; it is called only if that decides.
func NewText(h http.Header, from io.Reader, isUTF8 func() bool) io.Reader {
	r := bufio.NewReaderSize(from, headSize)
	head, _ := r.Peek(3) // an error comes again with Read
	if e := encodingOf(h.Get("Content-Type"), head, isUTF8); e != nil {
		return transform.NewReader(r, e.NewDecoder())
	}
	return r
}

// decompressorOf returns a reader that undoes deflate, and gzip whatever the header says; head is how the body begins.
func decompressorOf(h http.Header, head []byte, body io.Reader) (io.Reader, error) {
	switch {
	case len(head) >= len(gzipMagic) && string(head[:len(gzipMagic)]) == gzipMagic:
		return gzip.NewReader(body)
	case !isDeflate(h) || isPlain(head):
		return body, nil
	case len(head) > 1 && head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0: // RFC 1950
		return zlib.NewReader(body)
	}
	return flate.NewReader(body), nil // some servers send raw deflate
}
