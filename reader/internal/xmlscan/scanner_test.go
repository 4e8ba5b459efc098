package xmlscan_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"enrich/reader/internal/xmlscan"
)

// events returns a document's tokens, text in one piece.
func events(in io.Reader) (string, error) {
	var b, text strings.Builder
	s := xmlscan.New(in)
	for {
		kind, err := s.Next()
		if kind != xmlscan.Text && text.Len() > 0 {
			fmt.Fprintf(&b, "%q", text.String())
			text.Reset()
		}
		if err != nil {
			return b.String(), err
		}
		switch kind {
		case xmlscan.Start:
			fmt.Fprintf(&b, "<%s", s.Name())
			for name, value, ok := s.Attr(); ok; name, value, ok = s.Attr() {
				fmt.Fprintf(&b, " %s=%q", name, value)
			}
			b.WriteString(">")
		case xmlscan.End:
			fmt.Fprintf(&b, "</%s>", s.Name())
		case xmlscan.Text:
			text.Write(s.Text())
		}
	}
}

// Documents give their elements, attributes and text, whatever the sizes of the reads.
func TestEvents(t *testing.T) {
	for doc, expected := range map[string]string{
		`<?xml version="1.0"?><a/>`:                            `<a></a>`,
		`<a b="1" x:c='2 "q"' >t</a >`:                         `<a b="1" x:c="2 \"q\"">"t"</a>`,
		`<a b=">"><x:b/></a>`:                                  `<a b=">"><x:b></x:b></a>`,
		`<a b="it's > that"/>`:                                 `<a b="it's > that"></a>`,
		`<a>1 &lt; 2 &amp;&#65;&#x42;&quot;&apos;&gt;</a>`:     `<a>"1 < 2 &AB\"'>"</a>`,
		`<a b="&lt;&#10;">x</a>`:                               `<a b="<\n">"x"</a>`,
		"<a>1\r\n2\r3\n\r4</a>":                                `<a>"1\n2\n3\n\n4"</a>`,
		`<a><![CDATA[<b>&amp;]]]]><![CDATA[>]]></a>`:           `<a>"<b>&amp;]]>"</a>`,
		`<a><!-- <b> - -- ->x--><b/><?p <c>?></a><!-- end -->`: `<a><b></b></a>`,
		"\ufeff<a>é</a>\n":                                     `<a>"é"</a>`,
		`<a	b="1"
 c = "2"/>`: `<a b="1" c="2"></a>`,
	} {
		for name, in := range map[string]io.Reader{
			"whole": strings.NewReader(doc), "byte by byte": iotest.OneByteReader(strings.NewReader(doc)), "with the error": iotest.DataErrReader(strings.NewReader(doc)),
		} {
			if got, err := events(in); got != expected || err != io.EOF { //nolint:errorlint // it must be the same value
				t.Errorf("%s, %s: %s, %v; expected %s", doc, name, got, err, expected)
			}
		}
	}
}

// UTF-16 is decoded, as Office reads it.
func TestUTF16(t *testing.T) {
	var b bytes.Buffer
	for _, u := range utf16.Encode([]rune("\ufeff<a b='ü'>€😀</a>")) {
		b.Write([]byte{byte(u), byte(u >> 8)})
	}
	if got, err := events(&b); got != `<a b="ü">"€😀"</a>` || !errors.Is(err, io.EOF) {
		t.Error(got, err)
	}
}

// What is not XML, or is cut, is an error and never the end; a read error stays what it is.
func TestMalformed(t *testing.T) {
	for _, doc := range []string{
		"", " ", "text", "<a>", "<a></b>", "<a/><b/>", "<a></a></a>", "</a>", "<a><b></a></b>", "<a b></a>", "<a b=1/>", "<a b=\"1/>", "<a ='1'/>", "<a>&nbsp;</a>",
		"<a>&#0;</a>", "<a>&#xD800;</a>", "<a>&#99999999;</a>", "<a>&amp</a>", "<a>&", "<a><!-- x</a>", "<a><![CDATA[x</a>", "<a", "<", "<a><", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
		"<![CDATA[x]]>", "< a/>", "<a/>x", "<a><?x", "<a><!", "<a><!-", "<a b='&x;'/>", strings.Repeat("<a>", 300), "<a " + strings.Repeat("b", 2<<20) + "/>",
	} {
		if _, err := events(strings.NewReader(doc)); !errors.Is(err, xmlscan.ErrSyntax) {
			t.Errorf("%.40q: %v", doc, err)
		}
	}
	failure := errors.New("flate: corrupt input")
	for _, doc := range []string{"", "<a", "<a>", "<a>text", "<a><b/>"} {
		if _, err := events(io.MultiReader(strings.NewReader(doc), iotest.ErrReader(failure))); !errors.Is(err, failure) {
			t.Errorf("%q: %v", doc, err)
		}
	}
	if _, err := events(stuck{}); !errors.Is(err, io.ErrNoProgress) {
		t.Error(err)
	}
}

