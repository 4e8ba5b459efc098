package file

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"enrich/internal/thrift"
)

// Errors of a file. Each is wrapped in a sentence.
var (
	// ErrEncrypted: the file, or a column of it, is encrypted.
	ErrEncrypted = errors.New("this Parquet file is encrypted; write it without encryption")
	// ErrDamaged: the file is not what the format allows: truncated, or damaged.
	ErrDamaged = errors.New("this Parquet file is damaged or truncated")
	// ErrUnsupported: the file uses something that is not supported.
	ErrUnsupported = errors.New("this Parquet file cannot be read")
)

// Damaged returns an error that is ErrDamaged.
func Damaged(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrDamaged}, args...)...)
}

// Unsupported returns an error that is ErrUnsupported.
func Unsupported(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrUnsupported}, args...)...)
}

const (
	magic          = "PAR1"
	encryptedMagic = "PARE"
	// trailerSize is how many bytes the file ends with: the size of the metadata, and the magic.
	trailerSize = 8
)

// A File is the metadata of a Parquet file.
type File struct {
	// Columns are the columns at the top of the schema.
	Columns []*Node
	// Leaves are the columns with values, in the order of the chunks.
	Leaves []*Leaf

	in     io.ReaderAt
	groups int64 // the number of row groups
	from   int64 // where they begin
	end    int64 // where the metadata ends
	data   int64 // where the metadata begins: column chunks are before it
}

// Open reads the metadata of a file of size bytes.
func Open(in io.ReaderAt, size int64) (*File, error) {
	length, err := trailer(in, size)
	if err != nil {
		return nil, err
	}
	f := &File{in: in, end: size - trailerSize, data: size - trailerSize - length}
	if err := f.readMetadata(); err != nil {
		return nil, err
	}
	return f, nil
}

// trailer checks how a file begins and ends, and returns the size of its metadata.
func trailer(in io.ReaderAt, size int64) (int64, error) {
	var head [4]byte
	var end [trailerSize]byte
	if size < int64(len(magic)+trailerSize) {
		return 0, Damaged("it has only %d bytes", size)
	}
	if err := readAt(in, head[:], 0); err != nil {
		return 0, err
	}
	if err := readAt(in, end[:], size-trailerSize); err != nil {
		return 0, err
	}
	switch {
	case string(head[:]) == encryptedMagic || string(end[4:]) == encryptedMagic:
		return 0, ErrEncrypted
	case string(head[:]) != magic:
		return 0, Damaged("it does not begin with %s", magic)
	case string(end[4:]) != magic:
		return 0, Damaged("it does not end with %s", magic)
	}
	length := int64(binary.LittleEndian.Uint32(end[:]))
	if length > size-trailerSize-int64(len(magic)) {
		return 0, Damaged("its metadata should have %d bytes, and the file has %d", length, size)
	}
	return length, nil
}

func readAt(in io.ReaderAt, b []byte, at int64) error {
	n, err := in.ReadAt(b, at)
	switch {
	case n == len(b):
		return nil
	case err == nil || errors.Is(err, io.EOF):
		return Damaged("it ends at byte %d", at+int64(n))
	}
	return err
}

// readMetadata reads the schema, and finds the row groups.
func (f *File) readMetadata() error {
	r := thrift.NewReader(f.in, f.data, f.end)
	var elements []element
	r.Struct(func(id int, t thrift.Type) bool {
		switch {
		case id == 2 && t == thrift.List && elements == nil:
			elements = readSchema(r)
		case id == 4 && t == thrift.List && f.from == 0:
			var of thrift.Type
			of, f.groups = r.ListHeader()
			f.from = r.Offset()
			for i := int64(0); i < f.groups && r.Err() == nil; i++ {
				r.Skip(of)
			}
		default:
			return false
		}
		return true
	})
	if err := metadataError(r.Err()); err != nil {
		return err
	}
	if len(elements) == 0 {
		return Damaged("it has no schema")
	}
	return f.build(elements)
}

// metadataError explains an error of the metadata. Errors of the input itself stay what they are.
func metadataError(err error) error {
	if errors.Is(err, thrift.ErrMalformed) || errors.Is(err, io.ErrUnexpectedEOF) {
		return Damaged("%v", err)
	}
	return err
}

// A Chunk is where the values of a column are in a row group.
type Chunk struct {
	Codec Codec
	// Values is how many values there are, nulls included.
	Values int64
	// From and To are the first byte of the first page, and where the pages must have ended.
	From, To int64
}

// Groups reads the row groups of a file, one after another.
type Groups struct {
	// Rows is how many rows the group has.
	Rows int64
	// Chunks has a chunk for each of the file's leaves.
	Chunks []Chunk

	f    *File
	r    *thrift.Reader
	read int64
}

