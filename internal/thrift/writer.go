package thrift

import "encoding/binary"

// A Writer builds structs. Its zero value is ready. Fields must be written in the order of their numbers.
type Writer struct {
	b    []byte
	last []int // the last field's number, of each struct that is open
}

// Bytes returns what was written.
func (w *Writer) Bytes() []byte { return w.b }

// Begin begins a struct: the outermost one, or an element of a list.
func (w *Writer) Begin() { w.last = append(w.last, 0) }

// Continue goes on with a struct whose fields up to a number were written by another Writer.
func (w *Writer) Continue(last int) { w.last = append(w.last, last) }

// End ends the struct that was begun last.
func (w *Writer) End() {
	w.b = append(w.b, byte(Stop))
	w.last = w.last[:len(w.last)-1]
}

func (w *Writer) field(id int, t Type) {
	last := &w.last[len(w.last)-1]
	if delta := id - *last; delta > 0 && delta < 16 {
		w.b = append(w.b, byte(delta)<<4|byte(t))
	} else {
		w.b = binary.AppendVarint(append(w.b, byte(t)), int64(id))
	}
	*last = id
}

// Struct begins a field that is a struct; [Writer.End] ends it.
func (w *Writer) Struct(id int) {
	w.field(id, Struct)
	w.Begin()
}

// Bool writes a field.
func (w *Writer) Bool(id int, v bool) {
	if v {
		w.field(id, True)
	} else {
		w.field(id, False)
	}
}

// Int16 writes a field.
func (w *Writer) Int16(id int, v int16) {
	w.field(id, Int16)
	w.Element(int64(v))
}

// Int32 writes a field.
func (w *Writer) Int32(id int, v int32) {
	w.field(id, Int32)
	w.Element(int64(v))
}

// Int64 writes a field.
func (w *Writer) Int64(id int, v int64) {
	w.field(id, Int64)
	w.Element(v)
}

// String writes a field.
func (w *Writer) String(id int, s string) {
	w.field(id, Binary)
	w.StringElement(s)
}

// List begins a field that is a list of n elements. The caller then writes the elements.
func (w *Writer) List(id int, element Type, n int) {
	w.field(id, List)
	if n < 15 {
		w.b = append(w.b, byte(n)<<4|byte(element))
		return
	}
	w.b = binary.AppendUvarint(append(w.b, 0xf0|byte(element)), uint64(n))
}

// Element writes an integer as an element of a list.
func (w *Writer) Element(v int64) { w.b = binary.AppendVarint(w.b, v) }

// StringElement writes a text as an element of a list.
func (w *Writer) StringElement(s string) {
	w.b = append(binary.AppendUvarint(w.b, uint64(len(s))), s...)
}
