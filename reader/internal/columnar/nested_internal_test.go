package columnar

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"enrich/internal/parquettest"
	"enrich/reader/internal/columnar/internal/file"
	"enrich/reader/internal/source"
)

// A shape is a type of the test: a text, or a struct, list or map of other shapes.
type shape struct {
	kind     file.Kind
	optional bool
	of       []*shape
	leaf     int // of a text: its number
	rep, def int // the levels at which the list or map repeats, and those of a value
}

// shapes draws a type. Keys of maps are required texts.
func shapes(t *rapid.T, depth int) *shape {
	s := &shape{optional: rapid.Bool().Draw(t, "optional")}
	if depth > 0 {
		s.kind = rapid.SampledFrom([]file.Kind{file.Values, file.Struct, file.List, file.Map}).Draw(t, "kind")
	}
	switch s.kind {
	case file.Struct:
		for range rapid.IntRange(2, 3).Draw(t, "fields") {
			s.of = append(s.of, shapes(t, depth-1))
		}
	case file.List:
		s.of = []*shape{shapes(t, depth-1)}
	case file.Map:
		s.of = []*shape{{}, shapes(t, depth-1)}
	}
	return s
}

// node returns the shape as a part of a schema, and sets the levels.
func (s *shape) node(name string, rep, def int, leaves *[]*shape) parquettest.Node {
	repetition := int32(parquettest.Required)
	if s.optional {
		repetition = parquettest.Optional
		def++
	}
	if s.kind == file.List || s.kind == file.Map {
		rep, def = rep+1, def+1
	}
	s.rep, s.def = rep, def
	if s.kind == file.Values {
		s.leaf = len(*leaves)
		*leaves = append(*leaves, s)
		return parquettest.Text(name, repetition)
	}
	var below []parquettest.Node
	for i, child := range s.of {
		below = append(below, child.node(fmt.Sprintf("f%d", i), rep, def, leaves))
	}
	switch s.kind {
	case file.List:
		return parquettest.Group(name, repetition, parquettest.List, parquettest.Group("list", parquettest.Repeated, -1, below...))
	case file.Map:
		return parquettest.Group(name, repetition, parquettest.Map, parquettest.Group("key_value", parquettest.Repeated, -1, below...))
	}
	return parquettest.Group(name, repetition, -1, below...)
}

// value draws a value: nil, a text, the fields of a struct, or the elements of a list or map.
func (s *shape) value(t *rapid.T) any {
	if s.optional && rapid.IntRange(0, 3).Draw(t, "null") == 0 {
		return nil
	}
	n := len(s.of)
	switch s.kind {
	case file.Values:
		return rapid.StringMatching("[a-z]{1,5}x").Draw(t, "text") // an x: it is not NULL
	case file.List:
		n = rapid.IntRange(0, 3).Draw(t, "elements")
	case file.Map:
		n = 2 * rapid.IntRange(0, 3).Draw(t, "entries")
	}
	all := []any{}
	for i := range n {
		all = append(all, s.of[i%len(s.of)].value(t))
	}
	return all
}

