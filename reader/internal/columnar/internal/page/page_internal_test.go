package page

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"enrich/internal/thrift"
	"enrich/reader/internal/columnar/internal/file"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// regions are some bytes in memory, and in a file that is read in small pieces.
func regions(b []byte) map[string]region {
	padded := append([]byte("before"), b...)
	return map[string]region{"memory": inMemory(b), "file": {in: bytes.NewReader(padded), from: 6, size: int64(len(b))}}
}

// small is memory that has room for nothing: all is read from files, in the smallest pieces.
func small() *Memory { return NewMemory(1, 0, 0) }

// appendPacked appends numbers bit by bit, the lowest bits first.
func appendPacked(b []byte, width int, numbers []uint64) []byte {
	packed := make([]byte, (len(numbers)*width+7)/8)
	for i, n := range numbers {
		for bit := range width {
			if n>>bit&1 != 0 {
				at := i*width + bit
				packed[at/8] |= 1 << (at % 8)
			}
		}
	}
	return append(b, packed...)
}

// appendRun appends a number that comes so many times.
func appendRun(b []byte, width int, n uint64, times int) []byte {
	var raw [8]byte
	binary.LittleEndian.PutUint64(raw[:], n)
	return append(binary.AppendUvarint(b, uint64(times)<<1), raw[:(width+7)/8]...)
}

// Runs and packed numbers of any width come back, from memory and from a file, and nothing comes after them.
func TestHybrid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(1, 32).Draw(t, "width")
		number := rapid.Uint64Range(0, math.MaxUint64>>(64-width))
		var expected []uint64
		var b []byte
		for range rapid.IntRange(1, 20).Draw(t, "pieces") {
			if rapid.Bool().Draw(t, "run") {
				n, times := number.Draw(t, "number"), rapid.IntRange(0, 300).Draw(t, "times")
				b = appendRun(b, width, n, times)
				for range times {
					expected = append(expected, n)
				}
				continue
			}
			groups := rapid.IntRange(1, 40).Draw(t, "groups")
			numbers := rapid.SliceOfN(number, 8*groups, 8*groups).Draw(t, "numbers")
			b = appendPacked(binary.AppendUvarint(b, uint64(groups)<<1|1), width, numbers)
			expected = append(expected, numbers...)
		}
		for where, r := range regions(b) {
			m, h := small(), hybrid{}
			h.in.reset(m, r, 64)
			h.reset(width)
			for i, n := range expected {
				if got, err := h.next(); err != nil || got != n {
					t.Fatalf("%s: number %d of width %d is %d, %v; expected %d", where, i, width, got, err, n)
				}
			}
			if got, err := h.next(); !errors.Is(err, file.ErrDamaged) {
				t.Fatalf("%s: after the last number: %d, %v", where, got, err)
			}
		}
	})
}

// appendDeltas appends numbers in the encoding DELTA_BINARY_PACKED, in blocks of 128 numbers in 4 miniblocks.
func appendDeltas(b []byte, numbers []int64) []byte {
	zigzag := func(v int64) uint64 { return uint64(v)<<1 ^ uint64(v>>63) }
	b = binary.AppendUvarint(binary.AppendUvarint(b, 128), 4)
	b = binary.AppendUvarint(b, uint64(len(numbers)))
	if len(numbers) == 0 {
		return binary.AppendUvarint(b, 0)
	}
	b = binary.AppendUvarint(b, zigzag(numbers[0]))
	for from := 1; from < len(numbers); from += 128 {
		block := numbers[from:min(from+128, len(numbers))]
		minimum := int64(math.MaxInt64)
		for i := range block {
			minimum = min(minimum, numbers[from+i]-numbers[from+i-1])
		}
		b = binary.AppendUvarint(b, zigzag(minimum))
		var widths [4]byte
		var body []byte
		for mini := 0; mini < 4 && 32*mini < len(block); mini++ {
			deltas := make([]uint64, 32)
			width := 0
			for i := range deltas {
				if at := 32*mini + i; at < len(block) {
					deltas[i] = uint64(numbers[from+at] - numbers[from+at-1] - minimum)
				}
				for ; width < 64 && deltas[i]>>width != 0; width++ {
				}
			}
			widths[mini] = byte(width)
			body = appendPacked(body, width, deltas)
		}
		b = append(append(b, widths[:]...), body...)
	}
	return b
}

