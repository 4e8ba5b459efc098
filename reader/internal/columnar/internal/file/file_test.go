package file_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"enrich/internal/thrift"
	"enrich/reader/internal/columnar/internal/file"
)

// An element is an element of a schema to be written. Numbers that are 0 are left out, but for those of a leaf.
type element struct {
	name                 string
	physical             int32 // -1: it has children
	length               int32
	repetition, children int32
	converted            int32 // -1: none
	scale, precision     int32
	logical              func(w *thrift.Writer) // nil: none
}

func group(name string, repetition, children int32) element {
	return element{name: name, physical: -1, repetition: repetition, children: children, converted: -1}
}

func leaf(name string, physical file.Physical, repetition int32) element {
	return element{name: name, physical: int32(physical), repetition: repetition, converted: -1}
}

// logical returns a logical type with fields.
func logical(id int, fields func(w *thrift.Writer)) func(w *thrift.Writer) {
	return func(w *thrift.Writer) {
		w.Struct(id)
		if fields != nil {
			fields(w)
		}
		w.End()
	}
}

const (
	required = iota
	optional
	repeated
)

func (e element) write(w *thrift.Writer) {
	w.Begin()
	if e.physical >= 0 {
		w.Int32(1, e.physical)
	}
	if e.length != 0 {
		w.Int32(2, e.length)
	}
	w.Int32(3, e.repetition)
	w.String(4, e.name)
	if e.children != 0 {
		w.Int32(5, e.children)
	}
	if e.converted >= 0 {
		w.Int32(6, e.converted)
	}
	if e.scale != 0 {
		w.Int32(7, e.scale)
	}
	if e.precision != 0 {
		w.Int32(8, e.precision)
	}
	if e.logical != nil {
		w.Struct(10)
		e.logical(w)
		w.End()
	}
	w.End()
}

// A chunk is what the metadata says about a column of a row group.
type chunk struct {
	kind, codec                    int32
	values, size, data, dictionary int64
	path                           string // of another file
	encrypted                      bool
}

func (c chunk) write(w *thrift.Writer) {
	w.Begin()
	if c.path != "" {
		w.String(1, c.path)
	}
	w.Struct(3)
	w.Int32(1, c.kind)
	w.Int32(4, c.codec)
	w.Int64(5, c.values)
	w.Int64(7, c.size)
	w.Int64(9, c.data)
	if c.dictionary != 0 {
		w.Int64(11, c.dictionary)
	}
	w.End()
	if c.encrypted {
		w.Struct(8)
		w.End()
	}
	w.End()
}

// A rowGroup is some rows, with their chunks.
type rowGroup struct {
	rows   int64
	chunks []chunk
}

// parquet returns a file of a schema, whose data are 100 zero bytes.
func parquet(elements []element, groups ...rowGroup) []byte {
	var w thrift.Writer
	w.Begin()
	w.Int32(1, 1)
	w.List(2, thrift.Struct, len(elements))
	for _, e := range elements {
		e.write(&w)
	}
	w.Int64(3, 1)
	w.List(4, thrift.Struct, len(groups))
	for _, g := range groups {
		w.Begin()
		w.List(1, thrift.Struct, len(g.chunks))
		for _, c := range g.chunks {
			c.write(&w)
		}
		w.Int64(2, 0)
		w.Int64(3, g.rows)
		w.End()
	}
	w.End()
	b := append([]byte("PAR1"), make([]byte, 100)...)
	b = append(b, w.Bytes()...)
	return append(binary.LittleEndian.AppendUint32(b, uint32(len(w.Bytes()))), "PAR1"...)
}

func open(b []byte) (*file.File, error) { return file.Open(bytes.NewReader(b), int64(len(b))) }

// outline shows a node: its name, kind, highest levels and leaves.
func outline(n *file.Node) string {
	var children []string
	for _, c := range n.Children {
		children = append(children, outline(c))
	}
	text := fmt.Sprintf("%s %c%d/%d", n.Name, "VSLM"[n.Kind], n.MaxRep, n.MaxDef)
	if len(children) > 0 {
		text += "(" + strings.Join(children, ", ") + ")"
	}
	return text
}

