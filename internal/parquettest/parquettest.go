// Package parquettest writes small Parquet files for tests, page by page, also such as no writer writes: what a file says about
// itself is what the test says, whether it is true or not. It shares no code with package writer. Only tests import it.
package parquettest

import (
	"encoding/binary"
	"math/bits"

	"enrich/internal/thrift"
)

// The physical types of columns.
const (
	Int32     = 1
	Int64     = 2
	ByteArray = 6
)

// The repetitions of a node.
const (
	Required = 0
	Optional = 1
	Repeated = 2
)

// The converted types.
const (
	UTF8 = 0
	Map  = 1
	List = 3
)

// The encodings of values.
const (
	Plain         = 0
	RLEDictionary = 8
)

// The kinds of pages.
const (
	V1         = 0
	Dictionary = 2
	V2         = 3
)

// The codecs of pages.
const (
	Snappy    = 1
	Gzip      = 2
	Brotli    = 4
	LZ4Hadoop = 5
	Zstd      = 6
	LZ4Raw    = 7
)

// A Node is an element of the schema: a column, or a group of those below it.
type Node struct {
	Name       string
	Physical   int32 // of a column
	Repetition int32
	Converted  int32 // -1: none
	Children   []Node
	// Claimed is how many children the element says that it has; 0: as many as there are.
	Claimed int32
}

// Text is a column of texts.
func Text(name string, repetition int32) Node {
	return Node{Name: name, Physical: ByteArray, Repetition: repetition, Converted: UTF8}
}

// Number is a column of integers of 64 bits.
func Number(name string, repetition int32) Node {
	return Node{Name: name, Physical: Int64, Repetition: repetition, Converted: -1}
}

// Group is a group of columns.
func Group(name string, repetition, converted int32, children ...Node) Node {
	return Node{Name: name, Repetition: repetition, Converted: converted, Children: children}
}

// A Page is a page of a chunk.
type Page struct {
	Kind, Encoding int32
	Values         int
	// Reps and Defs are encoded levels, without their size; nil: there are none.
	Reps, Defs []byte
	// Body is the encoded values.
	Body []byte
	// Packed stands for the page as it is in the file; nil: it is packed by the chunk's function.
	Packed []byte
	// Unpacked and Size are the sizes that the header says; 0: the true ones.
	Unpacked, Size int32
}

// A Chunk is the pages of a column in a row group.
type Chunk struct {
	Physical int32
	Codec    int32
	// Pack compresses a page; nil: it stays as it is.
	Pack  func([]byte) []byte
	Pages []Page
	// Values is what the metadata says; 0: the values of the data pages.
	Values int64
	// Offset is where the metadata says that the chunk begins; 0: where it does.
	Offset int64
}

// A RowGroup is some rows of all columns.
type RowGroup struct {
	Rows   int64
	Chunks []Chunk
}

// File returns a file of columns.
func File(columns []Node, groups ...RowGroup) []byte {
	b := []byte("PAR1")
	offsets := make([][]int64, len(groups))
	for i, g := range groups {
		for _, c := range g.Chunks {
			offsets[i] = append(offsets[i], int64(len(b)))
			for _, p := range c.Pages {
				b = p.Append(b, c.Pack)
			}
			offsets[i] = append(offsets[i], int64(len(b)))
		}
	}
	return Close(b, metadata(columns, groups, offsets))
}

// Close appends metadata to the pages of a file, with what a file ends with.
func Close(b, metadata []byte) []byte {
	b = append(b, metadata...)
	return append(binary.LittleEndian.AppendUint32(b, uint32(len(metadata))), "PAR1"...)
}

// Append appends a page with its header; pack compresses it, unless it is nil.
func (p Page) Append(b []byte, pack func([]byte) []byte) []byte {
	levels := append(append([]byte{}, p.Reps...), p.Defs...)
	body := p.Body
	if p.Kind == V1 {
		levels = nil
		for _, l := range [][]byte{p.Reps, p.Defs} {
			if l != nil {
				levels = append(binary.LittleEndian.AppendUint32(levels, uint32(len(l))), l...)
			}
		}
		body, levels = append(levels, p.Body...), nil
	}
	packed := body
	switch {
	case p.Packed != nil:
		packed = p.Packed
	case pack != nil:
		packed = pack(body)
	}
	unpacked, size := int32(len(levels)+len(body)), int32(len(levels)+len(packed))
	if p.Unpacked != 0 {
		unpacked = p.Unpacked
	}
	if p.Size != 0 {
		size = p.Size
	}
	return append(append(append(b, p.header(unpacked, size)...), levels...), packed...)
}

