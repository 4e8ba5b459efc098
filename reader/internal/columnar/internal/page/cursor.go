package page

import (
	"errors"
	"io"

	"enrich/reader/internal/columnar/internal/file"
)

// maxValue is how much of a value is returned, in bytes. The rest of a longer one is skipped.
const maxValue = 2 << 20

// A region is bytes in memory, or in a file.
type region struct {
	memory     []byte
	in         io.ReaderAt // nil: in memory
	from, size int64
}

func inMemory(b []byte) region { return region{memory: b, size: int64(len(b))} }

// slice returns a part of a region; the offsets are within it.
func (r region) slice(from, to int64) region {
	if r.in == nil {
		return inMemory(r.memory[from:to])
	}
	return region{in: r.in, from: r.from + from, size: to - from}
}

// readAt fills b with the bytes at an offset.
func (r region) readAt(b []byte, at int64) error {
	if at < 0 || at+int64(len(b)) > r.size {
		return errShort
	}
	if r.in == nil {
		copy(b, r.memory[at:])
		return nil
	}
	return readFull(r.in, b, r.from+at)
}

// errShort means that a page or a part of it has fewer bytes than its values need.
var errShort = file.Damaged("a page ends early")

func readFull(in io.ReaderAt, b []byte, at int64) error {
	n, err := in.ReadAt(b, at)
	switch {
	case n == len(b):
		return nil
	case err == nil || errors.Is(err, io.EOF):
		return errShort
	}
	return err
}

// A cursor reads a region from its beginning to its end.
type cursor struct {
	view   []byte // what is in memory and was not read yet
	rest   region // what follows it, in a file
	room   []byte // for pieces of the file
	size   int    // of room
	memory *Memory
}

// cursor returns a cursor that reads a file in pieces of a size.
func (m *Memory) cursor(r region, size int) cursor {
	if r.in == nil {
		return cursor{view: r.memory, memory: m}
	}
	return cursor{rest: r, size: size, memory: m}
}

// reset makes a cursor read another region, and keeps its room.
func (c *cursor) reset(m *Memory, r region, size int) {
	room := c.room
	*c = m.cursor(r, size)
	c.room = room
}

// left is how many bytes there are.
func (c *cursor) left() int64 { return int64(len(c.view)) + c.rest.size }

// take returns the next n bytes. They are valid until the next call of any cursor of the same Memory.
func (c *cursor) take(n int) ([]byte, error) {
	if n > len(c.view) {
		if err := c.fill(n); err != nil {
			return nil, err
		}
	}
	b := c.view[:n:n]
	c.view = c.view[n:]
	return b, nil
}

// fill makes at least n bytes be in view.
func (c *cursor) fill(n int) error {
	if int64(n) > c.left() {
		return errShort
	}
	into := c.room
	if len(into) < c.size {
		c.room = make([]byte, c.size)
		into = c.room
	}
	if n > len(into) {
		into = c.memory.scratchOf(n)
	}
	had := copy(into, c.view)
	size := min(int64(len(into)-had), c.rest.size)
	if n > len(c.room) { // not more than is taken now: the scratch is for others, too
		size = int64(n - had)
	}
	piece := into[had : int64(had)+size]
	if err := readFull(c.rest.in, piece, c.rest.from); err != nil {
		return err
	}
	c.rest.from, c.rest.size = c.rest.from+size, c.rest.size-size
	c.view = into[:int64(had)+size]
	return nil
}

// skip steps over n bytes.
func (c *cursor) skip(n int64) error {
	if n < 0 || n > c.left() {
		return errShort
	}
	if n <= int64(len(c.view)) {
		c.view = c.view[n:]
		return nil
	}
	n -= int64(len(c.view))
	c.view = nil
	c.rest.from, c.rest.size = c.rest.from+n, c.rest.size-n
	return nil
}

// varint reads a number.
func (c *cursor) varint() (uint64, error) {
	var v uint64
	for shift := 0; shift < 64; shift += 7 {
		b, err := c.take(1)
		if err != nil {
			return 0, err
		}
		v |= uint64(b[0]&0x7f) << shift
		if b[0] < 0x80 {
			return v, nil
		}
	}
	return 0, file.Damaged("a number in a page is too long")
}
