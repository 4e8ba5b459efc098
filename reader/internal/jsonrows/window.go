package jsonrows

import (
	"bytes"
	"errors"
	"io"

	"enrich/reader/internal/source"
)

// jsonLimits bound what is in memory of a JSON input.
type jsonLimits struct {
	// row is the longest row in bytes. Of a longer one the first so many are kept, and it is refused.
	row int
	// block is what is looked at to see how an input is built and what its members mean; it is also how much of it is in
	// memory at once, unless a row needs more.
	block int
}

func defaultJSONLimits() jsonLimits { return jsonLimits{row: 1 << 20, block: 256 << 10} }

// A jsonWindow is a window that counts lines. Rows are slices of it, not copies: they are good until more is called.
type jsonWindow struct {
	source.Window
	limits jsonLimits
	line   int64 // of what is not yet taken
	// lineBreak is what lines end with: a line feed or, in an input that begins without any, a carriage return.
	lineBreak byte
}

// newJSONWindow reads the first block whole, so that it is the same in every pass, in whatever pieces the input comes.
func newJSONWindow(in io.Reader, limits jsonLimits) jsonWindow {
	w := jsonWindow{Window: source.NewWindow(in, limits.block), limits: limits, line: 1, lineBreak: '\n'}
	block := w.Block()
	if bytes.IndexByte(block, '\n') < 0 && bytes.IndexByte(block, '\r') >= 0 {
		w.lineBreak = '\r'
	}
	return w
}

// double reads a first block of twice the size, if there is so much.
func (w *jsonWindow) double() {
	w.Fill()
	w.Block()
}

// take passes n bytes.
func (w *jsonWindow) take(n int) []byte {
	taken := w.Take(n)
	w.line += int64(bytes.Count(taken, []byte{w.lineBreak}))
	return taken
}

// more reads more, unless there is no more, and says whether there was. What was taken is invalid after it.
func (w *jsonWindow) more() bool {
	had := len(w.Text())
	for want := had + max(w.limits.block/4, 1); w.Err == nil && len(w.Text()) < want; {
		w.Fill()
	}
	return len(w.Text()) > had
}

// failed is the error by which the input ended early; nil where it goes on, or ended as it should.
func (w *jsonWindow) failed() error {
	if w.Err == nil || errors.Is(w.Err, io.EOF) {
		return nil
	}
	return source.Broken(w.Err)
}
