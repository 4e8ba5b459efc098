package writer

import (
	"bufio"
	"io"
	"strconv"
	"strings"
	"time"

	"enrich/internal/columns"
	"enrich/writer/internal/parquet"
)

// parquetEncoder writes Parquet: the input's columns as text, and those that enrich adds as text, enrich_at as a timestamp and
// enrich_credit as a boolean. An empty cell is null. Repeated names are made different, because most programs cannot read them.
type parquetEncoder struct {
	out   *bufio.Writer
	file  *parquet.Writer
	table *table
	types []parquet.Type // of the added columns
}

func newParquet(w io.Writer, l layout) (encoder, error) {
	e := &parquetEncoder{out: bufio.NewWriterSize(w, bufferSize), table: newTable(l)}
	var list []parquet.Column
	for _, name := range pick(nil, columns.Unique(l.source.Columns), e.table.keep) {
		list = append(list, parquet.Column{Name: strings.ToValidUTF8(name, "\uFFFD")})
	}
	for _, name := range l.added {
		t := typeOf(name)
		e.types = append(e.types, t)
		list = append(list, parquet.Column{Name: name, Type: t})
	}
	var err error
	e.file, err = parquet.New(e.out, list)
	return e, err
}

// typeOf returns the type of a column that enrich adds.
func typeOf(name string) parquet.Type {
	switch results := ResultColumns(); name {
	case results[atColumn]:
		return parquet.Timestamp
	case results[creditColumn]:
		return parquet.Boolean
	}
	return parquet.Text
}

func (e *parquetEncoder) write(row *Row, added addition) error {
	given, err := e.table.cells(row)
	if err != nil {
		return err
	}
	for _, cell := range given {
		e.writeCell(parquet.Text, cell)
	}
	if added != nil {
		for i, cell := range added.cells() {
			e.writeCell(e.types[i], cell)
		}
	}
	return e.file.EndRow()
}

// writeCell writes a cell as a value of a type.
func (e *parquetEncoder) writeCell(t parquet.Type, cell string) {
	if cell == "" {
		e.file.Null()
		return
	}
	switch t {
	case parquet.Timestamp:
		if at, err := time.Parse(time.RFC3339, cell); err == nil {
			e.file.Timestamp(at.UnixMicro())
		} else {
			e.file.Null() // it is our own text
		}
	case parquet.Boolean:
		yes, _ := strconv.ParseBool(cell) // as above
		e.file.Boolean(yes)
	default:
		e.file.Text(cell)
	}
}

func (e *parquetEncoder) close() error {
	if err := e.file.Close(); err != nil {
		return err
	}
	return e.out.Flush()
}
