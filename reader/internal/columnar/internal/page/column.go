package page

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math/bits"

	"enrich/internal/thrift"
	"enrich/reader/internal/columnar/internal/file"
)

// A Column reads the values of one column, row group after row group.
type Column struct {
	in     io.ReaderAt
	leaf   *file.Leaf
	memory *Memory
	chunk  file.Chunk
	next   int64 // where the next page begins
	ahead  int64 // values in the pages that were not begun
	left   int64 // values in this page

	header   header
	thrift   thrift.Reader
	page     slot
	reps     hybrid
	defs     hybrid
	decoder  decoder
	plain    plainDecoder
	indexed  indexDecoder
	dict     dictionary
	dictSlot slot
	endsSlot slot
}

// NewColumn returns a column of a file.
func NewColumn(in io.ReaderAt, l *file.Leaf, m *Memory) *Column {
	return &Column{in: in, leaf: l, memory: m}
}

// Start begins with a chunk. What was left of the one before is forgotten.
func (c *Column) Start(chunk file.Chunk) {
	c.chunk, c.next, c.ahead, c.left = chunk, chunk.From, chunk.Values, 0
	c.dict = dictionary{}
}

// Next returns the levels of the next value; io.EOF after the last one. If the definition level is the highest, there is a
// value, which must then be read with Value.
func (c *Column) Next() (rep, def int, err error) {
	for c.left == 0 {
		if c.ahead == 0 {
			return 0, 0, io.EOF
		}
		if err := c.nextPage(); err != nil {
			return 0, 0, err
		}
	}
	c.left--
	if c.leaf.MaxRep > 0 {
		v, err := c.reps.next()
		if err != nil || v > uint64(c.leaf.MaxRep) {
			return 0, 0, levelError(err)
		}
		rep = int(v)
	}
	if c.leaf.MaxDef > 0 {
		v, err := c.defs.next()
		if err != nil || v > uint64(c.leaf.MaxDef) {
			return 0, 0, levelError(err)
		}
		def = int(v)
	}
	return rep, def, nil
}

func levelError(err error) error {
	if err != nil {
		return err
	}
	return file.Damaged("a level is too high")
}

// Value reads the value whose levels were read last.
func (c *Column) Value(v *Value) error { return c.decoder.next(v) }

// The kinds of pages.
const (
	dataPage       = 0
	dictionaryPage = 2
	dataPageV2     = 3
)

// The encodings.
const (
	plainEncoding       = 0
	plainDictionary     = 2
	rleEncoding         = 3
	deltaBinaryPacked   = 5
	deltaLengthByte     = 6
	deltaByteArray      = 7
	rleDictionary       = 8
	byteStreamSplit     = 9
	noEncoding          = -1
	maxHeader           = 16 << 20 // bytes: statistics may contain values
	levelPiece, pieceOf = 256, 16
)

// A header is that of a page.
type header struct {
	kind, unpacked, packed int64
	crc                    int64
	checked                bool // it has a checksum
	values, encoding       int64
	defEncoding            int64
	repEncoding            int64
	defSize, repSize       int64 // in a page of version 2
	uncompressed           bool  // in a page of version 2
}

func (c *Column) readHeader() error {
	h := &c.header
	*h = header{kind: -1, unpacked: -1, packed: -1, values: -1, encoding: noEncoding, defEncoding: rleEncoding, repEncoding: rleEncoding}
	r := &c.thrift
	r.Reset(c.in, c.next, min(c.chunk.To, c.next+maxHeader))
	r.Struct(func(id int, t thrift.Type) bool {
		top := [...]*int64{1: &h.kind, 2: &h.unpacked, 3: &h.packed, 4: &h.crc}
		switch {
		case id >= 1 && id <= 4 && t == thrift.Int32:
			*top[id] = r.Int(t)
			h.checked = h.checked || id == 4
			return true
		case id == 5 && t == thrift.Struct:
			h.read(r, 1, &h.values, &h.encoding, &h.defEncoding, &h.repEncoding)
			return true
		case id == 7 && t == thrift.Struct:
			h.read(r, 1, &h.values, &h.encoding)
			return true
		case id == 8 && t == thrift.Struct:
			var nulls, rows int64
			h.read(r, 1, &h.values, &nulls, &rows, &h.encoding, &h.defSize, &h.repSize)
			return true
		}
		return false
	})
	if err := r.Err(); err != nil {
		if errors.Is(err, thrift.ErrMalformed) || errors.Is(err, io.ErrUnexpectedEOF) {
			return file.Damaged("a page has no valid header")
		}
		return err
	}
	if h.packed < 0 || h.unpacked < 0 || h.packed > c.chunk.To-r.Offset() {
		return file.Damaged("a page has %d bytes", h.packed)
	}
	return nil
}