// Lists, maps and structs are found in the forms that writers have used.
func TestSchemas(t *testing.T) {
	list := func(e element) element { e.converted = 3; return e }
	newList := func(e element) element { e.logical = logical(3, nil); return e }
	mapped := func(e element) element { e.converted = 1; return e }
	for name, c := range map[string]struct {
		elements []element
		expected string
	}{
		"values":            {[]element{leaf("a", file.Int32, required), leaf("b", file.Int32, optional)}, "a V0/0; b V0/1"},
		"struct":            {[]element{group("s", optional, 2), leaf("a", file.Int32, required), leaf("b", file.Int32, optional)}, "s S0/1(a V0/1, b V0/2)"},
		"list":              {[]element{list(group("l", optional, 1)), group("list", repeated, 1), leaf("element", file.Int32, optional)}, "l L1/2(element V1/3)"},
		"list, new type":    {[]element{newList(group("l", optional, 1)), group("list", repeated, 1), leaf("element", file.Int32, optional)}, "l L1/2(element V1/3)"},
		"list of two":       {[]element{list(group("l", optional, 1)), leaf("array", file.Int32, repeated)}, "l L1/2(array V1/2)"},
		"repeated":          {[]element{leaf("r", file.Int32, repeated)}, "r L1/1(r V1/1)"},
		"repeated struct":   {[]element{group("r", repeated, 2), leaf("a", file.Int32, required), leaf("b", file.Int32, required)}, "r L1/1(r S1/1(a V1/1, b V1/1))"},
		"list of structs":   {[]element{list(group("l", optional, 1)), group("list", repeated, 1), group("element", optional, 2), leaf("a", file.Int32, required), leaf("b", file.Int32, required)}, "l L1/2(element S1/3(a V1/3, b V1/3))"},
		"list of lists":     {[]element{list(group("l", required, 1)), group("list", repeated, 1), list(group("element", required, 1)), group("list", repeated, 1), leaf("element", file.Int32, required)}, "l L1/1(element L2/2(element V2/2))"},
		"map":               {[]element{mapped(group("m", optional, 1)), group("key_value", repeated, 2), leaf("key", file.Int32, required), leaf("value", file.Int32, optional)}, "m M1/2(key V1/2, value V1/3)"},
		"name not UTF-8":    {[]element{leaf("a\xff", file.Int32, required)}, "a\uFFFD V0/0"},
		"names like others": {[]element{leaf("a", file.Int32, required), leaf("a", file.Int32, required)}, "a V0/0; a V0/0"},
	} {
		top := int32(0)
		for i := 0; i < len(c.elements); top++ { // each column and what is below it
			for left := int32(1); left > 0; i++ {
				left += c.elements[i].children - 1
			}
		}
		f, err := open(parquet(append([]element{group("root", required, top)}, c.elements...)))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var columns []string
		for _, n := range f.Columns {
			columns = append(columns, outline(n))
		}
		if got := strings.Join(columns, "; "); got != c.expected {
			t.Errorf("%s: %s, expected %s", name, got, c.expected)
		}
	}
}