// text is what DuckDB prints for a value.
func (s *shape) text(v any, nested bool) string {
	parts := []string{}
	switch {
	case v == nil && nested:
		return "NULL"
	case v == nil:
		return ""
	case s.kind == file.Values:
		return v.(string)
	}
	all := v.([]any)
	for i, part := range all {
		text := s.of[i%len(s.of)].text(part, true)
		switch {
		case s.kind == file.Struct:
			text = fmt.Sprintf("'f%d': %s", i, text)
		case s.kind == file.Map && i%2 == 1:
			parts[len(parts)-1] += "=" + text
			continue
		}
		parts = append(parts, text)
	}
	if s.kind == file.List {
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// A striped is the values of a leaf, with their levels.
type striped struct {
	reps, defs []int
	texts      []string
}

// stripe appends a value to the leaves of a shape: the algorithm of the Dremel paper.
func (s *shape) stripe(v any, rep, def int, into []striped) {
	if v == nil {
		s.nothing(rep, def, into)
		return
	}
	if s.kind == file.Values {
		l := &into[s.leaf]
		l.reps, l.defs, l.texts = append(l.reps, rep), append(l.defs, s.def), append(l.texts, v.(string))
		return
	}
	all := v.([]any)
	if len(all) == 0 {
		s.nothing(rep, s.def-1, into)
	}
	for i, part := range all {
		if s.kind != file.Struct && i >= len(s.of) {
			rep = s.rep
		}
		s.of[i%len(s.of)].stripe(part, rep, s.def, into)
	}
}

// nothing appends a null, or an empty list, to all leaves of a shape.
func (s *shape) nothing(rep, def int, into []striped) {
	if s.kind == file.Values {
		l := &into[s.leaf]
		l.reps, l.defs = append(l.reps, rep), append(l.defs, def)
	}
	for _, child := range s.of {
		child.nothing(rep, def, into)
	}
}

// pages writes the values of a leaf as pages that end anywhere, also in a row.
func (l striped) pages(t *rapid.T, leaf *shape) (pages []parquettest.Page) {
	for from, text := 0, 0; from < len(l.reps); {
		to := from + rapid.IntRange(1, len(l.reps)-from).Draw(t, "values of a page")
		texts := 0
		for _, def := range l.defs[from:to] {
			if def == leaf.def {
				texts++
			}
		}
		p := parquettest.Page{Kind: rapid.SampledFrom([]int32{parquettest.V1, parquettest.V2}).Draw(t, "version"), Values: to - from}
		if leaf.rep > 0 {
			p.Reps = parquettest.Levels(leaf.rep, l.reps[from:to]...)
		}
		if leaf.def > 0 {
			p.Defs = parquettest.Levels(leaf.def, l.defs[from:to]...)
		}
		p.Body = parquettest.Texts(l.texts[text : text+texts]...)
		pages = append(pages, p)
		from, text = to, text+texts
	}
	return pages
}

// Lists, maps and structs of any shape come back from their levels, as text, wherever pages and row groups end.
func TestNested(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		columns := rapid.IntRange(1, 2).Draw(t, "columns")
		var leaves []*shape
		var tops []*shape
		var nodes []parquettest.Node
		for i := range columns {
			tops = append(tops, shapes(t, 3))
			nodes = append(nodes, tops[i].node(fmt.Sprintf("c%d", i), 0, 0, &leaves))
		}
		var groups []parquettest.RowGroup
		var expected strings.Builder
		for range rapid.IntRange(1, 2).Draw(t, "groups") {
			stripes := make([]striped, len(leaves))
			rows := rapid.IntRange(1, 8).Draw(t, "rows")
			for range rows {
				cells := make([]string, columns)
				for i, top := range tops {
					v := top.value(t)
					top.stripe(v, 0, 0, stripes)
					cells[i] = top.text(v, false)
				}
				fmt.Fprintf(&expected, "%q %v\n", cells, (*source.Refusal)(nil))
			}
			g := parquettest.RowGroup{Rows: int64(rows)}
			for i, l := range stripes {
				g.Chunks = append(g.Chunks, parquettest.Chunk{Physical: parquettest.ByteArray, Pages: l.pages(t, leaves[i])})
			}
			groups = append(groups, g)
		}
		b := parquettest.File(nodes, groups...)
		for _, memory := range []int64{0, 1 << 20} {
			if got, err := outline(b, memory); got != expected.String() || !errors.Is(err, io.EOF) {
				t.Fatalf("%v\n%sexpected\n%s", err, got, &expected)
			}
		}
	})
}

// The example of the Dremel paper, with the levels that the paper has.
func TestDremelsExample(t *testing.T) {
	repeated := func(name string, below ...parquettest.Node) parquettest.Node {
		return parquettest.Group(name, parquettest.Repeated, -1, below...)
	}
	text := func(highestRep, highestDef int, reps, defs []int, texts ...string) parquettest.Chunk {
		p := parquettest.Page{Values: len(defs), Defs: parquettest.Levels(highestDef, defs...), Body: parquettest.Texts(texts...)}
		if highestRep > 0 {
			p.Reps = parquettest.Levels(highestRep, reps...)
		}
		return parquettest.Chunk{Physical: parquettest.ByteArray, Pages: []parquettest.Page{p}}
	}
	number := func(reps, defs []int, numbers ...int64) parquettest.Chunk {
		p := parquettest.Page{Values: len(defs), Reps: parquettest.Levels(1, reps...), Defs: parquettest.Levels(2, defs...), Body: parquettest.Numbers(numbers...)}
		return parquettest.Chunk{Physical: parquettest.Int64, Pages: []parquettest.Page{p}}
	}
	id := parquettest.Chunk{Physical: parquettest.Int64, Pages: []parquettest.Page{{Values: 2, Body: parquettest.Numbers(10, 20)}}}
	b := parquettest.File([]parquettest.Node{
		parquettest.Number("DocId", parquettest.Required),
		parquettest.Group("Links", parquettest.Optional, -1, parquettest.Number("Backward", parquettest.Repeated), parquettest.Number("Forward", parquettest.Repeated)),
		repeated("Name", repeated("Language", parquettest.Text("Code", parquettest.Required), parquettest.Text("Country", parquettest.Optional)), parquettest.Text("Url", parquettest.Optional)),
	}, parquettest.RowGroup{Rows: 2, Chunks: []parquettest.Chunk{
		id,
		number([]int{0, 0, 1}, []int{1, 2, 2}, 10, 30),
		number([]int{0, 1, 1, 0}, []int{2, 2, 2, 2}, 20, 40, 60, 80),
		text(2, 2, []int{0, 2, 1, 1, 0}, []int{2, 2, 1, 2, 1}, "en-us", "en", "en-gb"),
		text(2, 3, []int{0, 2, 1, 1, 0}, []int{3, 2, 1, 3, 1}, "us", "gb"),
		text(1, 2, []int{0, 1, 1, 0}, []int{2, 2, 1, 2}, "http-A", "http-B", "http-C"),
	}})
	const expected = `["10" "{'Backward': [], 'Forward': [20, 40, 60]}" ` +
		`"[{'Language': [{'Code': en-us, 'Country': us}, {'Code': en, 'Country': NULL}], 'Url': http-A}, {'Language': [], 'Url': http-B}, ` +
		`{'Language': [{'Code': en-gb, 'Country': gb}], 'Url': NULL}]"] <nil>` + "\n" +
		`["20" "{'Backward': [10, 30], 'Forward': [80]}" "[{'Language': [], 'Url': http-C}]"] <nil>` + "\n"
	if got, err := outline(b, 1<<20); got != expected || !errors.Is(err, io.EOF) {
		t.Errorf("%v\n%sexpected\n%s", err, got, expected)
	}
}