// read reads the first fields of a struct, which are integers.
func (h *header) read(r *thrift.Reader, first int, fields ...*int64) {
	r.Struct(func(id int, t thrift.Type) bool {
		switch {
		case id >= first && id < first+len(fields) && t == thrift.Int32:
			*fields[id-first] = r.Int(t)
			return true
		case id == 7 && t == thrift.False: // of version 2: is_compressed
			h.uncompressed = true
		}
		return false
	})
}

// nextPage begins the next page that has values.
func (c *Column) nextPage() error {
	if err := c.readHeader(); err != nil {
		return err
	}
	h, body := &c.header, c.thrift.Offset()
	c.next = body + h.packed
	switch h.kind {
	case dictionaryPage:
		return c.readDictionary(body)
	case dataPage, dataPageV2:
		if h.values < 0 || h.values > c.ahead {
			return file.Damaged("a page has %d of the %d values that are left", h.values, c.ahead)
		}
		begin := c.beginV1
		if h.kind == dataPageV2 {
			begin = c.beginV2
		}
		if h.values > 0 {
			if err := begin(body); err != nil {
				return err
			}
		}
		c.ahead -= h.values
		c.left = h.values
	}
	return nil // pages of other kinds are skipped
}

// beginV1 begins a data page whose levels are in front of the values, packed with them.
func (c *Column) beginV1(body int64) error {
	h := &c.header
	r, err := c.unpack(&c.page, body, h.packed, h.unpacked, c.chunk.Codec)
	if err != nil {
		return err
	}
	for _, level := range []struct {
		h        *hybrid
		max      int
		encoding int64
	}{{&c.reps, c.leaf.MaxRep, h.repEncoding}, {&c.defs, c.leaf.MaxDef, h.defEncoding}} {
		if level.max == 0 {
			continue
		}
		if level.encoding != rleEncoding {
			return file.Unsupported("column %q has levels in encoding %d", c.leaf.Name, level.encoding)
		}
		var size [4]byte
		if err := r.readAt(size[:], 0); err != nil {
			return err
		}
		end := 4 + int64(binary.LittleEndian.Uint32(size[:]))
		if end > r.size {
			return errShort
		}
		c.levels(level.h, r.slice(4, end), level.max)
		r = r.slice(end, r.size)
	}
	return c.beginValues(r)
}

// levels starts to decode levels.
func (c *Column) levels(h *hybrid, r region, highest int) {
	h.in.reset(c.memory, r, max(c.memory.pieces/pieceOf, levelPiece))
	h.reset(bits.Len(uint(highest)))
}

// beginV2 begins a data page whose levels are in front of the values, and never packed.
func (c *Column) beginV2(body int64) error {
	h := &c.header
	levels := h.repSize + h.defSize
	if h.repSize < 0 || h.defSize < 0 || levels > h.packed || levels > h.unpacked {
		return file.Damaged("a page of %d bytes has levels of %d and %d bytes", h.packed, h.repSize, h.defSize)
	}
	page := region{in: c.in, from: body, size: h.packed}
	if err := c.verify(page); err != nil {
		return err
	}
	h.checked = false
	c.levels(&c.reps, page.slice(0, h.repSize), c.leaf.MaxRep)
	c.levels(&c.defs, page.slice(h.repSize, levels), c.leaf.MaxDef)
	codec := c.chunk.Codec
	if h.uncompressed || h.packed == levels {
		codec = file.Uncompressed
	}
	r, err := c.unpack(&c.page, body+levels, h.packed-levels, h.unpacked-levels, codec)
	if err != nil {
		return err
	}
	return c.beginValues(r)
}

