package decode

import (
	"bytes"
	"io"
	"testing"
	"testing/iotest"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/transform"
)

// FuzzDetector compares what a detector reads, in parts of any size, with decoding the whole text at once.
func FuzzDetector(f *testing.F) {
	f.Add(0, []byte("J\xfcrgen"), 0)
	f.Add(70_000, []byte("Jürgen, \xff"), 3)
	f.Add(detectWindow-1, []byte("é\xe9\xe9\xe9"), 7)
	f.Add(200_000, []byte("\x81\x00\x8d"), 100_000)
	f.Add(5, []byte("\xc3"), 1)
	f.Fuzz(func(t *testing.T, before int, text []byte, behind int) {
		if before < 0 || behind < 0 || before > 1<<18 || behind > 1<<18 {
			return
		}
		text = append(append(bytes.Repeat([]byte{'a'}, before), text...), bytes.Repeat([]byte{'z'}, behind)...)
		expected, encoding := decodedAtOnce(text)
		for name, in := range map[string]io.Reader{
			"at once":      bytes.NewReader(text),
			"by halves":    iotest.HalfReader(bytes.NewReader(text)),
			"data and EOF": iotest.DataErrReader(bytes.NewReader(text)),
		} {
			d := &detector{in: in}
			got, err := io.ReadAll(d)
			if err != nil || !bytes.Equal(got, expected) || d.name() != encoding {
				t.Errorf("%s: %d bytes of %s, %v, expected %d of %s", name, len(got), d.name(), err, len(expected), encoding)
			}
		}
	})
}

// decodedAtOnce is the simple way: the bytes that decide are in memory.
func decodedAtOnce(text []byte) (decoded []byte, encoding string) {
	from := bytes.IndexFunc(text, func(r rune) bool { return r >= 0x80 })
	if from < 0 {
		return text, "utf-8"
	}
	window := text[from:min(len(text), from+detectWindow)]
	switch {
	case isUTF8(window, len(text)-from < detectWindow):
		return text, "utf-8"
	case isWindows1250(window):
		rest, _, _ := transform.Bytes(charmapDecoder{charmap.Windows1250}, text[from:]) // any byte can be decoded
		return append(bytes.Clone(text[:from]), rest...), "windows-1250"
	case !isWindows1252(window):
		return text, Unknown
	}
	rest, _, _ := transform.Bytes(charmapDecoder{charmap.Windows1252}, text[from:]) // any byte can be decoded
	return append(bytes.Clone(text[:from]), rest...), "windows-1252"
}

// An error that comes with text that is not ASCII is returned after it.
func TestDetectorReturnsTheErrorAfterTheText(t *testing.T) {
	for _, text := range []string{"abc", "abcé", "é", "J\xfcrgen"} {
		d := &detector{in: iotest.DataErrReader(io.MultiReader(bytes.NewReader([]byte(text)), iotest.ErrReader(io.ErrClosedPipe)))}
		got, err := io.ReadAll(d)
		if len(got) < len(text) || err != io.ErrClosedPipe { //nolint:errorlint // it must be the same value
			t.Errorf("%q: read %q, %v", text, got, err)
		}
	}
}
