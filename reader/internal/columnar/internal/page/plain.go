package page

import (
	"encoding/binary"

	"enrich/reader/internal/columnar/internal/file"
)

// A Value is a value as it is stored. Bytes are valid until the next call of any column of the same file.
type Value struct {
	// Int is an integer with its sign, a boolean, or the bits of a floating-point number.
	Int int64
	// Bytes is a byte array or an Int96.
	Bytes []byte
	// Cut says that Bytes is only the beginning of a value that is too long.
	Cut bool
}

// A decoder returns the values of a page, without nulls.
type decoder interface {
	next(v *Value) error
}

// width returns how many bytes a plain value has; 0 if that differs.
func width(l *file.Leaf) int {
	switch l.Physical {
	case file.Int32, file.Float:
		return 4
	case file.Int64, file.Double:
		return 8
	case file.Int96:
		return 12
	case file.Fixed:
		return l.Length
	}
	return 0
}

// set sets a value to its plain bytes.
func (v *Value) set(l *file.Leaf, b []byte) {
	switch l.Physical {
	case file.Int32:
		v.Int = int64(int32(binary.LittleEndian.Uint32(b)))
	case file.Float:
		v.Int = int64(binary.LittleEndian.Uint32(b))
	case file.Int64, file.Double:
		v.Int = int64(binary.LittleEndian.Uint64(b))
	default:
		v.Bytes, v.Cut = b, false
	}
}

// plainDecoder decodes PLAIN.
type plainDecoder struct {
	in   cursor
	leaf *file.Leaf
	size int
	bits byte // booleans that were not returned yet
	left int  // how many those are
}

func (d *plainDecoder) next(v *Value) error {
	switch d.leaf.Physical {
	case file.ByteArray:
		return d.array(v)
	case file.Boolean:
		return d.boolean(v)
	}
	b, err := d.in.take(d.size)
	if err == nil {
		v.set(d.leaf, b)
	}
	return err
}

func (d *plainDecoder) array(v *Value) error {
	b, err := d.in.take(4)
	if err != nil {
		return err
	}
	return takeBytes(&d.in, int64(binary.LittleEndian.Uint32(b)), v)
}

// takeBytes sets v to the next n bytes, or to the beginning of them.
func takeBytes(in *cursor, n int64, v *Value) (err error) {
	if v.Cut = n > maxValue; !v.Cut {
		v.Bytes, err = in.take(int(n))
		return err
	}
	if n > in.left() {
		return errShort
	}
	if v.Bytes, err = in.take(maxValue); err != nil {
		return err
	}
	return in.skip(n - maxValue)
}

func (d *plainDecoder) boolean(v *Value) error {
	if d.left == 0 {
		b, err := d.in.take(1)
		if err != nil {
			return err
		}
		d.bits, d.left = b[0], 8
	}
	v.Int = int64(d.bits & 1)
	d.bits >>= 1
	d.left--
	return nil
}

// booleanDecoder decodes booleans in the encoding RLE.
type booleanDecoder struct{ hybrid }

func (d *booleanDecoder) next(v *Value) error {
	n, err := d.hybrid.next()
	v.Int = int64(n)
	return err
}

// splitDecoder decodes BYTE_STREAM_SPLIT: the first bytes of all values, then the second bytes of all, and so on.
type splitDecoder struct {
	streams []cursor
	leaf    *file.Leaf
	value   []byte
}

// maxStreams is the longest value that is read in this encoding, in bytes: each of its bytes is a stream.
const maxStreams = 64

func (m *Memory) split(l *file.Leaf, r region) (*splitDecoder, error) {
	size := width(l)
	if size == 0 || size > maxStreams {
		return nil, file.Unsupported("column %q has values of %d bytes in the encoding BYTE_STREAM_SPLIT", l.Name, size)
	}
	d := &splitDecoder{streams: make([]cursor, size), leaf: l, value: make([]byte, size)}
	n := r.size / int64(size)
	for i := range d.streams {
		d.streams[i] = m.cursor(r.slice(int64(i)*n, int64(i+1)*n), max(m.pieces/size, 64))
	}
	return d, nil
}

func (d *splitDecoder) next(v *Value) error {
	for i := range d.streams {
		b, err := d.streams[i].take(1)
		if err != nil {
			return err
		}
		d.value[i] = b[0]
	}
	v.set(d.leaf, d.value)
	return nil
}
