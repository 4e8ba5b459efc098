package thrift

import (
	"errors"
	"fmt"
	"io"
)

// A Type is the type of a value in the compact protocol.
type Type byte

// The types. A field of type True or False has no value besides its type.
const (
	Stop Type = iota
	True
	False
	Byte
	Int16
	Int32
	Int64
	Double
	Binary
	List
	Set
	Map
	Struct
)

// ErrMalformed means that an input is not what the protocol allows.
var ErrMalformed = errors.New("malformed metadata")

const (
	// maxDepth is how deep values may be nested. Parquet's own metadata is 7 deep.
	maxDepth   = 32
	bufferSize = 4 << 10
)

// A Reader reads values from a part of a file. Its first error stays: after it, all values are zero and all lists are empty.
type Reader struct {
	in    io.ReaderAt
	next  int64 // where the bytes after buf begin
	end   int64
	buf   []byte // the bytes that are not consumed yet, in room
	room  []byte
	depth int
	err   error
}

// NewReader returns a reader of the bytes from an offset to another.
func NewReader(in io.ReaderAt, from, to int64) *Reader {
	r := &Reader{}
	r.Reset(in, from, to)
	return r
}

// Reset makes the reader read another part, and forgets its error.
func (r *Reader) Reset(in io.ReaderAt, from, to int64) {
	r.in, r.next, r.end, r.buf, r.depth, r.err = in, from, to, nil, 0, nil
}

// Err returns the first error.
func (r *Reader) Err() error { return r.err }

// Offset returns where the next byte is.
func (r *Reader) Offset() int64 { return r.next - int64(len(r.buf)) }

// Fail makes an error the reader's, if it has none yet.
func (r *Reader) Fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.buf = nil
}

func (r *Reader) malformed(what string) { r.Fail(fmt.Errorf("%w: %s", ErrMalformed, what)) }

// left is how many bytes there are.
func (r *Reader) left() int64 { return r.end - r.Offset() }

// fill reads on, and reports whether there is a byte.
func (r *Reader) fill() bool {
	if len(r.buf) > 0 {
		return true
	}
	n := min(r.end-r.next, bufferSize)
	if r.err != nil || n <= 0 {
		r.malformed("it ends early")
		return false
	}
	if r.room == nil {
		r.room = make([]byte, bufferSize)
	}
	got, err := r.in.ReadAt(r.room[:n], r.next)
	if int64(got) < n {
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		r.Fail(err)
		return false
	}
	r.buf, r.next = r.room[:n], r.next+n
	return true
}

func (r *Reader) byte() byte {
	if !r.fill() {
		return 0
	}
	b := r.buf[0]
	r.buf = r.buf[1:]
	return b
}

func (r *Reader) varint() uint64 {
	var v uint64
	for shift := 0; shift < 64; shift += 7 {
		b := r.byte()
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v
		}
	}
	r.malformed("a number is too long")
	return 0
}

// Int reads an integer of a type.
func (r *Reader) Int(t Type) int64 {
	if t == Byte {
		return int64(int8(r.byte()))
	}
	v := r.varint()
	return int64(v>>1) ^ -int64(v&1)
}

// Bytes reads a Binary of at most limit bytes.
func (r *Reader) Bytes(limit int) []byte {
	n := r.varint()
	if n > uint64(limit) || int64(n) > r.left() {
		r.malformed(fmt.Sprintf("a text of %d bytes", n))
		return nil
	}
	b := make([]byte, n)
	for at := 0; at < len(b); {
		if !r.fill() {
			return nil
		}
		part := copy(b[at:], r.buf)
		r.buf = r.buf[part:]
		at += part
	}
	return b
}

// Struct calls read for each field of a struct. read reads the field's value, or returns false to skip it.
func (r *Reader) Struct(read func(id int, t Type) bool) {
	if r.depth++; r.depth > maxDepth {
		r.malformed("it is nested too deeply")
		return
	}
	for id := 0; r.err == nil; {
		b := r.byte()
		t := Type(b & 0x0f)
		if t == Stop {
			break
		}
		if delta := int(b >> 4); delta != 0 {
			id += delta
		} else {
			id = int(int16(r.Int(Int16)))
		}
		if r.err == nil && !read(id, t) {
			r.Skip(t)
		}
	}
	r.depth--
}

// List calls read for each element of a list; read has to read it. size is what the list says about itself.
func (r *Reader) List(read func(element Type)) (size int64) {
	element, size := r.ListHeader()
	for range size {
		if r.err != nil {
			return 0
		}
		read(element)
	}
	return size
}

// ListHeader reads the type and the number of a list's elements. There are at least as many bytes as elements.
func (r *Reader) ListHeader() (element Type, size int64) {
	b := r.byte()
	element, size = Type(b&0x0f), int64(b>>4)
	if size == 15 {
		n := r.varint()
		size = int64(min(n, 1<<62))
	}
	if size > r.left() {
		r.malformed(fmt.Sprintf("a list of %d elements in %d bytes", size, r.left()))
		return element, 0
	}
	return element, size
}

// Skip skips a value.
func (r *Reader) Skip(t Type) {
	switch t {
	case True, False: // the value of a field; in a list it is a byte: see skipElement
	case Byte:
		r.byte()
	case Int16, Int32, Int64:
		r.varint()
	case Double:
		r.skip(8)
	case Binary:
		n := r.varint()
		r.skip(int64(min(n, 1<<62)))
	case List, Set:
		if r.depth++; r.depth > maxDepth {
			r.malformed("it is nested too deeply")
			return
		}
		r.List(r.skipElement)
		r.depth--
	case Map:
		r.skipMap()
	case Struct:
		r.Struct(func(int, Type) bool { return false })
	default:
		r.malformed(fmt.Sprintf("a value of type %d", t))
	}
}

func (r *Reader) skipElement(t Type) {
	if t == True || t == False {
		t = Byte
	}
	r.Skip(t)
}

func (r *Reader) skipMap() {
	size := r.varint()
	if size == 0 {
		return
	}
	types := r.byte()
	if size > uint64(max(r.left(), 0)) {
		r.malformed(fmt.Sprintf("a map of %d elements", size))
		return
	}
	if r.depth++; r.depth > maxDepth {
		r.malformed("it is nested too deeply")
		return
	}
	for range size {
		if r.err != nil {
			return
		}
		r.skipElement(Type(types >> 4))
		r.skipElement(Type(types & 0x0f))
	}
	r.depth--
}

func (r *Reader) skip(n int64) {
	if n < 0 || n > r.left() {
		r.malformed("it ends early")
		return
	}
	if n <= int64(len(r.buf)) {
		r.buf = r.buf[n:]
		return
	}
	r.next += n - int64(len(r.buf))
	r.buf = nil
}
