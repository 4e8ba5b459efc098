package reader

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Open reads the first block of r, decides by it how all is read, and reads no row. It waits for the first block, or
// for the end.
func Open(r io.Reader, o Options) (*Reader, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o.Encoding = encodingName(o.Encoding)
	raw := newRawInput(r)
	opened, err := open(raw, o)
	if err != nil {
		raw.close()
		return nil, err
	}
	return opened, nil
}

func open(raw *rawInput, o Options) (*Reader, error) {
	in, compression, err := unpack(raw)
	if err != nil {
		return nil, err
	}
	head, err := in.Peek(in.Size())
	if len(head) == 0 {
		return nil, nothing(err)
	}
	if err := refuseRaw(head); err != nil {
		return nil, err
	}
	t, err := decode(in, o.Encoding)
	if err != nil {
		return nil, err
	}
	w := newWindow(t, blockSize)
	block := w.block()
	if len(bytes.TrimSpace(block)) == 0 && w.err != nil {
		return nil, nothing(w.err)
	}
	if err := refuseText(block); err != nil {
		return nil, err
	}
	rd := &Reader{raw: raw, text: t}
	if o.Format == JSONL || o.Format == "" && looksLikeJSON(block) {
		o.Format = JSONL
		rest := io.MultiReader(bytes.NewReader(block), &w2{w.in, w.err})
		rd.rows, rd.info, err = newJSONRows(bufio.NewReaderSize(rest, blockSize), o)
	} else {
		o.Format = CSV
		rd.rows, rd.info, err = newCSVRows(w, o)
	}
	if err != nil {
		return nil, err
	}
	rd.info.Format, rd.info.Compression = o.Format, compression
	return rd, nil
}

// nothing is the error of an input without text.
func nothing(err error) error {
	if errors.Is(err, ErrBroken) {
		return err
	}
	return fmt.Errorf("%w: there is no row in it", ErrEmpty)
}

// w2 reads what follows a block, which may have ended already.
type w2 struct {
	in  io.Reader
	err error
}

// Read implements io.Reader.
func (w *w2) Read(b []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	return w.in.Read(b)
}
