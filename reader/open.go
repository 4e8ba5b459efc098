package reader

import (
	"fmt"
	"io"

	"enrich/format"
	"enrich/reader/internal/decode"
	"enrich/reader/internal/dialect"
	"enrich/reader/internal/source"
	"enrich/reader/internal/workbook"
)

// A Stream is an input that may still be written while it is read.
type Stream interface {
	io.ReaderAt
	// Reader returns a new reader of the whole input. Its Read does not wait for more than one byte; ReadAt would wait until
	// it can fill its buffer.
	Reader() io.Reader
}

// Open detects how an input is to be read. It reads the first block of a text, 128 KiB, or all bytes of a workbook or Parquet file,
// and no row.
//
// The input has size bytes. If it is a [Stream], its size is what its readers return, and Open waits for the first block or
// the end. The input is not closed; it must not change while it is read.
func Open(in io.ReaderAt, size int64, o Options) (*Reader, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	open := func() io.Reader { return io.NewSectionReader(in, 0, size) }
	if s, ok := in.(Stream); ok {
		open = s.Reader
	}
	decoded := decode.New(open, o.Encoding)
	r, err := parse(&input{decoded: decoded, at: in, options: o})
	if err != nil {
		decoded.Close()
		return nil, decoded.Cause(err)
	}
	return r, nil
}

// Sheets returns the names of the sheets of a workbook of size bytes, hidden ones included.
func Sheets(in io.ReaderAt, size int64) ([]string, error) { return workbook.Sheets(in, size) }

// parse opens an input with the parser of its format.
func parse(in *input) (*Reader, error) {
	for _, p := range parsers() {
		if o := in.options; o.Format != p.format && (o.Format != "" || !p.detect(in)) {
			continue
		}
		if o := in.options; o.Sheet != "" && p.format != format.XLSX {
			return nil, fmt.Errorf("%w: the input is %s and has no sheets; leave out --sheet", ErrSheet, p.format)
		}
		in.options.Format = p.format
		rows, err := p.open(in, in.options)
		if err != nil {
			return nil, err
		}
		return &Reader{in: in.decoded, rows: rows, format: p.format}, nil
	}
	return nil, fmt.Errorf("--input-format %q: not supported", in.options.Format)
}

// An input is what the parsers open.
type input struct {
	decoded *decode.Input
	at      io.ReaderAt // the bytes, for random access
	options Options
	first   *decode.Text
	err     error
}

// whole returns the input for random access, for formats that are not text.
func (in *input) whole() (io.ReaderAt, int64, error) { return in.decoded.Whole(in.at) }

// text returns the input's text, with its first block in the window.
func (in *input) text() (*decode.Text, error) {
	if in.first == nil && in.err == nil {
		in.first, in.err = in.decoded.Text()
		if in.err == nil && in.first.Encoding() == decode.Unknown {
			in.err = unknownEncoding(in.first.Text(), in.first.Err != nil, in.options)
		}
	}
	return in.first, in.err
}

// unknownEncoding refuses text that is neither UTF-8 nor Windows-1252. It says what can be known: the delimiter, which all
// encodings have alike, and how a word reads in common encodings.
func unknownEncoding(block []byte, whole bool, o Options) error {
	separator, skip := dialect.SeparatorLine(block)
	d := dialect.Detect(block[skip:], whole, dialect.Options{Delimiter: separator, Quote: o.Quote})
	advice := "the text is neither UTF-8 nor Windows-1252; save it as UTF-8, or name its encoding with --encoding" + decode.Guesses(block)
	if d.Delimiter == "" {
		return source.NotTable(advice)
	}
	return fmt.Errorf("%w: cells are separated by %q, but %s", ErrEncoding, d.Separator(), advice)
}
