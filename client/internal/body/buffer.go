package body

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"strings"
)

// A Buffer reads one body after another. What does not fit into its share of the memory is in a slot of the temporary file,
// before the tail.
type Buffer struct {
	memory   *Memory
	tail     []byte
	slot     int64  // from 1; 0: none
	inFile   int    // bytes in the slot
	large    []byte // from allocate; nil: none
	reserved int64  // bytes of the memory for complete bodies
}

// maxKeptTail is the largest tail that a free buffer keeps: a rare large body must not take memory for ever.
const maxKeptTail = 16 << 10

// Len returns how many bytes of the body were read, as they came: at most [MaxSize]+1.
func (b *Buffer) Len() int { return b.inFile + len(b.tail) }

// Read reads a body until its end or until [MaxSize]+1 bytes. It never waits for memory. length is the announced length, or
// -1.
func (b *Buffer) Read(from io.Reader, length int64) error {
	b.memory.spill.giveBack(b)
	b.tail = b.tail[:0]
	for b.Len() <= MaxSize {
		if len(b.tail) == cap(b.tail) {
			b.grow(length)
		}
		room := min(cap(b.tail)-len(b.tail), MaxSize+1-b.Len())
		n, err := from.Read(b.tail[len(b.tail) : len(b.tail)+room])
		b.tail = b.tail[:len(b.tail)+n]
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
	return nil
}

// grow makes the tail larger, or moves it to the file if it is as large as the share. If the file fails, the body stays in
// memory.
func (b *Buffer) grow(length int64) {
	limit := b.memory.share
	if len(b.tail) >= limit {
		if b.memory.spill.write(b) {
			return
		}
		limit = MaxSize + 1
	}
	size := max(2*cap(b.tail), 512)
	if length >= 0 {
		size = max(size, int(min(length+1, MaxSize+1)))
	}
	b.tail = append(make([]byte, 0, min(size, limit)), b.tail...)
}

// Decode waits for memory and returns the body as UTF-8 text, which is valid until the buffer is used again or freed. Text of
// more than [MaxSize] bytes means that the body is too long; its end may be missing. An error is [ErrCorrupt] if the body is
// complete; otherwise the text is what could be read.
func (b *Buffer) Decode(h http.Header) ([]byte, error) {
	raw, err := b.load(isDeflate(h))
	text, corrupt := decode(h, raw)
	if err == nil {
		err = corrupt
	}
	return text, err
}

// Keep hands over the reservation of up to n bytes to the caller, who gives them back with [Memory.Release], and returns how
// many bytes that is.
func (b *Buffer) Keep(n int) int64 {
	kept := min(int64(n), b.reserved)
	b.reserved -= kept
	return kept
}

// Free gives back the buffer's memory and its slot in the file. A second call does nothing.
func (b *Buffer) Free() {
	m := b.memory
	m.spill.giveBack(b)
	m.recycle(b)
	m.Release(b.reserved)
	b.reserved = 0
	if cap(b.tail) > maxKeptTail {
		b.tail = nil
	}
}

// load waits for memory and returns the whole body, gunzipped if it is gzip, whatever its header says. deflated: decode will
// decompress it.
func (b *Buffer) load(deflated bool) ([]byte, error) {
	m, size := b.memory, b.Len()
	switch {
	case size <= MaxSize && b.isGzip():
		return b.gunzip()
	case deflated:
		m.reserve(b, copies*(MaxSize+1))
	default:
		m.reserve(b, copies*size)
	}
	if b.inFile == 0 {
		return b.tail, nil
	}
	whole := m.allocate(b, size)
	_, err := io.ReadFull(b.reader(), whole)
	m.spill.giveBack(b)
	return whole, err
}

const gzipMagic = "\x1f\x8b\x08"

func (b *Buffer) isGzip() bool {
	if b.inFile == 0 {
		return bytes.HasPrefix(b.tail, []byte(gzipMagic))
	}
	var head [len(gzipMagic)]byte
	_, err := io.ReadFull(b.reader(), head[:])
	return err == nil && string(head[:]) == gzipMagic
}

// gunzip decompresses the body. The last four bytes of gzip are the decompressed length. If that is wrong or missing, gunzip
// starts again with room for the largest body.
func (b *Buffer) gunzip() ([]byte, error) {
	m := b.memory
	defer m.spill.giveBack(b)
	for size := b.gunzippedLen(); ; size = MaxSize {
		m.reserve(b, copies*(size+1)+gunzipMemory)
		out, err := m.gunzip(m.allocate(b, size+1)[:0], b.reader())
		if len(out) <= size || size == MaxSize {
			return out, err
		}
	}
}

// gunzippedLen returns the decompressed length that the body states, at most MaxSize.
func (b *Buffer) gunzippedLen() int {
	if len(b.tail) < 4 {
		return MaxSize
	}
	return int(min(binary.LittleEndian.Uint32(b.tail[len(b.tail)-4:]), MaxSize))
}

// gunzip decompresses until out is full.
func (m *Memory) gunzip(out []byte, from io.Reader) ([]byte, error) {
	z, ok := m.gunzips.Get().(*gzip.Reader)
	if !ok {
		z = new(gzip.Reader)
	}
	defer m.gunzips.Put(z)
	if err := z.Reset(from); err != nil {
		return nil, corrupt(err)
	}
	for len(out) < cap(out) {
		n, err := z.Read(out[len(out):cap(out)])
		out = out[:len(out)+n]
		switch {
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil:
			return out, corrupt(err)
		}
	}
	return out, nil
}

// reader reads the body from its start.
func (b *Buffer) reader() io.Reader {
	if b.inFile == 0 {
		return bytes.NewReader(b.tail)
	}
	return io.MultiReader(io.NewSectionReader(&b.memory.spill, b.offset(), int64(b.inFile)), bytes.NewReader(b.tail))
}

func isDeflate(h http.Header) bool {
	return strings.EqualFold(strings.TrimSpace(h.Get("Content-Encoding")), "deflate")
}
