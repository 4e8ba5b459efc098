package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
)

var errLength = errors.New("a value from the database has another length than its type")

// A Row reads the binary values of a row of a result in order. Its error is the first one.
type Row struct {
	values [][]byte
	err    error
}

// NewRow returns a reader of a row; the values must stay valid while it is used.
func NewRow(values [][]byte) Row { return Row{values: values} }

// Err returns the first error: a value with a wrong length, or more reads than values.
func (r *Row) Err() error { return r.err }

// next returns the next value: nil for null. size is its length; 0: any.
func (r *Row) next(size int) []byte {
	if len(r.values) == 0 {
		r.err = errors.Join(r.err, errors.New("a row from the database has too few values"))
		return nil
	}
	v := r.values[0]
	r.values = r.values[1:]
	if v != nil && size > 0 && len(v) != size {
		if r.err == nil {
			r.err = fmt.Errorf("%w: %d instead of %d", errLength, len(v), size)
		}
		return nil
	}
	return v
}

// Bytes returns a text or a bytea; nil for null. It is valid as long as the row's values.
func (r *Row) Bytes() []byte { return r.next(0) }

// UUID returns a uuid; zero for null.
func (r *Row) UUID() (v [16]byte) {
	copy(v[:], r.next(16))
	return v
}

// Int8 returns a bigint; 0 for null.
func (r *Row) Int8() int64 {
	if v := r.next(8); v != nil {
		return int64(binary.BigEndian.Uint64(v))
	}
	return 0
}

// Int4 returns an integer; 0 for null.
func (r *Row) Int4() int32 {
	if v := r.next(4); v != nil {
		return int32(binary.BigEndian.Uint32(v))
	}
	return 0
}

// Int2 returns a smallint; 0 for null.
func (r *Row) Int2() int16 {
	if v := r.next(2); v != nil {
		return int16(binary.BigEndian.Uint16(v))
	}
	return 0
}

// Bool returns a boolean; false for null.
func (r *Row) Bool() bool {
	v := r.next(1)
	return v != nil && v[0] != 0
}

// Int8s returns an array of bigint without nulls; nil for null.
func (r *Row) Int8s() []int64 {
	var list []int64
	r.elements(8, func(v []byte) { list = append(list, int64(binary.BigEndian.Uint64(v))) })
	return list
}

// Int4s returns an array of integer without nulls; nil for null.
func (r *Row) Int4s() []int32 {
	var list []int32
	r.elements(4, func(v []byte) { list = append(list, int32(binary.BigEndian.Uint32(v))) })
	return list
}

// elements calls do with each element of an array of one dimension.
func (r *Row) elements(size int, do func([]byte)) {
	b := r.next(0)
	if len(b) < header { // null, or without elements
		return
	}
	n := int(binary.BigEndian.Uint32(b[lengthAt:]))
	b = b[header:]
	if len(b) != n*(4+size) {
		r.err = errors.Join(r.err, errLength)
		return
	}
	for ; n > 0; n-- {
		do(b[4:][:size])
		b = b[4+size:]
	}
}