// Integers come back from their differences, also if these overflow.
func TestDeltas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := int64(1)<<rapid.IntRange(0, 62).Draw(t, "bits") - 1 // so that all widths come
		number := rapid.OneOf(rapid.Int64Range(-most, most), rapid.SampledFrom([]int64{-most, most}), rapid.Int64())
		numbers := rapid.SliceOfN(number, 1, 400).Draw(t, "numbers")
		b := appendDeltas(nil, numbers)
		for where, r := range regions(b) {
			d := deltaDecoder{}
			d.in.reset(small(), r, 64)
			if err := d.reset(); err != nil {
				t.Fatal(err)
			}
			var v Value
			for i, n := range numbers {
				if err := d.next(&v); err != nil || v.Int != n {
					t.Fatalf("%s: number %d is %d, %v; expected %d", where, i, v.Int, err, n)
				}
			}
			if err := d.next(&v); !errors.Is(err, file.ErrDamaged) {
				t.Fatalf("%s: after the last number: %v", where, err)
			}
		}
	})
}

// encoded returns texts in an encoding of byte arrays.
func encoded(encoding int32, texts []string) (b []byte) {
	lengths, prefixes, rest := []int64{}, []int64{}, ""
	before := ""
	for _, text := range texts {
		n := 0
		for encoding == deltaByteArray && n < len(text) && n < len(before) && text[n] == before[n] {
			n++
		}
		prefixes, lengths, rest = append(prefixes, int64(n)), append(lengths, int64(len(text)-n)), rest+text[n:]
		before = text
	}
	switch encoding {
	case plainEncoding:
		for _, text := range texts {
			b = append(binary.LittleEndian.AppendUint32(b, uint32(len(text))), text...)
		}
		return b
	case deltaByteArray:
		b = appendDeltas(b, prefixes)
	}
	return append(appendDeltas(b, lengths), rest...)
}

// A page is one to be written.
type page struct {
	kind, values, encoding int32
	reps, defs             []byte // as they are encoded, without their size
	body                   []byte
	crc                    *int32
	change                 func(h *pageHeader)
}

// A pageHeader is the part of a header that a test may change.
type pageHeader struct{ unpacked, packed, values, encoding, defSize, repSize, levelEncoding int32 }

// write appends a page, not compressed.
func (p page) write(b []byte) []byte {
	body := append(append(bytes.Clone(p.reps), p.defs...), p.body...)
	if p.kind == dataPage {
		body = nil
		for _, levels := range [][]byte{p.reps, p.defs} {
			if levels != nil {
				body = append(binary.LittleEndian.AppendUint32(body, uint32(len(levels))), levels...)
			}
		}
		body = append(body, p.body...)
	}
	h := pageHeader{int32(len(body)), int32(len(body)), p.values, p.encoding, int32(len(p.defs)), int32(len(p.reps)), rleEncoding}
	if p.change != nil {
		p.change(&h)
	}
	var w thrift.Writer
	w.Begin()
	w.Int32(1, p.kind)
	w.Int32(2, h.unpacked)
	w.Int32(3, h.packed)
	if p.crc != nil {
		w.Int32(4, *p.crc)
	}
	switch p.kind {
	case dataPage:
		w.Struct(5)
		for i, v := range []int32{h.values, h.encoding, h.levelEncoding, h.levelEncoding} {
			w.Int32(i+1, v)
		}
	case dictionaryPage:
		w.Struct(7)
		w.Int32(1, h.values)
		w.Int32(2, h.encoding)
	case dataPageV2:
		w.Struct(8)
		for i, v := range []int32{h.values, 0, h.values, h.encoding, h.defSize, h.repSize} {
			w.Int32(i+1, v)
		}
	default: // an index, or one of a later version
		w.Struct(6)
	}
	w.End()
	w.End()
	return append(append(b, w.Bytes()...), body...)
}

