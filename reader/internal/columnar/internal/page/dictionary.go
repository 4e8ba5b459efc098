package page

import (
	"encoding/binary"
	"io"

	"enrich/reader/internal/columnar/internal/file"
)

// A dictionary has the values that the pages of a chunk refer to.
type dictionary struct {
	values region
	n      int64
	// size is how many bytes a value has; if that differs, it is 0 and ends says where each value ends.
	size int
	ends region
}

// readDictionary reads the chunk's dictionary, which comes before its data pages.
func (c *Column) readDictionary(body int64) error {
	h := &c.header
	if h.encoding != plainEncoding && h.encoding != plainDictionary || c.leaf.Physical == file.Boolean || h.values < 0 {
		return file.Damaged("column %q has a dictionary of %d values in encoding %d", c.leaf.Name, h.values, h.encoding)
	}
	r, err := c.unpack(&c.dictSlot, body, h.packed, h.unpacked, c.chunk.Codec)
	if err != nil {
		return err
	}
	c.dict = dictionary{values: r, n: h.values, size: width(c.leaf)}
	if c.leaf.Physical != file.ByteArray {
		if c.dict.n > 0 && c.dict.size > 0 && c.dict.n > r.size/int64(c.dict.size) {
			return errShort
		}
		return nil
	}
	if c.dict.n > r.size/4 {
		return errShort
	}
	if r.in != nil && r.size <= c.memory.largest {
		if c.dict.values, err = c.memory.fill(&c.dictSlot, io.NewSectionReader(r.in, r.from, r.size), r.size); err != nil {
			return err
		}
	}
	in := &endsReader{in: c.memory.cursor(r, c.memory.pieces), left: c.dict.n}
	c.dict.ends, err = c.memory.fill(&c.endsSlot, in, 4*c.dict.n)
	return err
}

// An endsReader returns where each value of a dictionary ends, as numbers of 32 bits.
type endsReader struct {
	in   cursor
	left int64
	at   int64
}

// Read implements [io.Reader]. The length of b is a multiple of 4.
func (e *endsReader) Read(b []byte) (n int, err error) {
	for ; n+4 <= len(b) && e.left > 0; n += 4 {
		size, err := e.in.take(4)
		if err != nil {
			return n, err
		}
		length := int64(binary.LittleEndian.Uint32(size))
		if err := e.in.skip(length); err != nil {
			return n, err
		}
		e.at += 4 + length
		e.left--
		binary.LittleEndian.PutUint32(b[n:], uint32(e.at))
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// indexDecoder decodes values that are indexes of the dictionary.
type indexDecoder struct {
	hybrid
	c     *Column
	fixed [12]byte
}

// reset starts to decode indexes. The first byte is their width.
func (d *indexDecoder) reset(c *Column, r region) error {
	d.c = c
	var w [1]byte
	if r.size == 0 { // of nulls only
		d.in.reset(c.memory, r, c.memory.pieces)
		d.hybrid.reset(1)
		return nil
	}
	if err := r.readAt(w[:], 0); err != nil {
		return err
	}
	if w[0] > 32 {
		return file.Damaged("a page has indexes of %d bits", w[0])
	}
	d.in.reset(c.memory, r.slice(1, r.size), c.memory.pieces)
	d.hybrid.reset(int(w[0]))
	return nil
}

func (d *indexDecoder) next(v *Value) error {
	i, err := d.hybrid.next()
	if err != nil {
		return err
	}
	if int64(i) >= d.c.dict.n {
		return file.Damaged("column %q: index %d of a dictionary of %d values", d.c.leaf.Name, i, d.c.dict.n)
	}
	return d.c.dict.get(d.c, int64(i), v, d.fixed[:])
}

// get sets v to a value of the dictionary.
func (d *dictionary) get(c *Column, i int64, v *Value, room []byte) error {
	from, to := i*int64(d.size), (i+1)*int64(d.size)
	if c.leaf.Physical == file.ByteArray {
		var err error
		if from, to, err = d.bounds(i); err != nil {
			return err
		}
	}
	if v.Cut = to-from > maxValue; v.Cut {
		to = from + maxValue
	}
	b := room
	switch {
	case d.values.in == nil:
		b = d.values.memory[from:to]
	case to-from > int64(len(room)):
		b = c.memory.scratchOf(int(to - from))
	default:
		b = room[:to-from]
	}
	if d.values.in != nil {
		if err := d.values.readAt(b, from); err != nil {
			return err
		}
	}
	cut := v.Cut
	v.set(c.leaf, b)
	v.Cut = cut
	return nil
}

// bounds returns where a byte array begins and ends.
func (d *dictionary) bounds(i int64) (from, to int64, err error) {
	var b [8]byte
	if i == 0 {
		err = d.ends.readAt(b[4:], 0)
	} else {
		err = d.ends.readAt(b[:], 4*(i-1))
	}
	return int64(binary.LittleEndian.Uint32(b[:])) + 4, int64(binary.LittleEndian.Uint32(b[4:])), err
}
