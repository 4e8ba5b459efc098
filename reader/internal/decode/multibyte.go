package decode

import (
	"bytes"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/transform"
)

// multibyte returns the encodings of East Asia, by the names that --encoding takes. Excel writes CSV in them on computers of these
// countries. They are never detected: most text in one of them is also text in another.
func multibyte() map[string]encoding.Encoding {
	return map[string]encoding.Encoding{
		"shift-jis": japanese.ShiftJIS, "euc-jp": japanese.EUCJP, "gbk": simplifiedchinese.GB18030, "big5": traditionalchinese.Big5, "euc-kr": korean.EUCKR,
	}
}

// multibyteDecoder decodes an encoding of several bytes a character. What has no character in it becomes bytes that are not UTF-8, so
// that its row is refused, not changed: x/text makes it U+FFFD, as if that were in the text.
type multibyteDecoder struct{ transform.Transformer }

// Transform implements transform.Transformer.
func (d multibyteDecoder) Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error) {
	nDst, nSrc, err = d.Transformer.Transform(dst, src, atEOF)
	for text := dst[:nDst]; ; {
		at := bytes.Index(text, []byte("\uFFFD"))
		if at < 0 {
			return nDst, nSrc, err
		}
		text[at], text[at+1], text[at+2] = 0xff, 0xff, 0xff
		text = text[at+3:]
	}
}