type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

// Long text comes in pieces, and memory does not grow with it.
func TestLongTextIsBounded(t *testing.T) {
	const size = 64 << 20
	allocated := testing.AllocsPerRun(1, func() {
		s := xmlscan.New(io.MultiReader(strings.NewReader("<a>"), io.LimitReader(letters{}, size), strings.NewReader("</a>")))
		n := 0
		for {
			kind, err := s.Next()
			if err != nil {
				break
			}
			if kind == xmlscan.Text {
				n += len(s.Text())
			}
		}
		if n != size {
			t.Errorf("%d bytes of text, expected %d", n, size)
		}
	})
	if allocated > 50 {
		t.Errorf("%v allocations", allocated)
	}
}

type letters struct{}

func (letters) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 'x'
	}
	return len(b), nil
}

// Skip steps over an element with all that is in it.
func TestSkip(t *testing.T) {
	s := xmlscan.New(strings.NewReader("<a><b><c/>x<c>y</c></b><d/></a>"))
	for range 2 {
		if _, err := s.Next(); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Skip(); err != nil || s.Depth() != 1 {
		t.Fatal(err, s.Depth())
	}
	if kind, err := s.Next(); kind != xmlscan.Start || !s.Is("d") || err != nil {
		t.Errorf("%s, %v", s.Name(), err)
	}
	if err := s.Skip(); err != nil || s.Depth() != 1 {
		t.Error(err, s.Depth())
	}
}

// What encoding/xml reads, the scanner reads alike; whatever it reads, it does so in any sizes of reads.
func FuzzScanner(f *testing.F) {
	for _, seed := range []string{
		`<?xml version="1.0"?><a b="1">x&lt;<b/></a>`, "<a>\r\n<![CDATA[x]]></a>", "<x:a x:b='1'><!-- c --></x:a>", "<a>&#65;</a>", "<a><b></a>", "\ufeff<a/>",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, doc string) {
		got, err := events(strings.NewReader(doc))
		again, errAgain := events(iotest.OneByteReader(strings.NewReader(doc)))
		if errors.Is(err, io.EOF) != errors.Is(errAgain, io.EOF) || errors.Is(err, io.EOF) && again != got {
			t.Fatalf("%q is %s, %v; byte by byte %s, %v", doc, got, err, again, errAgain)
		}
		if expected, ok := reference(doc); ok && (got != expected || !errors.Is(err, io.EOF)) {
			t.Fatalf("%q is %s, %v; expected %s", doc, got, err, expected)
		}
	})
}

// reference returns the tokens of a document that encoding/xml reads; ok is false if it refuses it, or if it has what the scanner
// refuses.
func reference(doc string) (all string, ok bool) {
	d := xml.NewDecoder(strings.NewReader(strings.TrimPrefix(doc, "\ufeff")))
	var b, text strings.Builder
	depth, roots := 0, 0
	for {
		token, err := d.Token()
		if _, isText := token.(xml.CharData); !isText && text.Len() > 0 {
			if _, isComment := token.(xml.Comment); isComment {
				continue
			}
			if _, isInstruction := token.(xml.ProcInst); isInstruction {
				continue
			}
			fmt.Fprintf(&b, "%q", text.String())
			text.Reset()
		}
		if err != nil {
			return b.String(), errors.Is(err, io.EOF) && roots == 1
		}
		switch v := token.(type) {
		case xml.StartElement:
			if v.Name.Space != "" || strings.Contains(v.Name.Local, ":") {
				return "", false // encoding/xml resolves prefixes
			}
			if depth++; depth == 1 {
				roots++
			}
			fmt.Fprintf(&b, "<%s", v.Name.Local)
			for _, a := range v.Attr {
				if a.Name.Space != "" || strings.Contains(a.Name.Local, ":") || a.Name.Local == "xmlns" || strings.ContainsAny(a.Value, "\r") {
					return "", false
				}
				fmt.Fprintf(&b, " %s=%q", a.Name.Local, a.Value)
			}
			b.WriteString(">")
		case xml.EndElement:
			depth--
			fmt.Fprintf(&b, "</%s>", v.Name.Local)
		case xml.CharData:
			if depth == 0 {
				if len(bytes.TrimLeft(v, " \t\r\n")) > 0 {
					return "", false
				}
				continue
			}
			text.Write(v)
		case xml.Directive:
			return "", false
		}
	}
}

func BenchmarkScanner(b *testing.B) {
	doc := []byte("<sheetData>" + strings.Repeat(`<row r="1" spans="1:8"><c r="A1" s="1" t="s"><v>12345</v></c><c r="B1"><v>491701234567</v></c></row>`, 20_000) + "</sheetData>")
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		s := xmlscan.New(bytes.NewReader(doc))
		for {
			kind, err := s.Next()
			if err != nil {
				break
			}
			for ok := kind == xmlscan.Start; ok; {
				_, _, ok = s.Attr()
			}
		}
	}
}
