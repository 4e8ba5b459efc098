// Package wire writes parameters in PostgreSQL's binary format and reads its binary results, for the statements that run once for
// each commit or lookup. It appends to buffers that are reused, so a commit of any size costs a few allocations.
//
// It knows only the types that the ledger's schema uses. Other statements leave the conversion to pgx.
package wire

import (
	"encoding/binary"
	"time"
)

// OIDs of the elements of arrays.
const (
	oidBytea     = 17
	oidInt8      = 20
	oidInt2      = 21
	oidInt4      = 23
	oidText      = 25
	oidTimestamp = 1184
	oidUUID      = 2950
)

// epoch is 2000-01-01 in microseconds since 1970: PostgreSQL's timestamps count from there.
const epoch = 946_684_800_000_000

// Int8 appends a bigint.
func Int8(b []byte, v int64) []byte { return binary.BigEndian.AppendUint64(b, uint64(v)) }

// Int4 appends an integer.
func Int4(b []byte, v int32) []byte { return binary.BigEndian.AppendUint32(b, uint32(v)) }

// Time appends a timestamptz, to the millisecond.
func Time(b []byte, t time.Time) []byte { return Int8(b, Micros(t)) }

// Micros returns a time as a timestamptz counts: microseconds since 2000. It is cut to whole milliseconds.
func Micros(t time.Time) int64 { return t.UnixMilli()*1000 - epoch }

// ToTime is the inverse of Micros.
func ToTime(micros int64) time.Time { return time.UnixMicro(micros + epoch).UTC() }

// An Array is a one-dimensional array. Its zero value is not ready: call one of the functions that begin one.
type Array struct {
	b    []byte
	size uint32 // of each element; 0: it varies
}

// header is the size of an array's header, and lengthAt the offset of its number of elements in it.
const (
	header   = 20
	lengthAt = 12
)

// begin starts an array in the memory of a, which may be empty.
func (a *Array) begin(oid, size uint32) {
	a.size = size
	b := append(a.b[:0], 0, 0, 0, 1, 0, 0, 0, 0) // one dimension, no nulls
	b = binary.BigEndian.AppendUint32(b, oid)
	b = append(b, 0, 0, 0, 0, 0, 0, 0, 1) // no elements yet; the first index is 1
	a.b = b
}

// BeginUUIDs starts an array of uuid; it keeps the memory of the one before.
func (a *Array) BeginUUIDs() { a.begin(oidUUID, 16) }

// BeginInt8s starts an array of bigint; it keeps the memory of the one before.
func (a *Array) BeginInt8s() { a.begin(oidInt8, 8) }

// BeginInt4s starts an array of integer; it keeps the memory of the one before.
func (a *Array) BeginInt4s() { a.begin(oidInt4, 4) }

// BeginInt2s starts an array of smallint; it keeps the memory of the one before.
func (a *Array) BeginInt2s() { a.begin(oidInt2, 2) }

// BeginTimes starts an array of timestamptz; it keeps the memory of the one before.
func (a *Array) BeginTimes() { a.begin(oidTimestamp, 8) }

// BeginTexts starts an array of text; it keeps the memory of the one before.
func (a *Array) BeginTexts() { a.begin(oidText, 0) }

// BeginBytes starts an array of bytea; it keeps the memory of the one before.
func (a *Array) BeginBytes() { a.begin(oidBytea, 0) }

func (a *Array) count() {
	n := binary.BigEndian.Uint32(a.b[lengthAt:])
	binary.BigEndian.PutUint32(a.b[lengthAt:], n+1)
}

func (a *Array) element() {
	a.count()
	a.b = binary.BigEndian.AppendUint32(a.b, a.size)
}

// UUID appends a uuid.
func (a *Array) UUID(v [16]byte) { a.element(); a.b = append(a.b, v[:]...) }

// Int8 appends a bigint.
func (a *Array) Int8(v int64) { a.element(); a.b = Int8(a.b, v) }

// Int4 appends an integer.
func (a *Array) Int4(v int32) { a.element(); a.b = Int4(a.b, v) }

// Int2 appends a smallint.
func (a *Array) Int2(v int16) { a.element(); a.b = binary.BigEndian.AppendUint16(a.b, uint16(v)) }

// Time appends a timestamptz.
func (a *Array) Time(v time.Time) { a.Int8(Micros(v)) }

// Text appends a text.
func (a *Array) Text(v string) {
	a.count()
	a.b = binary.BigEndian.AppendUint32(a.b, uint32(len(v)))
	a.b = append(a.b, v...)
}

// Bytes appends an element of a text or bytea array.
func (a *Array) Bytes(v []byte) {
	a.count()
	a.b = binary.BigEndian.AppendUint32(a.b, uint32(len(v)))
	a.b = append(a.b, v...)
}

// Append appends an element of a text array that write appends to a buffer.
func (a *Array) Append(write func([]byte) []byte) {
	a.count()
	at := len(a.b)
	a.b = write(append(a.b, 0, 0, 0, 0))
	binary.BigEndian.PutUint32(a.b[at:], uint32(len(a.b)-at-4))
}

// Last returns the bytes of the element that was appended last, if its size varies and is n.
func (a *Array) Last(n int) []byte { return a.b[len(a.b)-n:] }

// Null appends a null.
func (a *Array) Null() {
	a.count()
	a.b[7] = 1 // it has nulls
	a.b = append(a.b, 0xff, 0xff, 0xff, 0xff)
}

// Len returns the number of elements.
func (a *Array) Len() int { return int(binary.BigEndian.Uint32(a.b[lengthAt:])) }

// Value returns the array as a parameter. It is valid until the array is changed.
func (a *Array) Value() []byte {
	if a.Len() == 0 { // an empty array has no dimensions
		return append(append(a.b[:0:0], 0, 0, 0, 0, 0, 0, 0, 0), a.b[8:12]...)
	}
	return a.b
}