// Groups returns a reader of the row groups, before the first one.
func (f *File) Groups() *Groups {
	return &Groups{f: f, r: thrift.NewReader(f.in, f.from, f.end), Chunks: make([]Chunk, 0, len(f.Leaves))}
}

// Next reads the next row group; io.EOF after the last one.
func (g *Groups) Next() error {
	if g.read == g.f.groups {
		return io.EOF
	}
	g.read++
	g.Rows, g.Chunks = -1, g.Chunks[:0]
	var err error
	g.r.Struct(func(id int, t thrift.Type) bool {
		switch {
		case id == 1 && t == thrift.List:
			g.r.List(func(thrift.Type) {
				if err == nil {
					err = g.chunk()
				} else {
					g.r.Fail(err)
				}
			})
		case id == 3 && t == thrift.Int64:
			g.Rows = g.r.Int(t)
		default:
			return false
		}
		return true
	})
	switch {
	case err != nil:
		return err
	case g.r.Err() != nil:
		return metadataError(g.r.Err())
	case g.Rows < 0:
		return Damaged("row group %d has %d rows", g.read, g.Rows)
	case len(g.Chunks) != len(g.f.Leaves):
		return Damaged("row group %d has %d columns, and the schema %d", g.read, len(g.Chunks), len(g.f.Leaves))
	}
	return nil
}

// A chunkData is what the metadata says about a chunk.
type chunkData struct {
	found, external, encrypted     bool
	kind                           int64
	codec                          int64
	values, size, data, dictionary int64
}

// chunk reads the metadata of the next chunk.
func (g *Groups) chunk() error {
	d := chunkData{kind: -1, codec: -1, values: -1, size: -1, data: -1}
	g.r.Struct(func(id int, t thrift.Type) bool {
		switch id {
		case 1:
			d.external = true
		case 3:
			if t == thrift.Struct {
				d.found = true
				g.r.Struct(func(id int, t thrift.Type) bool { return d.field(g.r, id, t) })
				return true
			}
		case 8, 9:
			d.encrypted = true
		}
		return false
	})
	if g.r.Err() != nil {
		return metadataError(g.r.Err())
	}
	if len(g.Chunks) == len(g.f.Leaves) {
		return Damaged("row group %d has more columns than the schema", g.read)
	}
	leaf := g.f.Leaves[len(g.Chunks)]
	c, err := g.f.checked(d, leaf)
	g.Chunks = append(g.Chunks, c)
	return err
}

func (d *chunkData) field(r *thrift.Reader, id int, t thrift.Type) bool {
	fields := [...]*int64{1: &d.kind, 4: &d.codec, 5: &d.values, 7: &d.size, 9: &d.data, 11: &d.dictionary}
	if id < 0 || id >= len(fields) || fields[id] == nil || t != thrift.Int32 && t != thrift.Int64 {
		return false
	}
	*fields[id] = r.Int(t)
	return true
}

// checked returns a chunk whose metadata is possible.
func (f *File) checked(d chunkData, leaf *Leaf) (Chunk, error) {
	c := Chunk{Codec: Codec(d.codec), Values: d.values, From: d.data}
	if d.dictionary > 0 && d.dictionary < c.From {
		c.From = d.dictionary
	}
	switch {
	case d.encrypted:
		return c, fmt.Errorf("column %q: %w", leaf.Name, ErrEncrypted)
	case d.external:
		return c, Unsupported("the values of column %q are in another file", leaf.Name)
	case !d.found:
		return c, Damaged("column %q has no metadata", leaf.Name)
	case d.kind != int64(leaf.Physical):
		return c, Damaged("column %q has another type than in the schema", leaf.Name)
	case d.values < 0 || d.size < 0 || d.values > 0 && (c.From < int64(len(magic)) || c.From > f.data || d.size > f.data-c.From):
		return c, Damaged("column %q has %d values in %d bytes at %d", leaf.Name, d.values, d.size, c.From)
	}
	if err := c.Codec.check(leaf.Name); err != nil {
		return c, err
	}
	c.To = f.data
	return c, nil
}

// A Codec is how pages are compressed.
type Codec int64

// The codecs.
const (
	Uncompressed Codec = iota
	Snappy
	Gzip
	LZO
	Brotli
	LZ4Hadoop
	Zstd
	LZ4Raw
)

func (c Codec) check(column string) error {
	switch {
	case c == LZO:
		return Unsupported("column %q is compressed with LZO, which is not supported; write it with zstd or snappy", column)
	case c < Uncompressed || c > LZ4Raw:
		return Damaged("column %q is compressed with codec %d, which is unknown", column, int64(c))
	}
	return nil
}