// pair is a list of structs of two texts, as one row; each text has its own levels.
func pair(rows int64, reps, defs [2][]int) []byte {
	list := parquettest.Group("l", parquettest.Optional, parquettest.List, parquettest.Group("list", parquettest.Repeated, -1,
		parquettest.Group("element", parquettest.Optional, -1, parquettest.Text("a", parquettest.Optional), parquettest.Text("b", parquettest.Optional))))
	g := parquettest.RowGroup{Rows: rows}
	for i := range 2 {
		p := parquettest.Page{Values: len(defs[i]), Reps: parquettest.Levels(1, reps[i]...), Defs: parquettest.Levels(4, defs[i]...)}
		for _, def := range defs[i] {
			if def == 4 {
				p.Body = append(p.Body, parquettest.Texts("x")...)
			}
		}
		g.Chunks = append(g.Chunks, parquettest.Chunk{Physical: parquettest.ByteArray, Pages: []parquettest.Page{p}})
	}
	return parquettest.File([]parquettest.Node{list}, g)
}

// Columns of one list that do not have the same shape are damage, not values of another row.
func TestLevelsThatDoNotFit(t *testing.T) {
	for name, c := range map[string]struct {
		rows       int64
		reps, defs [2][]int
		says       string // "": good
	}{
		"good":                        {1, [2][]int{{0, 1}, {0, 1}}, [2][]int{{4, 3}, {3, 4}}, ""},
		"null elements":               {1, [2][]int{{0, 1}, {0, 1}}, [2][]int{{2, 2}, {2, 2}}, ""},
		"an element too few":          {1, [2][]int{{0, 1}, {0}}, [2][]int{{4, 4}, {4}}, "do not fit together"},
		"an element too many":         {1, [2][]int{{0}, {0, 1}}, [2][]int{{4}, {4, 4}}, "do not fit together"},
		"an element of the next row":  {2, [2][]int{{0, 1, 0}, {0, 0, 1}}, [2][]int{{4, 4, 4}, {4, 4, 4}}, "do not fit together"},
		"a row that goes on":          {1, [2][]int{{1}, {1}}, [2][]int{{4}, {4}}, "fewer values than the row group has rows"},
		"a row too few":               {2, [2][]int{{0, 1}, {0, 1}}, [2][]int{{4, 4}, {4, 4}}, "fewer values than the row group has rows"},
		"a row too few in one column": {2, [2][]int{{0, 0}, {0}}, [2][]int{{4, 4}, {4}}, "fewer values than the row group has rows"},
	} {
		_, err := outline(pair(c.rows, c.reps, c.defs), 1<<20)
		if good := errors.Is(err, io.EOF); good != (c.says == "") || !good && (!errors.Is(err, source.ErrNoTable) && !errors.Is(err, source.ErrBroken) || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: %v, expected %q", name, err, c.says)
		}
	}
}

// bomb returns a file with a list of nulls in one row: a few bytes that stand for so many elements.
func bomb(rows, elements int64) []byte {
	list := parquettest.Group("l", parquettest.Optional, parquettest.List, parquettest.Group("list", parquettest.Repeated, -1, parquettest.Text("e", parquettest.Optional)))
	pages := []parquettest.Page{{Values: 1, Reps: parquettest.Levels(1, 0), Defs: parquettest.Levels(3, 2)}}
	for left := elements - 1; left > 0; {
		n := int(min(left, math.MaxInt32/2))
		p := parquettest.Page{Values: n, Reps: parquettest.AppendRun(nil, 1, 1, n), Defs: parquettest.AppendRun(nil, 2, 2, n)}
		pages = append(pages, p)
		left -= int64(n)
	}
	return parquettest.File([]parquettest.Node{list}, parquettest.RowGroup{Rows: rows, Chunks: []parquettest.Chunk{{Physical: parquettest.ByteArray, Pages: pages}}})
}