// column reads the pages of a column as text: levels and values, and the error that ended it.
func column(l *file.Leaf, values int64, memory int64, pages ...page) (string, error) {
	b := []byte("PAR1")
	for _, p := range pages {
		b = p.write(b)
	}
	m := NewMemory(1, memory, 0)
	defer func() { _ = m.Close() }() // it was only read
	c := NewColumn(bytes.NewReader(b), l, m)
	c.Start(file.Chunk{Values: values, From: 4, To: int64(len(b))})
	var text []string
	for {
		rep, def, err := c.Next()
		if err != nil {
			return strings.Join(text, " "), err
		}
		cell := fmt.Sprintf("%d/%d", rep, def)
		if def == l.MaxDef {
			var v Value
			if err := c.Value(&v); err != nil {
				return strings.Join(text, " "), err
			}
			switch l.Physical {
			case file.ByteArray, file.Fixed, file.Int96:
				cell += "=" + string(v.Bytes)
			default:
				cell += fmt.Sprintf("=%d", v.Int)
			}
		}
		text = append(text, cell)
	}
}

// Values come back in all encodings, in pages of both versions, with their levels.
func TestEncodings(t *testing.T) {
	texts := []string{"person-1@x.example", "person-12@x.example", "", "person-12@y.example", "z"}
	expected := "0/1=" + strings.Join(texts, " 0/1=")
	defs := appendRun(nil, 1, 1, len(texts))
	n := int32(len(texts))
	optional := &file.Leaf{Name: "c", Physical: file.ByteArray, MaxDef: 1}
	dictionary := page{kind: dictionaryPage, values: n, encoding: plainEncoding, body: encoded(plainEncoding, texts)}
	indexes := append([]byte{3}, appendPacked(binary.AppendUvarint(nil, 1<<1|1), 3, []uint64{0, 1, 2, 3, 4, 0, 0, 0})...)
	for name, pages := range map[string][]page{
		"plain":         {{dataPage, n, plainEncoding, nil, defs, encoded(plainEncoding, texts), nil, nil}},
		"plain, v2":     {{dataPageV2, n, plainEncoding, nil, defs, encoded(plainEncoding, texts), nil, nil}},
		"delta lengths": {{dataPageV2, n, deltaLengthByte, nil, defs, encoded(deltaLengthByte, texts), nil, nil}},
		"delta arrays":  {{dataPage, n, deltaByteArray, nil, defs, encoded(deltaByteArray, texts), nil, nil}},
		"dictionary":    {dictionary, {dataPage, n, rleDictionary, nil, defs, indexes, nil, nil}},
		"old name":      {dictionary, {dataPage, n, plainDictionary, nil, defs, indexes, nil, nil}},
		"two pages": {
			{dataPage, 2, plainEncoding, nil, appendRun(nil, 1, 1, 2), encoded(plainEncoding, texts[:2]), nil, nil},
			{dataPage, 0, plainEncoding, nil, nil, nil, nil, nil},
			{dataPageV2, n - 2, deltaByteArray, nil, appendRun(nil, 1, 1, 3), encoded(deltaByteArray, texts[2:]), nil, nil},
		},
	} {
		for _, memory := range []int64{0, 1 << 20} {
			if got, err := column(optional, int64(n), memory, pages...); got != expected || !errors.Is(err, io.EOF) {
				t.Errorf("%s with %d bytes: %q, %v; expected %q", name, memory, got, err, expected)
			}
		}
	}
}

