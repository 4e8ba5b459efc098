package columnar

import (
	"errors"
	"io"
	"unicode/utf8"

	"enrich/reader/internal/columnar/internal/duck"
	"enrich/reader/internal/columnar/internal/file"
	"enrich/reader/internal/columnar/internal/page"
)

// A leaf is a column of values, and the levels of its next value.
type leaf struct {
	*file.Leaf
	index    int
	column   *page.Column
	rep, def int
	loaded   bool // rep and def are those of a value that was not consumed yet
	ended    bool // the row group has no other value
	value    page.Value
}

func (l *leaf) start(c file.Chunk) {
	l.column.Start(c)
	l.loaded, l.ended = false, false
}

// load reads the levels of the next value. At the end of the row group it sets ended.
func (l *leaf) load() error {
	if l.loaded || l.ended {
		return nil
	}
	var err error
	l.rep, l.def, err = l.column.Next()
	if errors.Is(err, io.EOF) {
		l.ended = true
		return nil
	}
	l.loaded = err == nil
	return err
}

// A builder appends the text of cells.
type builder struct {
	text    []byte
	limit   int  // of len(text)
	over    bool // the text would be longer
	invalid bool // a value is not UTF-8, or not one of its type
	scratch []byte
}

// begin begins a cell, with a limit for the length of the text.
func (b *builder) begin(limit int) { b.limit, b.over, b.invalid = limit, false, false }

func (b *builder) add(text []byte) {
	if room := b.room(); len(text) > room {
		b.over = true
		text = cut(text, room)
	}
	b.text = append(b.text, text...)
}

func (b *builder) addString(s string) { b.add([]byte(s)) }

// room is how much may still be appended.
func (b *builder) room() int { return max(b.limit-len(b.text), 0) }

// cut returns the first n bytes of a text, without a part of a character at their end.
func cut(text []byte, n int) []byte {
	text = text[:n]
	for range utf8.UTFMax - 1 {
		if r, size := utf8.DecodeLastRune(text); r != utf8.RuneError || size != 1 {
			break
		}
		text = text[:len(text)-1]
	}
	return text
}

// addValue appends a value: in a list, map or struct it is quoted if needed.
func (b *builder) addValue(l *leaf, nested bool) error {
	v := &l.value
	if err := l.column.Value(v); err != nil {
		return err
	}
	if room := b.room(); v.Cut || len(v.Bytes) > room && l.Type.IsBytes() {
		b.over = true
		v.Bytes = cut(v.Bytes, min(len(v.Bytes), room))
	}
	switch l.Type.Type {
	case file.TypeText, file.TypeJSON:
		b.invalid = b.invalid || !utf8.Valid(v.Bytes)
		if !nested || l.Type.Type == file.TypeJSON {
			b.add(v.Bytes)
			return nil
		}
	case file.TypeNull:
		if nested {
			b.addString(duck.NULL)
		}
		return nil
	}
	text, ok := duck.Append(b.scratch[:0], l.Leaf, v)
	b.invalid = b.invalid || !ok
	if from := len(text); nested {
		text = duck.AppendQuoted(text, text)
		b.add(text[from:])
	} else {
		b.add(text)
	}
	b.scratch = text[:0]
	return nil
}

// addCell appends the cell of a column of the next row. A null is an empty cell.
func (r *Reader) addCell(n *file.Node) error {
	first := &r.leaves[n.First]
	if n.Kind == file.Values {
		_, def, err := first.column.Next()
		switch {
		case errors.Is(err, io.EOF):
			return errEnded
		case err != nil || def < first.MaxDef:
			return err
		}
		return r.cell.addValue(first, false)
	}
	for i := n.First; i < n.First+n.Count; i++ {
		l := &r.leaves[i]
		if err := l.load(); err != nil {
			return err
		}
		if l.ended || l.rep != 0 {
			return errEnded
		}
	}
	if n.Kind == file.Struct && first.def < n.MaxDef || n.Kind != file.Struct && first.def < n.MaxDef-1 {
		return r.consume(n)
	}
	return r.write(n)
}

// consume steps over one value of each leaf of a node, which is null or an empty list.
func (r *Reader) consume(n *file.Node) error {
	for i := n.First; i < n.First+n.Count; i++ {
		l := &r.leaves[i]
		if !l.loaded {
			return errLevels
		}
		l.loaded = false
		if l.def == l.MaxDef {
			if err := l.column.Value(&l.value); err != nil {
				return err
			}
		}
	}
	return nil
}

// errLevels means that the columns of a list, map or struct do not have the same shape.
var errLevels = file.Damaged("the columns of a list, map or struct do not fit together")

// write appends what is nested in a column. The levels of all its leaves are loaded.
func (r *Reader) write(n *file.Node) error {
	first, b := &r.leaves[n.First], &r.cell
	if !first.loaded {
		return errLevels
	}
	switch {
	case n.Kind == file.Values:
		first.loaded = false
		if first.def == first.MaxDef {
			return b.addValue(first, true)
		}
		b.addString(duck.NULL)
	case n.Kind == file.Struct && first.def >= n.MaxDef:
		return r.writeStruct(n)
	case n.Kind != file.Struct && first.def >= n.MaxDef:
		return r.writeElements(n)
	case n.Kind == file.List && first.def == n.MaxDef-1:
		b.addString("[]")
		return r.consume(n)
	case n.Kind == file.Map && first.def == n.MaxDef-1:
		b.addString("{}")
		return r.consume(n)
	default:
		b.addString(duck.NULL)
		return r.consume(n)
	}
	return nil
}

func (r *Reader) writeStruct(n *file.Node) error {
	for i, child := range n.Children {
		if i == 0 {
			r.cell.addString("{")
		} else {
			r.cell.addString(", ")
		}
		r.cell.add(duck.AppendName(nil, child.Name))
		r.cell.addString(": ")
		if err := r.write(child); err != nil {
			return err
		}
	}
	r.cell.addString("}")
	return nil
}

// maxElements is how many elements the lists and maps of one row may have. A few bytes of a file can stand for billions of them.
const maxElements = 1 << 20

// writeElements appends the elements of a list, or the keys and values of a map.
func (r *Reader) writeElements(n *file.Node) error {
	brackets := "[]"
	if n.Kind == file.Map {
		brackets = "{}"
	}
	r.cell.addString(brackets[:1])
	for {
		if r.elements++; r.elements > maxElements {
			return file.Unsupported("a row has more than %d elements in lists and maps", maxElements)
		}
		for i, child := range n.Children {
			if i > 0 {
				r.cell.addString("=")
			}
			if err := r.write(child); err != nil {
				return err
			}
		}
		more, err := r.repeats(n)
		if err != nil {
			return err
		}
		if !more {
			break
		}
		r.cell.addString(", ")
	}
	r.cell.addString(brackets[1:])
	return nil
}

// repeats reports whether a list or map has another element, which all its leaves must say.
func (r *Reader) repeats(n *file.Node) (more bool, err error) {
	for i := n.First; i < n.First+n.Count; i++ {
		l := &r.leaves[i]
		if err := l.load(); err != nil {
			return false, err
		}
		again := !l.ended && l.rep == n.MaxRep
		if i > n.First && again != more || !l.ended && l.rep > n.MaxRep {
			return false, errLevels
		}
		more = again
	}
	return more, nil
}
