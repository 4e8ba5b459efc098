package client

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
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

	"enrich/contact"
)

// decodeBody returns the body of a response as UTF-8 without a byte order mark, whatever its encoding. Everything that a
// server may send although nobody asked for it is undone here, because the answer below it may be paid for: compression
// ([decompress]), an encoding other than UTF-8 that Content-Type or a byte order mark names, and zero bytes at the end.
//
// body was read whole, at most maxBody+1 bytes; it is returned as it is if there is nothing to undo. An error is of a body
// that is complete and cannot be decoded. The result can be longer than maxBody.
func decodeBody(h http.Header, body []byte) ([]byte, error) {
	body, err := decompress(h.Get("Content-Encoding"), body)
	if err != nil {
		return body, err
	}
	if e := encodingOf(h.Get("Content-Type"), body); e != nil {
		if decoded, err := e.NewDecoder().Bytes(body); err == nil {
			body = decoded
		}
	}
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	body = bytes.TrimRight(body, "\x00\x1a")
	if !utf8.Valid(body) { // no JSON can be anything else
		body = bytes.ToValidUTF8(body, []byte("\uFFFD"))
	}
	return body, nil
}

// decompress undoes a Content-Encoding that the transport has not undone, and gzip without one. A bomb ends at the bound.
func decompress(name string, body []byte) ([]byte, error) {
	var r io.Reader
	var err error
	in := bytes.NewReader(body)
	switch name = strings.ToLower(strings.TrimSpace(name)); {
	case bytes.HasPrefix(body, []byte("\x1f\x8b\x08")):
		r, err = gzip.NewReader(in)
	case name != "deflate" || plain(body):
		return body, nil
	case len(body) > 1 && body[0]&0x0f == 8 && (int(body[0])<<8|int(body[1]))%31 == 0:
		r, err = zlib.NewReader(in)
	default: // some servers mean raw deflate
		r = flate.NewReader(in)
	}
	if err != nil {
		return body, fmt.Errorf("decompress the response: %w", err)
	}
	whole, err := io.ReadAll(io.LimitReader(r, maxBody+1))
	if err != nil {
		return body, fmt.Errorf("decompress the response: %w", err)
	}
	return whole, nil
}

// plain reports whether a body is text that begins as JSON does, whatever its header says.
func plain(body []byte) bool {
	body = bytes.TrimLeft(body, " \t\r\n\xef\xbb\xbf")
	return len(body) == 0 || body[0] == '{' || body[0] == '[' || body[0] == '<'
}

// encodingOf is what a body must be decoded from; nil: it is UTF-8, or nobody says what it is. A byte order mark counts
// more than the header, and the zero bytes of UTF-16 more than no header at all.
//
// Servers that name a Latin encoding by mistake are common, and text in one that happens to be UTF-8 is not: what is valid
// UTF-8 stays.
func encodingOf(contentType string, body []byte) encoding.Encoding {
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
	if utf8.Valid(body) && isLatin(name) {
		return nil
	}
	return e
}

// isLatin reports whether an encoding has a letter or a mark for most bytes above 0x7f, so that valid UTF-8 is hardly text in it.
func isLatin(name string) bool {
	for _, prefix := range []string{"iso-8859-", "iso8859", "windows-125", "cp125", "latin", "l1", "us-ascii", "ascii", "macintosh"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// isObject reports whether a body is one whole JSON object. No part of one is.
func isObject(body []byte) bool {
	if len(body) > maxBody {
		return false
	}
	_, err := contact.ParseAnswer(body)
	return err == nil
}

// escapeControls escapes the control characters in the strings of a JSON text. Between its tokens they stay.
func escapeControls(body []byte) []byte {
	out := make([]byte, 0, len(body)+64)
	inside := false
	for i := 0; i < len(body); i++ {
		switch b := body[i]; {
		case b == '"':
			inside = !inside
		case b == '\\' && inside && i+1 < len(body) && body[i+1] >= ' ':
			out = append(out, b)
			i++
		case b < ' ' && inside:
			out = fmt.Appendf(out, `\u%04x`, b)
			continue
		}
		out = append(out, body[i])
	}
	return out
}