func (p Page) header(unpacked, size int32) []byte {
	fields := map[int32]struct {
		id     int
		values []int32
	}{
		V1:         {5, []int32{int32(p.Values), p.Encoding, 3, 3}},
		Dictionary: {7, []int32{int32(p.Values), p.Encoding}},
		V2:         {8, []int32{int32(p.Values), 0, int32(p.Values), p.Encoding, int32(len(p.Defs)), int32(len(p.Reps))}},
	}[p.Kind]
	var w thrift.Writer
	w.Begin()
	w.Int32(1, p.Kind)
	w.Int32(2, unpacked)
	w.Int32(3, size)
	w.Struct(fields.id)
	for i, v := range fields.values {
		w.Int32(i+1, v)
	}
	w.End()
	w.End()
	return w.Bytes()
}

// metadata returns what follows the pages. Each chunk has two offsets: where it begins and where it ends.
func metadata(columns []Node, groups []RowGroup, offsets [][]int64) []byte {
	var w thrift.Writer
	w.Begin()
	w.Int32(1, 2)
	schema := Node{Name: "schema", Converted: -1, Children: columns}
	w.List(2, thrift.Struct, schema.count())
	schema.write(&w)
	w.Int64(3, 0)
	w.List(4, thrift.Struct, len(groups))
	for i, g := range groups {
		w.Begin()
		w.List(1, thrift.Struct, len(g.Chunks))
		for j, c := range g.Chunks {
			c.write(&w, offsets[i][2*j], offsets[i][2*j+1])
		}
		w.Int64(2, 0)
		w.Int64(3, g.Rows)
		w.End()
	}
	w.End()
	return w.Bytes()
}

// count is how many elements a node and those below it are.
func (n Node) count() int {
	count := 1
	for _, c := range n.Children {
		count += c.count()
	}
	return count
}

func (n Node) write(w *thrift.Writer) {
	w.Begin()
	if len(n.Children) == 0 && n.Claimed == 0 {
		w.Int32(1, n.Physical)
	}
	w.Int32(3, n.Repetition)
	w.String(4, n.Name)
	if children := max(n.Claimed, int32(len(n.Children))); children > 0 {
		w.Int32(5, children)
	}
	if n.Converted >= 0 {
		w.Int32(6, n.Converted)
	}
	w.End()
	for _, c := range n.Children {
		c.write(w)
	}
}

func (c Chunk) write(w *thrift.Writer, from, to int64) {
	values := c.Values
	for _, p := range c.Pages {
		if p.Kind != Dictionary && c.Values == 0 {
			values += int64(p.Values)
		}
	}
	if c.Offset != 0 {
		from, to = c.Offset, c.Offset+to-from
	}
	w.Begin()
	w.Struct(3)
	w.Int32(1, c.Physical)
	w.Int32(4, c.Codec)
	w.Int64(5, values)
	w.Int64(7, to-from)
	w.Int64(9, from)
	w.End()
	w.End()
}

// Levels encodes levels of which none is above the highest one, as runs.
func Levels(highest int, levels ...int) (b []byte) {
	b = []byte{}
	for from := 0; from < len(levels); {
		to := from + 1
		for to < len(levels) && levels[to] == levels[from] {
			to++
		}
		b = AppendRun(b, bits.Len(uint(highest)), uint64(levels[from]), to-from)
		from = to
	}
	return b
}

// AppendRun appends a run of one number, of a width in bits.
func AppendRun(b []byte, width int, n uint64, times int) []byte {
	b = binary.AppendUvarint(b, uint64(times)<<1)
	for i := 0; i < width; i += 8 {
		b = append(b, byte(n>>i))
	}
	return b
}

// Texts encodes plain texts.
func Texts(texts ...string) (b []byte) {
	for _, text := range texts {
		b = append(binary.LittleEndian.AppendUint32(b, uint32(len(text))), text...)
	}
	return b
}

// Numbers encodes plain integers of 64 bits.
func Numbers(numbers ...int64) (b []byte) {
	for _, n := range numbers {
		b = binary.LittleEndian.AppendUint64(b, uint64(n))
	}
	return b
}