// The type of a column is that of its logical type, else of its converted type, else of how it is stored.
func TestTypes(t *testing.T) {
	unit := func(utc bool, unit int) func(w *thrift.Writer) {
		return func(w *thrift.Writer) {
			w.Bool(1, utc)
			w.Struct(2)
			w.Struct(unit)
			w.End()
			w.End()
		}
	}
	for name, c := range map[string]struct {
		e        element
		expected file.Logical
	}{
		"plain text":   {element{physical: int32(file.ByteArray), converted: -1}, file.Logical{Type: file.TypeBlob}},
		"UTF8":         {element{physical: int32(file.ByteArray), converted: 0}, file.Logical{Type: file.TypeText}},
		"string":       {element{physical: int32(file.ByteArray), converted: -1, logical: logical(1, nil)}, file.Logical{Type: file.TypeText}},
		"decimal":      {element{physical: int32(file.Int64), converted: 5, scale: 2, precision: 10}, file.Logical{Type: file.TypeDecimal, Scale: 2}},
		"long decimal": {element{physical: int32(file.ByteArray), converted: 5, scale: 2, precision: 39}, file.Logical{Type: file.TypeDecimalDouble, Scale: 2}},
		"millis":       {element{physical: int32(file.Int64), converted: -1, logical: logical(8, unit(true, 1))}, file.Logical{Type: file.TypeTimestampUTC, Unit: file.Milliseconds}},
		"nanos":        {element{physical: int32(file.Int64), converted: -1, logical: logical(8, unit(false, 3))}, file.Logical{Type: file.TypeTimestamp, Unit: file.Nanoseconds}},
		"time":         {element{physical: int32(file.Int64), converted: -1, logical: logical(7, unit(false, 2))}, file.Logical{Type: file.TypeTime, Unit: file.Microseconds}},
		"logical wins": {element{physical: int32(file.Int64), converted: 10, logical: logical(8, unit(true, 3))}, file.Logical{Type: file.TypeTimestampUTC, Unit: file.Nanoseconds}},
		"unknown wins": {element{physical: int32(file.Int64), converted: 10, logical: logical(99, nil)}, file.Logical{Type: file.TypeTimestamp, Unit: file.Microseconds}},
		"UUID":         {element{physical: int32(file.Fixed), length: 16, converted: -1, logical: logical(14, nil)}, file.Logical{Type: file.TypeUUID}},
		"half":         {element{physical: int32(file.Fixed), length: 2, converted: -1, logical: logical(15, nil)}, file.Logical{Type: file.TypeHalf}},
		"Impala":       {element{physical: int32(file.Int96), converted: -1}, file.Logical{Type: file.TypeInt96}},
		"unsigned":     {element{physical: int32(file.Int32), converted: 12}, file.Logical{Type: file.TypeUnsigned, Bits: 16}},
		"interval":     {element{physical: int32(file.Fixed), length: 12, converted: 21}, file.Logical{Type: file.TypeInterval}},
		"always null":  {element{physical: int32(file.Int32), converted: -1, logical: logical(11, nil)}, file.Logical{Type: file.TypeNull}},
	} {
		c.e.name = "c"
		f, err := open(parquet([]element{group("root", required, 1), c.e}))
		if err != nil || f.Leaves[0].Type != c.expected {
			t.Errorf("%s: %+v, %v; expected %+v", name, f, err, c.expected)
		}
	}
}