// beginValues starts to decode the values of a page.
func (c *Column) beginValues(r region) (err error) {
	l, m := c.leaf, c.memory
	switch c.header.encoding {
	case plainEncoding:
		c.plain.leaf, c.plain.size, c.plain.left = l, width(l), 0
		c.plain.in.reset(m, r, m.pieces)
		c.decoder = &c.plain
	case plainDictionary, rleDictionary:
		c.decoder = &c.indexed
		return c.indexed.reset(c, r)
	case rleEncoding:
		d := &booleanDecoder{}
		if l.Physical != file.Boolean {
			return c.unsupported()
		}
		if r.size < 4 {
			r.size = 4
			return errShort
		}
		d.in.reset(m, r.slice(4, r.size), m.pieces)
		d.reset(1)
		c.decoder = d
	case deltaBinaryPacked:
		d := &deltaDecoder{narrow: l.Physical == file.Int32}
		if l.Physical != file.Int32 && l.Physical != file.Int64 {
			return c.unsupported()
		}
		d.in.reset(m, r, m.pieces)
		c.decoder = d
		if r.size == 0 {
			return nil // of nulls only
		}
		return d.reset()
	default:
		return c.beginBytes(r)
	}
	return nil
}

// beginBytes starts to decode values in the encodings of byte arrays and of streams.
func (c *Column) beginBytes(r region) (err error) {
	l, m := c.leaf, c.memory
	isBytes := l.Physical == file.ByteArray || l.Physical == file.Fixed
	switch encoding := c.header.encoding; {
	case r.size == 0: // of nulls only
		c.plain.leaf, c.plain.size = l, width(l)
		c.plain.in.reset(m, r, m.pieces)
		c.decoder = &c.plain
	case encoding == deltaLengthByte && l.Physical == file.ByteArray:
		c.decoder, err = m.deltaLengths(r)
	case encoding == deltaByteArray && isBytes:
		c.decoder, err = m.deltaArrays(l, r)
	case encoding == byteStreamSplit && l.Physical != file.ByteArray:
		c.decoder, err = m.split(l, r)
	default:
		return c.unsupported()
	}
	return err
}

func (c *Column) unsupported() error {
	return file.Unsupported("column %q has values in encoding %d, which is not supported for them", c.leaf.Name, c.header.encoding)
}

// unpack unpacks a part of the input, and verifies the checksum of the page if it has one.
func (c *Column) unpack(s *slot, from, packed, unpacked int64, codec file.Codec) (region, error) {
	raw := region{in: c.in, from: from, size: packed}
	if codec == file.Uncompressed {
		if err := c.verify(raw); err != nil {
			return region{}, err
		}
		return raw, nil
	}
	if err := c.verify(raw); err != nil {
		return region{}, err
	}
	if err := c.memory.spend(unpacked); err != nil {
		return region{}, err
	}
	in := &inputError{Reader: io.NewSectionReader(c.in, from, packed)}
	out, err := c.memory.unpack.open(codec, in, packed, unpacked)
	var r region
	if err == nil {
		r, err = c.memory.fill(s, out, unpacked)
	}
	if err == nil {
		err = ended(out)
	}
	if in.err != nil {
		return region{}, in.err
	}
	if err != nil {
		return region{}, unpackError(err)
	}
	return r, nil
}

// ended checks that nothing follows what was unpacked of a page. Some codecs verify a checksum there.
func ended(out io.Reader) error {
	var b [1]byte
	switch n, err := io.ReadFull(out, b[:]); {
	case n > 0:
		return file.Damaged("a page has more bytes than its header says")
	case !errors.Is(err, io.EOF):
		return err
	}
	return nil
}

// An inputError remembers how reading the input failed: a decoder may call it something else.
type inputError struct {
	io.Reader
	err error
}

// Read implements [io.Reader].
func (e *inputError) Read(b []byte) (int, error) {
	n, err := e.Reader.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		e.err = err
	}
	return n, err
}

// verify compares the checksum of a page with its bytes.
func (c *Column) verify(page region) error {
	if !c.header.checked {
		return nil
	}
	sum := crc32.NewIEEE()
	in := io.NewSectionReader(page.in, page.from, page.size)
	if _, err := io.CopyBuffer(sum, struct{ io.Reader }{in}, c.memory.scratchOf(copySize)); err != nil {
		return err
	}
	if sum.Sum32() != uint32(c.header.crc) {
		return file.Damaged("column %q: the checksum of a page does not match", c.leaf.Name)
	}
	return nil
}
