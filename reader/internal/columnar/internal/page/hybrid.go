package page

import (
	"encoding/binary"

	"enrich/reader/internal/columnar/internal/file"
)

// A hybrid decodes small numbers of a fixed width: runs of one number, and numbers packed bit by bit (RLE/bit-packing hybrid).
// Levels, indexes of a dictionary and some booleans are encoded so.
type hybrid struct {
	in     cursor
	width  int    // bits
	value  uint64 // of the run
	repeat uint64 // how often it comes again
	groups uint64 // of eight packed numbers, which were not read yet
	packed [8]uint64
	at     int // in packed
}

// reset starts to decode numbers of a width; those of width 0 take no bytes.
func (h *hybrid) reset(width int) {
	h.width, h.value, h.repeat, h.groups, h.at = width, 0, 0, 0, 8
	if width == 0 {
		h.repeat = 1 << 62
	}
}

// next returns the next number.
func (h *hybrid) next() (uint64, error) {
	for {
		switch {
		case h.repeat > 0:
			h.repeat--
			return h.value, nil
		case h.at < 8:
			v := h.packed[h.at]
			h.at++
			return v, nil
		case h.groups > 0:
			if err := h.group(); err != nil {
				return 0, err
			}
		default:
			if err := h.run(); err != nil {
				return 0, err
			}
		}
	}
}

// run reads the header of a run.
func (h *hybrid) run() error {
	header, err := h.in.varint()
	if err != nil {
		return err
	}
	if header&1 != 0 {
		h.groups = header >> 1
		return nil
	}
	var b [8]byte
	raw, err := h.in.take((h.width + 7) / 8)
	if err != nil {
		return err
	}
	copy(b[:], raw)
	h.value, h.repeat = binary.LittleEndian.Uint64(b[:]), header>>1
	if h.value>>h.width != 0 {
		return file.Damaged("the number %d has more than %d bits", h.value, h.width)
	}
	return nil
}

// group unpacks the next eight numbers. Some writers leave out the last bytes of the last group.
func (h *hybrid) group() error {
	n := min(int64(h.width), h.in.left())
	if n == 0 {
		return errShort
	}
	raw, err := h.in.take(int(n))
	if err != nil {
		return err
	}
	unpack8(&h.packed, raw, h.width)
	h.groups, h.at = h.groups-1, 0
	return nil
}

// unpack8 unpacks eight numbers of a width up to 64 bits. Bytes that are missing are zero.
func unpack8(into *[8]uint64, raw []byte, width int) {
	var b [64 + 9]byte
	copy(b[:64], raw)
	mask := ^uint64(0) >> (64 - width)
	for i := range into {
		bit := i * width
		v := binary.LittleEndian.Uint64(b[bit/8:]) >> (bit % 8)
		if high := bit % 8; high+width > 64 {
			v |= uint64(b[bit/8+8]) << (64 - high)
		}
		into[i] = v & mask
	}
}