// Metadata that cannot be true is damage, and says which column; what is not supported is named.
func TestWrongMetadata(t *testing.T) {
	root, column := group("root", required, 1), leaf("c", file.Int32, optional)
	deep := []element{root}
	for range 60 {
		deep = append(deep, group("s", optional, 1))
	}
	good := chunk{kind: int32(file.Int32), values: 5, size: 50, data: 4}
	with := func(change func(c *chunk)) [][]chunk {
		c := good
		change(&c)
		return [][]chunk{{c}}
	}
	for name, c := range map[string]struct {
		elements []element
		groups   [][]chunk
		err      error
		says     string
	}{
		"good":                  {[]element{root, column}, [][]chunk{{good}}, io.EOF, ""},
		"dictionary before":     {[]element{root, column}, with(func(c *chunk) { c.data, c.dictionary, c.size = 20, 4, 90 }), io.EOF, ""},
		"no schema":             {nil, nil, file.ErrDamaged, "no schema"},
		"no columns":            {[]element{group("root", required, 0)}, nil, file.ErrDamaged, "no columns"},
		"schema ends early":     {[]element{group("root", required, 2), column}, nil, file.ErrDamaged, "ends early"},
		"elements too many":     {[]element{root, column, column}, nil, file.ErrDamaged, "1 elements too many"},
		"too deep":              {append(deep, column), nil, file.ErrUnsupported, "nested deeper"},
		"no type":               {[]element{root, group("c", optional, 0)}, nil, file.ErrDamaged, `column "c" has no type`},
		"unknown type":          {[]element{root, {name: "c", physical: 8, converted: -1}}, nil, file.ErrDamaged, "type 8, which is unknown"},
		"no length":             {[]element{root, leaf("c", file.Fixed, optional)}, nil, file.ErrDamaged, "values of 0 bytes"},
		"date of bytes":         {[]element{root, {name: "c", physical: int32(file.ByteArray), converted: 6}}, nil, file.ErrDamaged, "a type that its values cannot have"},
		"scale above precision": {[]element{root, {name: "c", physical: int32(file.Int64), converted: 5, scale: 9, precision: 3}}, nil, file.ErrDamaged, "a type that its values cannot have"},
		"another type":          {[]element{root, column}, with(func(c *chunk) { c.kind = int32(file.Int64) }), file.ErrDamaged, `column "c" has another type`},
		"beyond the data":       {[]element{root, column}, with(func(c *chunk) { c.size = 101 }), file.ErrDamaged, "101 bytes"},
		"before the data":       {[]element{root, column}, with(func(c *chunk) { c.data = 3 }), file.ErrDamaged, "at 3"},
		"in the metadata":       {[]element{root, column}, with(func(c *chunk) { c.data = 105 }), file.ErrDamaged, "at 105"},
		"overflow":              {[]element{root, column}, with(func(c *chunk) { c.size = 1<<63 - 1 }), file.ErrDamaged, "bytes at 4"},
		"negative values":       {[]element{root, column}, with(func(c *chunk) { c.values = -1 }), file.ErrDamaged, "-1 values"},
		"column missing":        {[]element{root, column}, [][]chunk{{}}, file.ErrDamaged, "0 columns, and the schema 1"},
		"column too many":       {[]element{root, column}, [][]chunk{{good, good}}, file.ErrDamaged, "more columns than the schema"},
		"second group":          {[]element{root, column}, [][]chunk{{good}, {}}, file.ErrDamaged, "row group 2"},
		"encrypted column":      {[]element{root, column}, with(func(c *chunk) { c.encrypted = true }), file.ErrEncrypted, `column "c"`},
		"another file":          {[]element{root, column}, with(func(c *chunk) { c.path = "x" }), file.ErrUnsupported, "in another file"},
		"LZO":                   {[]element{root, column}, with(func(c *chunk) { c.codec = 3 }), file.ErrUnsupported, "LZO"},
		"unknown codec":         {[]element{root, column}, with(func(c *chunk) { c.codec = 8 }), file.ErrDamaged, "codec 8, which is unknown"},
	} {
		var groups []rowGroup
		for _, chunks := range c.groups {
			groups = append(groups, rowGroup{5, chunks})
		}
		f, err := open(parquet(c.elements, groups...))
		for g := (*file.Groups)(nil); err == nil; {
			if g == nil {
				g = f.Groups()
			}
			err = g.Next()
		}
		if !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v; expected %v: %s", name, err, c.err, c.says)
		}
	}
	f, err := open(parquet([]element{root, column}, rowGroup{-1, []chunk{good}}))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Groups().Next(); !errors.Is(err, file.ErrDamaged) || !strings.Contains(err.Error(), "-1 rows") {
		t.Error(err)
	}
}

// A schema is bounded.
func TestTooManyColumns(t *testing.T) {
	elements := []element{group("root", required, file.MaxColumns+1)}
	for range file.MaxColumns + 1 {
		elements = append(elements, leaf("c", file.Int32, required))
	}
	if _, err := open(parquet(elements)); !errors.Is(err, file.ErrUnsupported) || !strings.Contains(err.Error(), "more than 4096 columns") {
		t.Error(err)
	}
	elements = []element{group("root", required, 40_000)}
	for range 40_000 {
		elements = append(elements, leaf("c", file.Int32, required))
	}
	if _, err := open(parquet(elements)); !errors.Is(err, file.ErrUnsupported) || !strings.Contains(err.Error(), "too large") {
		t.Error(err)
	}
}
