package body

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/unicode"
)

// ErrCorrupt is the error of a body that is complete but cannot be decompressed.
var ErrCorrupt = errors.New("the answer cannot be decoded")

// corrupt wraps an error of gzip in [ErrCorrupt], unless it says that the body was cut.
func corrupt(err error) error {
	var input flate.CorruptInputError
	if errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || errors.As(err, &input) {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return err
}

// decode returns a body as UTF-8 text without a byte order mark, and without zero bytes at its end. It undoes compression
// ([decompress]) and an encoding other than UTF-8 that Content-Type or a byte order mark names.
//
// It returns the body itself if there is nothing to undo. The text can be longer than MaxSize. The error is [ErrCorrupt].
func decode(h http.Header, body []byte) ([]byte, error) {
	body, err := decompress(h, body)
	if err != nil {
		return body, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if e := encodingOf(h.Get("Content-Type"), body, func() bool { return utf8.Valid(body) }); e != nil {
		if decoded, err := e.NewDecoder().Bytes(body); err == nil {
			body = decoded
		}
	}
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	body = bytes.TrimRight(body, "\x00\x1a")
	if !utf8.Valid(body) { // JSON is always UTF-8
		body = bytes.ToValidUTF8(body, []byte("\uFFFD"))
	}
	return body, nil
}

// decompress undoes deflate, and gzip whatever the header says. It stops at MaxSize+1 bytes.
func decompress(h http.Header, body []byte) ([]byte, error) {
	in := io.Reader(bytes.NewReader(body))
	r, err := decompressorOf(h, body, in)
	if err != nil || r == in {
		return body, err
	}
	whole, err := io.ReadAll(io.LimitReader(r, MaxSize+1))
	if err != nil {
		return body, err
	}
	return whole, nil
}

// isPlain reports whether a body is uncompressed text, whatever its header says: it begins as JSON or HTML does.
func isPlain(body []byte) bool {
	body = bytes.TrimLeft(body, " \t\r\n\xef\xbb\xbf")
	return len(body) == 0 || body[0] == '{' || body[0] == '[' || body[0] == '<'
}

// encodingOf returns the encoding of a body; nil if it is UTF-8 or unknown. A byte order mark wins over the header, and the
// zero bytes of UTF-16 win over no header.
//
// Servers often name a Latin encoding by mistake, and Latin text is hardly ever valid UTF-8: a body that is valid UTF-8 (isUTF8)
// is taken as UTF-8. Of the body only the beginning is needed.
func encodingOf(contentType string, body []byte, isUTF8 func() bool) encoding.Encoding {
	switch {
	case bytes.HasPrefix(body, []byte("\xef\xbb\xbf")):
		return nil
	case bytes.HasPrefix(body, []byte("\xff\xfe")), bytes.HasPrefix(body, []byte("{\x00")):
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	case bytes.HasPrefix(body, []byte("\xfe\xff")), bytes.HasPrefix(body, []byte("\x00{")):
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	}
	if strings.HasSuffix(contentType, "charset=utf-8") || !strings.Contains(strings.ToLower(contentType), "charset") {
		return nil
	}
	_, params, _ := mime.ParseMediaType(contentType)
	name := strings.ToLower(strings.Trim(params["charset"], `'" `))
	if strings.HasPrefix(name, "utf-8") || name == "utf8" || name == "" {
		return nil
	}
	e, err := htmlindex.Get(name)
	if err != nil || e == encoding.Replacement {
		if e, err = ianaindex.MIME.Encoding(name); err != nil {
			return nil
		}
	}
	if isLatin(name) && isUTF8() {
		return nil
	}
	return e
}

// isLatin reports whether an encoding has a letter or a mark for most bytes above 0x7f.
func isLatin(name string) bool {
	for _, prefix := range []string{"iso-8859-", "iso8859", "windows-125", "cp125", "latin", "l1", "us-ascii", "ascii", "macintosh"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