// Numbers come back in the encodings that they have.
func TestNumbers(t *testing.T) {
	var plain32, plain64, plain96 []byte
	for _, n := range []int64{-1, 0, 77} {
		plain32 = binary.LittleEndian.AppendUint32(plain32, uint32(n))
		plain64 = binary.LittleEndian.AppendUint64(plain64, uint64(n))
		plain96 = append(plain96, strings.Repeat(string(rune('b'+n%3)), 12)...)
	}
	var split []byte
	for i := range 4 {
		for n := range 3 {
			split = append(split, plain32[4*n+i])
		}
	}
	for name, c := range map[string]struct {
		leaf     file.Leaf
		encoding int32
		body     []byte
		expected string
	}{
		"int32":        {file.Leaf{Physical: file.Int32}, plainEncoding, plain32, "0/0=-1 0/0=0 0/0=77"},
		"int64":        {file.Leaf{Physical: file.Int64}, plainEncoding, plain64, "0/0=-1 0/0=0 0/0=77"},
		"int96":        {file.Leaf{Physical: file.Int96}, plainEncoding, plain96, "0/0=aaaaaaaaaaaa 0/0=bbbbbbbbbbbb 0/0=dddddddddddd"},
		"fixed":        {file.Leaf{Physical: file.Fixed, Length: 2}, plainEncoding, []byte("abcdef"), "0/0=ab 0/0=cd 0/0=ef"},
		"delta int32":  {file.Leaf{Physical: file.Int32}, deltaBinaryPacked, appendDeltas(nil, []int64{-1, 0, 77}), "0/0=-1 0/0=0 0/0=77"},
		"delta int64":  {file.Leaf{Physical: file.Int64}, deltaBinaryPacked, appendDeltas(nil, []int64{-1, 0, 77}), "0/0=-1 0/0=0 0/0=77"},
		"delta wraps":  {file.Leaf{Physical: file.Int32}, deltaBinaryPacked, appendDeltas(nil, []int64{math.MaxInt32, math.MaxInt32 + 1, 1 << 32}), "0/0=2147483647 0/0=-2147483648 0/0=0"},
		"split int32":  {file.Leaf{Physical: file.Int32}, byteStreamSplit, split, "0/0=-1 0/0=0 0/0=77"},
		"booleans":     {file.Leaf{Physical: file.Boolean}, plainEncoding, []byte{5}, "0/0=1 0/0=0 0/0=1"},
		"RLE booleans": {file.Leaf{Physical: file.Boolean}, rleEncoding, append([]byte{2, 0, 0, 0}, appendRun(nil, 1, 1, 3)...), "0/0=1 0/0=1 0/0=1"},
	} {
		for _, kind := range []int32{dataPage, dataPageV2} {
			got, err := column(&c.leaf, 3, 0, page{kind: kind, values: 3, encoding: c.encoding, body: c.body})
			if got != c.expected || !errors.Is(err, io.EOF) {
				t.Errorf("%s, kind %d: %q, %v; expected %q", name, kind, got, err, c.expected)
			}
		}
	}
}

// A level may need as many bits as one that is too high for the column: such a level is damage, not a value that is not there. The highest
// one that is possible is a value.
func TestLevels(t *testing.T) {
	for _, highest := range []int{1, 2, 3, 4, 5, 6, 7, 8} {
		l := &file.Leaf{Name: "c", Physical: file.Boolean, MaxDef: highest, MaxRep: highest}
		width := 1
		for ; highest>>width != 0; width++ {
		}
		for level := 0; level < 1<<width; level++ {
			for name, p := range map[string]page{
				"definition": {reps: appendRun(nil, width, 0, 1), defs: appendRun(nil, width, uint64(level), 1)},
				"repetition": {reps: appendRun(nil, width, uint64(level), 1), defs: appendRun(nil, width, 0, 1)},
			} {
				for _, kind := range []int32{dataPage, dataPageV2} {
					p.kind, p.values, p.body = kind, 1, []byte{1}
					got, err := column(l, 1, 1<<20, p)
					expected := fmt.Sprintf("0/%d", level)
					if name == "repetition" {
						expected = fmt.Sprintf("%d/0", level)
					} else if level == highest {
						expected += "=1"
					}
					if level <= highest && (got != expected || !errors.Is(err, io.EOF)) || level > highest && !errors.Is(err, file.ErrDamaged) {
						t.Errorf("%s level %d of %d, kind %d: %q, %v", name, level, highest, kind, got, err)
					}
				}
			}
		}
	}
}

