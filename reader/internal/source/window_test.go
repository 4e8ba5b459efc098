package source_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"pgregory.net/rapid"

	"enrich/reader/internal/source"
)

// A window returns all text in order, in reads of any size, and grows if nothing is taken.
func TestWindowReturnsAllText(t *testing.T) {
	text := strings.Repeat("0123456789", 50)
	for _, in := range []io.Reader{strings.NewReader(text), iotest.OneByteReader(strings.NewReader(text)), iotest.DataErrReader(strings.NewReader(text))} {
		w := source.NewWindow(in, 16)
		var got strings.Builder
		for i := 0; w.Err == nil || len(w.Text()) > 0; i++ {
			if w.Fill(); i%7 == 0 {
				if offset := w.Offset(); offset != int64(got.Len()) {
					t.Fatalf("the text begins at %d, expected %d", offset, got.Len())
				}
				got.Write(w.Take(len(w.Text())))
			}
		}
		if got.String() != text || !w.Ended() {
			t.Errorf("got %d of %d bytes, ended %v", got.Len(), len(text), w.Ended())
		}
	}
}

// Reader returns what is in the window and what follows it, and the error that ended the text.
func TestReaderOfAWindow(t *testing.T) {
	failure := errors.New("connection reset")
	w := source.NewWindow(io.MultiReader(strings.NewReader("ab"), strings.NewReader("cd"), iotest.ErrReader(failure)), 16)
	w.Fill()
	w.Take(1)
	text, err := io.ReadAll(w.Reader())
	if string(text) != "bcd" || !errors.Is(err, failure) {
		t.Errorf("got %q, %v", text, err)
	}
	w = source.NewWindow(iotest.ErrReader(failure), 16)
	w.Block()
	if _, err := io.ReadAll(w.Reader()); !errors.Is(err, failure) || w.Ended() {
		t.Errorf("a window without text: %v", err)
	}
}

type stuckReader struct{}

func (stuckReader) Read([]byte) (int, error) { return 0, nil }

// A reader that returns neither bytes nor an error ends the text as broken.
func TestStuckReaderIsBroken(t *testing.T) {
	w := source.NewWindow(stuckReader{}, 16)
	w.Fill()
	if !errors.Is(w.Err, source.ErrBroken) || !errors.Is(w.Err, io.ErrNoProgress) {
		t.Error(w.Err)
	}
}

func TestBrokenKeepsTheEndAndStorageErrors(t *testing.T) {
	if source.Broken(nil) != nil || source.Broken(io.EOF) != io.EOF { //nolint:errorlint // it must be the same value
		t.Error("the end was taken for an error")
	}
	if err := source.Broken(source.ErrStorage); errors.Is(err, source.ErrBroken) {
		t.Error(err)
	}
	wrapped := source.Broken(errors.Join(errors.New("closed"), io.EOF))
	if !errors.Is(wrapped, source.ErrBroken) || errors.Is(wrapped, io.EOF) {
		t.Errorf("a wrapped end is %v", wrapped)
	}
}

// ASCIIPrefix ends at the first byte that is not ASCII, wherever that is.
func TestASCIIPrefix(t *testing.T) {
	const longest = 100
	for n := range longest {
		text := []byte(strings.Repeat("a\x00\x7f~", longest)[:n])
		if got := source.ASCIIPrefix(text); got != n {
			t.Errorf("%d bytes of ASCII: %d", n, got)
		}
		for at := range text {
			other := bytes.Clone(text)
			other[at], other[n-1] = 0x80, 0xff
			if got := source.ASCIIPrefix(other); got != at {
				t.Fatalf("%d bytes with another one at %d: %d", n, at, got)
			}
		}
	}
}

// IsValid is [utf8.Valid] of the beginning of Text, however the text was read, taken and asked about before.
func TestIsValid(t *testing.T) {
	piece := rapid.SampledFrom([]string{"a", "plain text of more than 32 bytes, as most is", "\n", "é", "日本", "😀", "\xff", "\xc3", "\x80", "\x00"})
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(piece, 0, 60).Draw(t, "text"), "")
		in := iotest.HalfReader(strings.NewReader(text))
		if rapid.Bool().Draw(t, "knows") {
			in = &asciiReader{in: in}
		}
		w := source.NewWindow(in, rapid.IntRange(1, 100).Draw(t, "buffer"))
		for w.Err == nil || len(w.Text()) > 0 {
			w.Fill()
			for range rapid.IntRange(0, 3).Draw(t, "rows") {
				n := rapid.IntRange(0, len(w.Text())).Draw(t, "bytes")
				if got, want := w.IsValid(n), utf8.Valid(w.Text()[:n]); got != want {
					t.Fatalf("%q: %v", w.Text()[:n], got)
				}
				if rapid.Bool().Draw(t, "take") {
					w.Take(n)
				}
			}
			w.Take(rapid.IntRange(min(1, len(w.Text())), len(w.Text())).Draw(t, "rest"))
		}
	})
}

// An asciiReader knows whether all text that it has returned is ASCII.
type asciiReader struct {
	in    io.Reader
	other bool
}

func (a *asciiReader) Read(b []byte) (int, error) {
	n, err := a.in.Read(b)
	a.other = a.other || source.ASCIIPrefix(b[:n]) < n
	return n, err
}

func (a *asciiReader) IsASCII() bool { return !a.other }
