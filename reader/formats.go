package reader

import (
	"bufio"
	"errors"
	"fmt"
	"strings"

	"enrich/contact"
	"enrich/format"
	"enrich/internal/columns"
	"enrich/reader/internal/columnar"
	"enrich/reader/internal/decode"
	"enrich/reader/internal/delimited"
	"enrich/reader/internal/jsonrows"
	"enrich/reader/internal/mapping"
	"enrich/reader/internal/source"
	"enrich/reader/internal/workbook"
)

// parsers is the table of the formats that can be read, in the order in which they are tried. To read another format, add its
// package under internal and a line here.
func parsers() []parser {
	return []parser{
		{format.XLSX, func(in *input) bool { return workbook.Detect(in.decoded.Head(workbook.HeadSize)) }, openWorkbook},
		{format.Parquet, isParquet, openParquet},
		{format.JSONL, isJSON, openJSON},
		{format.CSV, func(*input) bool { return true }, openCSV},
	}
}

// A parser reads one format.
type parser struct {
	format format.Format
	// detect reports whether an input is in this format.
	detect func(in *input) bool
	open   func(in *input, o Options) (Source, error)
}

func isJSON(in *input) bool {
	text, err := in.text()
	return err == nil && jsonrows.Detect(text.Text())
}

// openJSON reads the rows of JSON.
func openJSON(in *input, o Options) (Source, error) {
	text, err := in.text()
	if err != nil {
		return nil, err
	}
	rows, err := jsonrows.Open(bufio.NewReaderSize(text.Reader(), source.BlockSize),
		jsonrows.Options{Options: o.mapping(), Columns: o.Columns, Cleaning: o.Cleaning})
	if err != nil {
		return nil, err
	}
	columns, fields, spare := rows.Sampled()
	return &jsonSource{rows, text, Info{Compression: text.Compression, Columns: columns, Mapping: fields, Spare: spare}}, nil
}

// A jsonSource is the rows of JSON.
type jsonSource struct {
	*jsonrows.Reader
	text *decode.Text
	info Info
}

// Info implements Source.
func (s *jsonSource) Info() Info {
	s.info.Encoding = s.text.Encoding()
	return s.info
}

// Skipped implements Source.
func (s *jsonSource) Skipped() Lines { return Lines{} }

// openCSV reads the rows of delimited text.
func openCSV(in *input, o Options) (Source, error) {
	text, err := in.text()
	if err != nil {
		return nil, err
	}
	rows, err := delimited.Open(text.Window, delimited.Options{Dialect: o.dialect(), Layout: o.layout(), Reopen: in.decoded.Reopen})
	if err != nil {
		return nil, err
	}
	info := rows.Info()
	info.Compression = text.Compression
	binder, err := bindColumns(&info, rows.Header(), rows.Samples(), o)
	if errors.Is(err, mapping.ErrNoColumn) {
		return nil, otherEncoding(err, rows.Header(), text, o)
	}
	if err != nil {
		return nil, err
	}
	rows.Bind(binder.Fill, binder.IsSendable)
	return &csvSource{rows, text, info}, nil
}

// otherEncoding adds to the error of a list without a known column that its encoding may be another one: nearly every text can be read
// as Windows-1252, also a Korean one.
func otherEncoding(err error, header []string, text *decode.Text, o Options) error {
	if o.Encoding != "" || text.Encoding() != decode.Windows1252 {
		return err
	}
	guesses := decode.GuessesIn(strings.Join(header, "\n"))
	if guesses == "" {
		return err
	}
	return fmt.Errorf("%w; if these names cannot be read, name the encoding with --encoding; %s", err, guesses)
}

// openWorkbook reads the rows of a sheet.
func openWorkbook(in *input, o Options) (Source, error) {
	at, size, err := in.whole()
	if err != nil {
		return nil, err
	}
	rows, err := workbook.Open(at, size, workbook.Options{Sheet: o.Sheet, Layout: o.layout(), Fits: o.fits, MayFit: o.mayFit})
	if err != nil {
		return nil, err
	}
	info := rows.Info()
	binder, err := bindColumns(&info, rows.Header(), rows.Samples(), o)
	if err != nil {
		return nil, errors.Join(err, rows.Close())
	}
	rows.Bind(binder.Fill, binder.IsSendable)
	return &workbookSource{rows, info}, nil
}

// A workbookSource is the rows of a sheet.
type workbookSource struct {
	*workbook.Reader
	info Info
}

// Info implements Source.
func (s *workbookSource) Info() Info { return s.info }

// Columns implements Source.
func (s *workbookSource) Columns() []string { return s.info.Header }

// bindColumns maps the columns of a table to fields. It returns what makes the contact of a row.
func bindColumns(info *Info, header []string, samples [][]string, o Options) (*mapping.Binder, error) {
	info.Header, info.Columns = header, columns.Unique(header)
	fields, err := mapping.Columns(header, samples, o.mapping())
	if err != nil {
		return nil, err
	}
	spare := mapping.Spare(header, samples, o.mapping(), fields)
	info.Mapping, info.Spare = columnNames(fields, info.Columns), columnNames(spare, info.Columns)
	binder := mapping.NewBinder(fields, len(header), o.Cleaning)
	binder.Use(spare)
	binder.SetFamilyFirst(mapping.IsFamilyFirst(fields, o.mapping(), func(column int) string { return header[column] }))
	return binder, nil
}

// columnNames returns the name of each field's column.
func columnNames(fields map[contact.Field]int, columns []string) map[contact.Field]string {
	names := make(map[contact.Field]string, len(fields))
	for f, at := range fields {
		names[f] = columns[at]
	}
	return names
}

// A csvSource is the rows of delimited text.
type csvSource struct {
	*delimited.Reader
	text *decode.Text
	info Info
}

// Info implements Source.
func (s *csvSource) Info() Info {
	s.info.Encoding = s.text.Encoding()
	return s.info
}

// Columns implements Source.
func (s *csvSource) Columns() []string { return s.info.Header }

func isParquet(in *input) bool { return columnar.Detect(in.decoded.Head(4)) }

// openParquet reads the rows of a Parquet file.
func openParquet(in *input, o Options) (Source, error) {
	at, size, err := in.whole()
	if err != nil {
		return nil, err
	}
	rows, err := columnar.Open(at, size)
	if err != nil {
		return nil, err
	}
	info := Info{Encoding: "utf-8", Compression: "none"}
	binder, err := bindColumns(&info, rows.Header(), rows.Samples(), o)
	if err != nil {
		_ = rows.Close() // the first error counts
		return nil, err
	}
	rows.Bind(binder.Fill)
	return &parquetSource{rows, info}, nil
}

// A parquetSource is the rows of a Parquet file.
type parquetSource struct {
	*columnar.Reader
	info Info
}

// Info implements Source.
func (s *parquetSource) Info() Info { return s.info }

// Columns implements Source.
func (s *parquetSource) Columns() []string { return s.info.Header }

// Skipped implements Source.
func (s *parquetSource) Skipped() Lines { return Lines{} }