// A page that is not as it says is damage, and what is not supported is named.
func TestWrongPages(t *testing.T) {
	optional := &file.Leaf{Name: "c", Physical: file.ByteArray, MaxDef: 1}
	texts := encoded(plainEncoding, []string{"a", "b"})
	defs := appendRun(nil, 1, 1, 2)
	right, wrong := int32(crc32.ChecksumIEEE(append(append([]byte{byte(len(defs)), 0, 0, 0}, defs...), texts...))), int32(1)
	good := page{kind: dataPage, values: 2, defs: defs, body: texts}
	with := func(change func(p *page)) page {
		p := good
		change(&p)
		return p
	}
	header := func(change func(h *pageHeader)) page { return with(func(p *page) { p.change = change }) }
	dictionary := page{kind: dictionaryPage, values: 2, encoding: plainEncoding, body: texts}
	index := func(i uint64) page {
		return page{kind: dataPage, values: 2, encoding: rleDictionary, defs: defs, body: append([]byte{4}, appendRun(nil, 4, i, 2)...)}
	}
	for name, c := range map[string]struct {
		pages []page
		err   error
		says  string
	}{
		"good":                    {[]page{good}, io.EOF, ""},
		"checksum":                {[]page{with(func(p *page) { p.crc = &right })}, io.EOF, ""},
		"wrong checksum":          {[]page{with(func(p *page) { p.crc = &wrong })}, file.ErrDamaged, "checksum"},
		"too many values":         {[]page{header(func(h *pageHeader) { h.values = 3 })}, file.ErrDamaged, "a page has 3 of the 2 values"},
		"negative values":         {[]page{header(func(h *pageHeader) { h.values = -1 })}, file.ErrDamaged, "a page has -1"},
		"larger than the chunk":   {[]page{header(func(h *pageHeader) { h.packed++ })}, file.ErrDamaged, "bytes"},
		"negative size":           {[]page{header(func(h *pageHeader) { h.packed = -1 })}, file.ErrDamaged, "a page has -1 bytes"},
		"unknown encoding":        {[]page{header(func(h *pageHeader) { h.encoding = 99 })}, file.ErrUnsupported, `column "c" has values in encoding 99`},
		"encoding of numbers":     {[]page{header(func(h *pageHeader) { h.encoding = deltaBinaryPacked })}, file.ErrUnsupported, "encoding 5"},
		"levels bit by bit":       {[]page{header(func(h *pageHeader) { h.levelEncoding = 4 })}, file.ErrUnsupported, "levels in encoding 4"},
		"no levels":               {[]page{with(func(p *page) { p.defs = nil })}, file.ErrDamaged, ""},
		"too few levels":          {[]page{with(func(p *page) { p.defs = appendRun(nil, 1, 1, 1) })}, file.ErrDamaged, "ends early"},
		"too few values":          {[]page{with(func(p *page) { p.body = texts[:5] })}, file.ErrDamaged, "ends early"},
		"a length beyond the end": {[]page{with(func(p *page) { p.body = []byte{255, 255, 255, 255, 'a'} })}, file.ErrDamaged, "ends early"},
		"levels beyond the page":  {[]page{with(func(p *page) { p.kind = dataPageV2; p.change = func(h *pageHeader) { h.defSize = 99 } })}, file.ErrDamaged, "levels of 0 and 99 bytes"},
		"negative levels":         {[]page{with(func(p *page) { p.kind = dataPageV2; p.change = func(h *pageHeader) { h.repSize = -1 } })}, file.ErrDamaged, "levels"},
		"page missing":            {nil, file.ErrDamaged, "no valid header"},
		"index":                   {[]page{dictionary, index(1)}, io.EOF, ""},
		"index too high":          {[]page{dictionary, index(2)}, file.ErrDamaged, "index 2 of a dictionary of 2 values"},
		"no dictionary":           {[]page{index(0)}, file.ErrDamaged, "index 0 of a dictionary of 0 values"},
		"index of 40 bits":        {[]page{dictionary, with(func(p *page) { p.encoding, p.body = rleDictionary, []byte{40} })}, file.ErrDamaged, "indexes of 40 bits"},
		"a large dictionary":      {[]page{{kind: dictionaryPage, values: 1 << 30, body: texts}}, file.ErrDamaged, "ends early"},
		"an encoded dictionary":   {[]page{{kind: dictionaryPage, values: 2, encoding: deltaByteArray, body: texts}}, file.ErrDamaged, "dictionary of 2 values in encoding 7"},
		"repeats too much": {[]page{with(func(p *page) {
			p.encoding, p.body = deltaByteArray, append(appendDeltas(appendDeltas(nil, []int64{0, 5}), []int64{1, 1}), "ab"...)
		})}, file.ErrDamaged, "repeats 5 of 1 bytes"},
		"a negative length": {[]page{with(func(p *page) {
			p.encoding, p.body = deltaLengthByte, append(appendDeltas(nil, []int64{-1, 1}), "ab"...)
		})}, file.ErrDamaged, "a value of -1 bytes"},
		"other pages": {[]page{{kind: 1}, {kind: 77}, good}, io.EOF, ""},
	} {
		for _, memory := range []int64{0, 1 << 20} {
			if _, err := column(optional, 2, memory, c.pages...); !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s with %d bytes: %v; expected %v: %s", name, memory, err, c.err, c.says)
			}
		}
	}
}
