package fakeapi

import (
	"net/http"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// doEncoded answers well, in another encoding than UTF-8.
func doEncoded(contentType string, e encoding.Encoding) func(*call, *order) {
	return func(c *call, _ *order) {
		if !c.build(c.shape()) {
			c.outOfCredits()
			return
		}
		out, err := encoding.HTMLEscapeUnsupported(e.NewEncoder()).Bytes(c.out)
		if err != nil {
			out = c.out
		}
		c.out = out
		c.w.Header().Set("Content-Type", contentType)
		c.send(http.StatusOK)
	}
}

// The encodings that can be ordered.
var (
	latin1 = doEncoded("application/json;charset=iso-8859-1", charmap.ISO8859_1)
	utf16  = doEncoded("application/json", unicode.UTF16(unicode.LittleEndian, unicode.UseBOM))
	bom    = doEncoded("application/json", unicode.UTF8BOM)
)
