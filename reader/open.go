package reader

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"enrich/reader/internal/jsonrows"
)

// Open reads the first block of r, decides by it how all is read, and reads no row. It waits for the first block, or
// for the end.
//
// If r is an [io.ReaderAt], it is also read ahead to find the end of a quoted cell above 2 MiB. Otherwise such a cell ends
// the reading with ErrBroken.
func Open(r io.Reader, o Options) (*Reader, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o.Encoding = encodingName(o.Encoding)
	raw := newRawInput(r)
	opened, err := open(raw, o, rereader(r))
	if err != nil {
		raw.close()
		return nil, raw.cause(err)
	}
	return opened, nil
}

func open(raw *rawInput, o Options, again func() io.Reader) (*Reader, error) {
	w, t, compression, err := firstBlock(raw, o)
	if err != nil {
		return nil, err
	}
	rd := &Reader{raw: raw, text: t}
	if o.Format == JSONL || o.Format == "" && jsonrows.Detect(w.text()) {
		o.Format = JSONL
		rd.rows, rd.info, err = openJSON(w, o)
	} else {
		var rows *csvRows
		rows, rd.info, err = newCSVRows(w, o)
		if err == nil && again != nil {
			rows.ahead.again = func() (window, error) { return raw.ahead(again(), o) }
		}
		o.Format, rd.rows = CSV, rows
	}
	if err != nil {
		return nil, err
	}
	rd.info.Format, rd.info.Compression = o.Format, compression
	return rd, nil
}

// openJSON reads the rows of JSON.
func openJSON(w window, o Options) (rowSource, Info, error) {
	in := bufio.NewReaderSize(w.reader(), blockSize)
	rows, err := jsonrows.Open(in, jsonrows.Options{Options: o.mapping(), Columns: o.Columns, Cleaning: o.Cleaning})
	if err != nil {
		return nil, Info{}, err
	}
	columns, fields := rows.Sampled()
	return rows, Info{Format: JSONL, Columns: columns, Mapping: fields}, nil
}

// ahead puts the same layers over the same input, to read it ahead of the rows.
func (r *rawInput) ahead(in io.Reader, o Options) (window, error) {
	if r.second != nil {
		r.second.close()
	}
	r.second = newRawInput(in)
	w, _, _, err := firstBlock(r.second, o)
	return w, err
}

// firstBlock puts the layers over the raw input and reads the first block of its text.
func firstBlock(raw *rawInput, o Options) (w window, t text, compression string, err error) {
	in, compression, err := unpack(raw)
	if err != nil {
		return w, t, "", err
	}
	head, err := in.Peek(in.Size())
	if len(head) == 0 {
		return w, t, "", nothing(err)
	}
	if err := refuseRaw(head); err != nil {
		return w, t, "", err
	}
	if t, err = decode(in, o.Encoding); err != nil {
		return w, t, "", err
	}
	w = newWindow(t, blockSize)
	block := w.block()
	if len(bytes.TrimSpace(block)) == 0 && w.err != nil {
		return w, t, "", nothing(w.err)
	}
	if t.encoding() == unknown {
		return w, t, "", unknownEncoding(block, w.err != nil, o)
	}
	return w, t, compression, refuseText(block)
}

// nothing is the error of an input without text.
func nothing(err error) error {
	if errors.Is(err, ErrBroken) {
		return err
	}
	return fmt.Errorf("%w: there is no row in it", ErrEmpty)
}
