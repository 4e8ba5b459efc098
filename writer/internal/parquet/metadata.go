package parquet

import (
	"encoding/binary"

	"enrich/internal/thrift"
)

// Numbers of the format.
const (
	optional = 1

	typeBoolean   = 0
	typeInt64     = 2
	typeByteArray = 6

	convertedUTF8            = 0
	convertedTimestampMicros = 10

	logicalString    = 1
	logicalTimestamp = 8
	unitMicros       = 2

	encodingPlain = 0
	encodingRLE   = 3
	codecZstd     = 6
	dataPage      = 0
)

// createdBy is the program. It has no version, so that a new one writes the same bytes.
const createdBy = "enrich"

func (t Type) physical() int32 {
	switch t {
	case Boolean:
		return typeBoolean
	case Timestamp:
		return typeInt64
	}
	return typeByteArray
}

// pageHeader returns the header of a data page.
func pageHeader(size, packed, values int, sum uint32) []byte {
	var w thrift.Writer
	w.Begin()
	w.Int32(1, dataPage)
	w.Int32(2, int32(size))
	w.Int32(3, int32(packed))
	w.Int32(4, int32(sum))
	w.Struct(5)
	w.Int32(1, int32(values))
	w.Int32(2, encodingPlain)
	w.Int32(3, encodingRLE)
	w.Int32(4, encodingRLE)
	w.End()
	w.End()
	return w.Bytes()
}

// A chunk is where the pages of a column are in a row group.
type chunk struct {
	Column
	offset, packed, size, values int64
}

// groupMetadata returns the metadata of a row group.
func groupMetadata(chunks []chunk, from, size, packed, rows int64, ordinal int) []byte {
	var w thrift.Writer
	w.Begin()
	w.List(1, thrift.Struct, len(chunks))
	for _, c := range chunks {
		w.Begin()
		w.Int64(2, 0) // deprecated
		w.Struct(3)
		w.Int32(1, c.Type.physical())
		w.List(2, thrift.Int32, 2)
		w.Element(encodingPlain)
		w.Element(encodingRLE)
		w.List(3, thrift.Binary, 1)
		w.StringElement(c.Name)
		w.Int32(4, codecZstd)
		w.Int64(5, c.values)
		w.Int64(6, c.size)
		w.Int64(7, c.packed)
		w.Int64(9, c.offset)
		w.End()
		w.End()
	}
	w.Int64(2, size)
	w.Int64(3, rows)
	w.Int64(5, from)
	w.Int64(6, packed)
	if ordinal < 1<<15 {
		w.Int16(7, int16(ordinal))
	}
	w.End()
	return w.Bytes()
}

// writeFooter writes the schema and the metadata of all row groups.
func (w *Writer) writeFooter() {
	var m thrift.Writer
	m.Begin()
	m.Int32(1, 1)
	m.List(2, thrift.Struct, 1+len(w.columns))
	m.Begin()
	m.String(4, "schema")
	m.Int32(5, int32(len(w.columns)))
	m.End()
	for _, c := range w.columns {
		schemaElement(&m, c.Column)
	}
	m.Int64(3, w.rows)
	m.List(4, thrift.Struct, w.count)
	before := m.Bytes()
	var after thrift.Writer
	after.Continue(4)
	after.String(6, createdBy)
	after.End()
	size := len(before) + len(w.groups) + len(after.Bytes())
	w.write(before)
	w.write(w.groups)
	w.write(after.Bytes())
	w.write(append(binary.LittleEndian.AppendUint32(nil, uint32(size)), magic...))
}

func schemaElement(m *thrift.Writer, c Column) {
	m.Begin()
	m.Int32(1, c.Type.physical())
	m.Int32(3, optional)
	m.String(4, c.Name)
	switch c.Type {
	case Text:
		m.Int32(6, convertedUTF8)
		m.Struct(10)
		m.Struct(logicalString)
		m.End()
		m.End()
	case Timestamp:
		m.Int32(6, convertedTimestampMicros)
		m.Struct(10)
		m.Struct(logicalTimestamp)
		m.Bool(1, true) // adjusted to UTC
		m.Struct(2)
		m.Struct(unitMicros)
		m.End()
		m.End()
		m.End()
		m.End()
	}
	m.End()
}
