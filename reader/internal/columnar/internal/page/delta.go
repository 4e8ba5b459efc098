package page

import (
	"enrich/reader/internal/columnar/internal/file"
)

// deltas decodes DELTA_BINARY_PACKED: numbers as differences, in blocks of miniblocks, each with its own width.
type deltas struct {
	in      cursor
	perMini uint64 // numbers in a miniblock
	minis   int    // miniblocks in a block
	left    uint64 // numbers that were not returned yet
	first   bool   // the first number was not returned yet
	last    int64
	minimum int64 // difference in this block
	widths  [maxMinis]byte
	mini    int    // the next miniblock
	inMini  uint64 // numbers left in the one before it
	packed  [8]uint64
	at      int
}

const (
	// maxMinis is how many miniblocks a block may have. Writers use 4 or 8.
	maxMinis   = 512
	maxPerMini = 1 << 20
)

// reset reads the header of the numbers in a cursor that was set.
func (d *deltas) reset() error {
	header := [4]uint64{}
	for i := range header {
		var err error
		if header[i], err = d.in.varint(); err != nil {
			return err
		}
	}
	block, minis := header[0], header[1]
	if minis == 0 || minis > maxMinis || block%minis != 0 || block/minis == 0 || block/minis%8 != 0 || block/minis > maxPerMini {
		return file.Damaged("a page has blocks of %d numbers in %d miniblocks", block, minis)
	}
	d.perMini, d.minis, d.left, d.last = block/minis, int(minis), header[2], unzigzag(header[3])
	d.first, d.mini, d.inMini, d.at = true, d.minis, 0, 8
	return nil
}

func unzigzag(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }

// next returns the next number.
func (d *deltas) next() (int64, error) {
	if d.left == 0 {
		return 0, errShort
	}
	d.left--
	if d.first {
		d.first = false
		return d.last, nil
	}
	if d.at == 8 {
		if err := d.group(); err != nil {
			return 0, err
		}
	}
	d.last += d.minimum + int64(d.packed[d.at])
	d.at++
	return d.last, nil
}

// group unpacks the next eight numbers.
func (d *deltas) group() error {
	if d.inMini == 0 {
		if err := d.nextMini(); err != nil {
			return err
		}
	}
	w := int(d.widths[d.mini-1])
	n := min(int64(w), d.in.left())
	if n == 0 && w > 0 {
		return errShort
	}
	raw, err := d.in.take(int(n))
	if err != nil {
		return err
	}
	if w == 0 {
		d.packed = [8]uint64{}
	} else {
		unpack8(&d.packed, raw, w)
	}
	d.inMini, d.at = d.inMini-8, 0
	return nil
}

// nextMini goes to the next miniblock, or to that of the next block.
func (d *deltas) nextMini() error {
	if d.mini == d.minis {
		minimum, err := d.in.varint()
		if err != nil {
			return err
		}
		raw, err := d.in.take(d.minis)
		if err != nil {
			return err
		}
		copy(d.widths[:], raw)
		d.minimum, d.mini = unzigzag(minimum), 0
	}
	if w := d.widths[d.mini]; w > 64 {
		return file.Damaged("a page has numbers of %d bits", w)
	}
	d.mini, d.inMini = d.mini+1, d.perMini
	return nil
}

// end skips all numbers and returns how many bytes follow them. Only the last block may lack miniblocks.
func (d *deltas) end() (int64, error) {
	left := d.left
	for left = left - min(left, 1); left > 0; {
		if err := d.nextMini(); err != nil {
			return 0, err
		}
		if err := d.in.skip(min(int64(d.widths[d.mini-1])*int64(d.perMini/8), d.in.left())); err != nil {
			return 0, err
		}
		left -= min(left, d.perMini)
	}
	return d.in.left(), nil
}

// deltaDecoder decodes integers in the encoding DELTA_BINARY_PACKED.
type deltaDecoder struct {
	deltas
	narrow bool // numbers of 32 bits, whose differences wrap around
}

func (d *deltaDecoder) next(v *Value) error {
	n, err := d.deltas.next()
	if v.Int = n; d.narrow {
		v.Int = int64(int32(n))
	}
	return err
}

// lengths starts to decode numbers at the beginning of a region, and returns the region after them.
func (m *Memory) lengths(d *deltas, r region) (region, error) {
	d.in.reset(m, r, m.pieces/4)
	if err := d.reset(); err != nil {
		return region{}, err
	}
	left, err := d.end()
	if err != nil {
		return region{}, err
	}
	d.in.reset(m, r, m.pieces/4)
	return r.slice(r.size-left, r.size), d.reset()
}

// lengthDecoder decodes DELTA_LENGTH_BYTE_ARRAY: all lengths, then all bytes.
type lengthDecoder struct {
	lengths deltas
	in      cursor
}

func (m *Memory) deltaLengths(r region) (*lengthDecoder, error) {
	d := &lengthDecoder{}
	rest, err := m.lengths(&d.lengths, r)
	d.in.reset(m, rest, m.pieces)
	return d, err
}

func (d *lengthDecoder) next(v *Value) error {
	n, err := d.lengths.next()
	if err != nil {
		return err
	}
	if n < 0 {
		return file.Damaged("a value of %d bytes", n)
	}
	return takeBytes(&d.in, n, v)
}

// arrayDecoder decodes DELTA_BYTE_ARRAY: how much of the value before is repeated, and what follows it.
type arrayDecoder struct {
	prefixes deltas
	suffixes *lengthDecoder
	leaf     *file.Leaf
	memory   *Memory
	value    []byte
}

func (m *Memory) deltaArrays(l *file.Leaf, r region) (*arrayDecoder, error) {
	d := &arrayDecoder{leaf: l, memory: m}
	rest, err := m.lengths(&d.prefixes, r)
	if err != nil {
		return nil, err
	}
	d.suffixes, err = m.deltaLengths(rest)
	return d, err
}

// maxRepeated is the longest value of this encoding, in bytes: it is kept in memory for the next one.
const maxRepeated = 64 << 10

func (d *arrayDecoder) next(v *Value) error {
	n, err := d.prefixes.next()
	if err != nil {
		return err
	}
	if n < 0 || n > int64(len(d.value)) {
		return file.Damaged("a value repeats %d of %d bytes", n, len(d.value))
	}
	if err := d.suffixes.next(v); err != nil {
		return err
	}
	size := int(n) + len(v.Bytes)
	if v.Cut || size > maxRepeated && !d.keep(size) {
		return file.Unsupported("column %q has values of more than %d bytes in the encoding DELTA_BYTE_ARRAY", d.leaf.Name, maxRepeated)
	}
	d.value = append(d.value[:n], v.Bytes...)
	v.Bytes = d.value
	if d.leaf.Physical == file.Fixed && len(d.value) != d.leaf.Length {
		return file.Damaged("a value of %d bytes instead of %d", len(d.value), d.leaf.Length)
	}
	return nil
}

// keep makes room for a long value, if there is enough memory.
func (d *arrayDecoder) keep(size int) bool {
	if size <= cap(d.value) {
		return true
	}
	if !d.memory.reserve(int64(2 * size)) {
		return false
	}
	d.memory.left += int64(cap(d.value)) // of the value that is replaced
	value := make([]byte, len(d.value), 2*size)
	copy(value, d.value)
	d.value = value
	return true
}
