package body

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

const nonASCIIBody = `{"contact":{"credit_charged":true,"first_name":"Jürgen","title":"Geschäftsführer"},"remaining_credits":9}`

// A paid answer is read in whatever encoding and compression it comes.
func TestABodyIsReadInAnyEncoding(t *testing.T) {
	with := func(e encoding.Encoding, text string) string {
		s, err := e.NewEncoder().String(text)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	squeezed := func(make func(io.Writer) io.WriteCloser) string {
		var b bytes.Buffer
		w := make(&b)
		_, _ = w.Write([]byte(nonASCIIBody))
		_ = w.Close()
		return b.String()
	}
	const japaneseBody = `{"contact":{"credit_charged":true,"first_name":"ゆき","title":"田中"}}`
	const chineseBody = `{"contact":{"credit_charged":true,"first_name":"王伟"}}`
	json, utf16 := "application/json", unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	for name, tt := range map[string]struct{ contentType, contentEncoding, body, want string }{
		"UTF-8":                       {json + "; charset=utf-8", "", nonASCIIBody, nonASCIIBody},
		"a byte order mark":           {json, "", "\xef\xbb\xbf" + nonASCIIBody, nonASCIIBody},
		"the same under latin1":       {json + "; charset=iso-8859-1", "", "\xef\xbb\xbf" + nonASCIIBody, nonASCIIBody},
		"ISO-8859-1":                  {json + ";charset=iso-8859-1", "", with(charmap.ISO8859_1, nonASCIIBody), nonASCIIBody},
		"ISO-8859-1 in quotes":        {json + `; Charset="ISO-8859-1"`, "", with(charmap.ISO8859_1, nonASCIIBody), nonASCIIBody},
		"windows-1252":                {json + "; charset=windows-1252", "", with(charmap.Windows1252, nonASCIIBody), nonASCIIBody},
		"IBM437":                      {json + "; charset=IBM437", "", with(charmap.CodePage437, nonASCIIBody), nonASCIIBody},
		"UTF-8 that says ISO-8859-1":  {json + "; charset=iso-8859-1", "", nonASCIIBody, nonASCIIBody},
		"Shift_JIS":                   {json + "; charset=Shift_JIS", "", with(japanese.ShiftJIS, japaneseBody), japaneseBody},
		"ISO-2022-JP":                 {json + "; charset=iso-2022-jp", "", with(japanese.ISO2022JP, japaneseBody), japaneseBody},
		"GB18030":                     {json + "; charset=gb18030", "", with(simplifiedchinese.GB18030, chineseBody), chineseBody},
		"UTF-16 with a mark":          {json, "", with(utf16, nonASCIIBody), nonASCIIBody},
		"UTF-16LE without a mark":     {json, "", with(utf16, nonASCIIBody)[2:], nonASCIIBody},
		"UTF-16BE":                    {json + "; charset=utf-16be", "", with(unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), nonASCIIBody), nonASCIIBody},
		"no such encoding":            {json + "; charset=klingon", "", nonASCIIBody, nonASCIIBody},
		"bytes that are not UTF-8":    {json, "", "{\"a\":\"J\xfcrgen\"}", "{\"a\":\"J\uFFFDrgen\"}"},
		"a broken header":             {json + "; charset", "", nonASCIIBody, nonASCIIBody},
		"zero bytes at the end":       {json, "", nonASCIIBody + "\x00\x00", nonASCIIBody},
		"gzip without a header":       {json, "", squeezed(func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }), nonASCIIBody},
		"deflate":                     {json, "Deflate", squeezed(func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }), nonASCIIBody},
		"deflate without zlib's head": {json, "deflate", squeezed(func(w io.Writer) io.WriteCloser { z, _ := flate.NewWriter(w, 9); return z }), nonASCIIBody},
		"deflate that is none":        {json, "deflate", nonASCIIBody, nonASCIIBody},
		"a wrong Content-Encoding":    {json, "br", nonASCIIBody, nonASCIIBody},
	} {
		h := http.Header{"Content-Type": {tt.contentType}, "Content-Encoding": {tt.contentEncoding}}
		got, err := decode(h, []byte(tt.body))
		if err != nil || string(got) != tt.want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestADecompressedBodyIsBounded(t *testing.T) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(strings.Repeat("x", 16*MaxSize)))
	_ = w.Close()
	got, err := decode(http.Header{}, b.Bytes())
	if err != nil || len(got) != MaxSize+1 {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	cut := []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x01")
	if _, err := decode(http.Header{}, cut); err == nil {
		t.Error("the beginning of a body is taken for all of it")
	}
}

// Whatever a server sends, the text is UTF-8, and an error is ErrCorrupt.
func FuzzDecode(f *testing.F) {
	f.Add("application/json; charset=utf-16", "deflate", []byte("{\x00}\x00"))
	f.Add("", "gzip", []byte("\x1f\x8b\x08"))
	f.Add("text/html; charset=shift_jis", "", []byte("\x81"))
	f.Fuzz(func(t *testing.T, contentType, contentEncoding string, body []byte) {
		text, err := decode(http.Header{"Content-Type": {contentType}, "Content-Encoding": {contentEncoding}}, body)
		if err == nil && !utf8.Valid(text) || err != nil && !errors.Is(err, ErrCorrupt) {
			t.Errorf("%q, %v", text, err)
		}
	})
}