// A few bytes that stand for billions of rows or elements are refused before they are read, and so is a row with too many elements.
func TestFilesThatStandForTooMuch(t *testing.T) {
	nulls := func(rows int64) []byte {
		n := int(min(rows, math.MaxInt32))
		p := parquettest.Page{Values: n, Defs: parquettest.AppendRun(nil, 1, 0, n)}
		return parquettest.File([]parquettest.Node{parquettest.Text("c", parquettest.Optional)},
			parquettest.RowGroup{Rows: rows, Chunks: []parquettest.Chunk{{Physical: parquettest.ByteArray, Pages: []parquettest.Page{p}, Values: rows}}})
	}
	for name, c := range map[string]struct {
		file []byte
		says string // "": good
	}{
		"rows":              {nulls(maxSmallRows + 1), "it has more than 4194304 rows in"},
		"rows, overflowing": {nulls(math.MaxInt64), "it has more than 4194304 rows in"},
		"enough rows":       {nulls(maxSmallRows), ""},
		"elements":          {bomb(1, maxListed+2), "its lists and maps have more than 16777216 elements in"},
		"elements of a row": {bomb(1, maxElements+1), "a row has more than 1048576 elements"},
		"enough elements":   {bomb(1, maxElements), ""},
	} {
		if len(c.file) > 1000 {
			t.Errorf("%s: the file has %d bytes", name, len(c.file))
		}
		if _, err := outline(c.file, 1<<20); c.says == "" && err != nil && !errors.Is(err, io.EOF) || c.says != "" && (!errors.Is(err, source.ErrNoTable) || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: %v, expected %q", name, err, c.says)
		}
	}
}

// repeated returns a file whose rows all have the same text of 1 MB, which is there once.
func repeated(t *testing.T, rows int) []byte {
	t.Helper()
	pack := func(b []byte) []byte {
		var out bytes.Buffer
		w := gzip.NewWriter(&out)
		_, err := w.Write(b)
		if err = errors.Join(err, w.Close()); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	return parquettest.File([]parquettest.Node{parquettest.Text("c", parquettest.Optional)}, parquettest.RowGroup{
		Rows: int64(rows), Chunks: []parquettest.Chunk{{Physical: parquettest.ByteArray, Codec: parquettest.Gzip, Pack: pack, Values: int64(rows), Pages: []parquettest.Page{
			{Kind: parquettest.Dictionary, Values: 1, Body: parquettest.Texts(strings.Repeat("a", 1_000_000))},
			{Values: rows, Encoding: parquettest.RLEDictionary, Defs: parquettest.AppendRun(nil, 1, 1, rows), Body: parquettest.AppendRun([]byte{1}, 1, 0, rows)},
		}}},
	})
}

// A long text that a dictionary repeats in each of a million rows takes bounded time: the rows before the bound are read.
func TestTextOfADictionaryIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out texts of many megabytes: one goroutine reads them")
	}
	b := repeated(t, 1<<20)
	r, err := open(bytes.NewReader(b), int64(len(b)), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	if r.textLeft < maxText {
		t.Errorf("the samples took %d bytes of the text", maxText-r.textLeft)
	}
	r.textLeft = 100_000_000
	var n int
	for rows := make([]source.Row, 7); err == nil; {
		var got int
		got, err = r.Read(rows)
		n += got
	}
	if n != 100 || !errors.Is(err, source.ErrBroken) || !strings.Contains(err.Error(), "of text") {
		t.Errorf("%d rows, then %v", n, err)
	}
}

// A file is refused before any of its rows is used if one of the first stands for too much.
func TestTooMuchInTheSecondRow(t *testing.T) {
	list := parquettest.Group("l", parquettest.Optional, parquettest.List, parquettest.Group("list", parquettest.Repeated, -1, parquettest.Text("e", parquettest.Optional)))
	n := maxElements + 1
	b := parquettest.File([]parquettest.Node{list}, parquettest.RowGroup{Rows: 2, Chunks: []parquettest.Chunk{{Physical: parquettest.ByteArray, Pages: []parquettest.Page{
		{Values: 2, Reps: parquettest.Levels(1, 0, 0), Defs: parquettest.Levels(3, 2, 2)},
		{Values: n, Reps: parquettest.AppendRun(nil, 1, 1, n), Defs: parquettest.AppendRun(nil, 2, 2, n)},
	}}}})
	if cells, err := outline(b, 1<<20); cells != "" || !errors.Is(err, source.ErrNoTable) || !strings.Contains(err.Error(), "elements") {
		t.Errorf("%q, %v", cells, err)
	}
}
