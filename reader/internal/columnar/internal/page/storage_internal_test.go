package page

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"enrich/internal/parquettest"
	"enrich/reader/internal/columnar/internal/file"
)

// indexes are indexes of a dictionary, in the encoding that they have in a page.
func indexes(width int, numbers ...int) []byte {
	b := []byte{byte(width)}
	for _, n := range numbers {
		b = appendRun(b, width, uint64(n), 1)
	}
	return b
}

// A chunk may begin with a dictionary and go on without it when the dictionary is full, as all writers do. Each physical type may have a
// dictionary, in memory and in a file.
func TestDictionaryFallback(t *testing.T) {
	number := func(b ...byte) string { return string(b) }
	for name, c := range map[string]struct {
		leaf     file.Leaf
		values   []string // as plain bytes
		expected []string
	}{
		"int32":  {file.Leaf{Physical: file.Int32}, []string{number(1, 0, 0, 0), number(255, 255, 255, 255)}, []string{"1", "-1"}},
		"int64":  {file.Leaf{Physical: file.Int64}, []string{number(2, 0, 0, 0, 0, 0, 0, 0), number(0, 0, 0, 0, 0, 0, 0, 128)}, []string{"2", "-9223372036854775808"}},
		"float":  {file.Leaf{Physical: file.Float}, []string{number(0, 0, 128, 63), number(0, 0, 0, 64)}, []string{"1065353216", "1073741824"}},
		"double": {file.Leaf{Physical: file.Double}, []string{number(0, 0, 0, 0, 0, 0, 240, 63), number(0, 0, 0, 0, 0, 0, 0, 0)}, []string{"4607182418800017408", "0"}},
		"int96":  {file.Leaf{Physical: file.Int96}, []string{"twelve bytes", "another 12 b"}, []string{"twelve bytes", "another 12 b"}},
		"fixed":  {file.Leaf{Physical: file.Fixed, Length: 20}, []string{"twenty bytes of text", "TWENTY BYTES OF TEXT"}, []string{"twenty bytes of text", "TWENTY BYTES OF TEXT"}},
		"texts":  {file.Leaf{Physical: file.ByteArray}, []string{"\x01\x00\x00\x00a", "\x00\x00\x00\x00", "\x1e\x00\x00\x00" + strings.Repeat("z", 30)}, []string{"a", "", strings.Repeat("z", 30)}},
	} {
		c.leaf.Name = "c"
		last := len(c.values) - 1
		pages := []page{
			{kind: dictionaryPage, values: int32(len(c.values)), encoding: plainEncoding, body: []byte(strings.Join(c.values, ""))},
			{kind: dataPage, values: 4, encoding: rleDictionary, body: indexes(2, 0, last, last, 0)},
			{kind: dataPage, values: 2, encoding: plainEncoding, body: []byte(c.values[last] + c.values[0])},
			{kind: dataPageV2, values: 1, encoding: plainDictionary, body: indexes(8, 1)},
		}
		expected := ""
		for _, i := range []int{0, last, last, 0, last, 0, 1} {
			expected += " 0/0=" + c.expected[i]
		}
		for _, memory := range []int64{0, 100, 1 << 20} {
			if got, err := column(&c.leaf, 7, memory, pages...); got != expected[1:] || !errors.Is(err, io.EOF) {
				t.Errorf("%s with %d bytes: %q, %v; expected %q", name, memory, got, err, expected[1:])
			}
		}
	}
}

// The dictionary of a chunk is not that of the next one.
func TestDictionaryOfAnotherChunk(t *testing.T) {
	l := &file.Leaf{Name: "c", Physical: file.ByteArray}
	first := page{kind: dictionaryPage, values: 1, encoding: plainEncoding, body: encoded(plainEncoding, []string{"old"})}.write([]byte("PAR1"))
	from := int64(len(first))
	b := page{kind: dataPage, values: 1, encoding: rleDictionary, body: indexes(1, 0)}.write(first)
	c := NewColumn(bytes.NewReader(b), l, small())
	c.Start(file.Chunk{Values: 1, From: 4, To: int64(len(b))})
	var v Value
	if _, _, err := c.Next(); err != nil || c.Value(&v) != nil || string(v.Bytes) != "old" {
		t.Fatalf("the first chunk: %q, %v", v.Bytes, err)
	}
	c.Start(file.Chunk{Values: 1, From: from, To: int64(len(b))})
	if _, _, err := c.Next(); err != nil {
		t.Fatal(err)
	}
	if err := c.Value(&v); !errors.Is(err, file.ErrDamaged) {
		t.Errorf("the second chunk: %q, %v", v.Bytes, err)
	}
}

// A dictionary that is not what its header says is damage, whatever it is packed with.
func TestDictionariesThatLie(t *testing.T) {
	texts := parquettest.Texts("a", "bc")
	for name, c := range map[string]struct {
		physical file.Physical
		body     []byte
		values   int32
		says     string
	}{
		"values that are not there":       {file.ByteArray, texts, 3, "ends early"},
		"negative values":                 {file.ByteArray, texts, -1, "dictionary of -1 values"},
		"a text beyond the end":           {file.ByteArray, texts[:len(texts)-1], 2, "ends early"},
		"a text of 4 GiB":                 {file.ByteArray, []byte("\xff\xff\xff\xffa"), 1, "ends early"},
		"numbers that are not there":      {file.Int64, make([]byte, 15), 2, "ends early"},
		"booleans":                        {file.Boolean, []byte{1}, 1, "dictionary of 1 values"},
		"two billion values of no length": {file.Fixed, nil, 1 << 30, ""},
	} {
		for _, memory := range []int64{0, 1 << 20} {
			_, err := column(&file.Leaf{Name: "c", Physical: c.physical}, 1, memory,
				page{kind: dictionaryPage, values: c.values, encoding: plainEncoding, body: c.body},
				page{kind: dataPage, values: 1, encoding: rleDictionary, body: indexes(1, 0)})
			if c.says != "" && (!errors.Is(err, file.ErrDamaged) || !strings.Contains(err.Error(), c.says)) || c.says == "" && !errors.Is(err, io.EOF) {
				t.Errorf("%s with %d bytes: %v, expected %q", name, memory, err, c.says)
			}
		}
	}
}

// A value is cut at 2 MiB, in a dictionary and outside, and the values after it are right.
func TestLongValues(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", maxValue/16) + "rest"
	l := &file.Leaf{Name: "c", Physical: file.ByteArray}
	for name, pages := range map[string][]page{
		"plain":         {{kind: dataPage, values: 2, encoding: plainEncoding, body: parquettest.Texts(long, "next")}},
		"delta lengths": {{kind: dataPage, values: 2, encoding: deltaLengthByte, body: encoded(deltaLengthByte, []string{long, "next"})}},
		"dictionary": {
			{kind: dictionaryPage, values: 2, encoding: plainEncoding, body: parquettest.Texts(long, "next")},
			{kind: dataPage, values: 2, encoding: rleDictionary, body: indexes(1, 0, 1)},
		},
	} {
		b := []byte("PAR1")
		for _, p := range pages {
			b = p.write(b)
		}
		for _, memory := range []int64{0, 64 << 20} {
			m := NewMemory(1, memory, 0)
			c := NewColumn(bytes.NewReader(b), l, m)
			c.Start(file.Chunk{Values: 2, From: 4, To: int64(len(b))})
			for i, expected := range []string{long[:maxValue], "next"} {
				var v Value
				_, _, err := c.Next()
				if err == nil {
					err = c.Value(&v)
				}
				if err != nil || string(v.Bytes) != expected || v.Cut != (i == 0) {
					t.Errorf("%s with %d bytes: value %d has %d bytes, cut %t, %v", name, memory, i, len(v.Bytes), v.Cut, err)
				}
			}
			_ = m.Close() // it was only read
		}
	}
	_, err := column(l, 1, 0, page{kind: dataPage, values: 1, encoding: deltaByteArray, body: encoded(deltaByteArray, []string{long})})
	if !errors.Is(err, file.ErrUnsupported) || !strings.Contains(err.Error(), "DELTA_BYTE_ARRAY") {
		t.Errorf("delta arrays: %v", err)
	}
}

// A cursor gives the same bytes whatever its pieces are, and never more than there are.
func TestCursor(t *testing.T) {
	text := make([]byte, 1000)
	for i := range text {
		text[i] = byte(i * 7)
	}
	for where, r := range regions(text) {
		for _, size := range []int{1, 7, 64, 5000} {
			m := small()
			c := m.cursor(r, size)
			for at, step := 0, 1; at < len(text); step = step*5%37 + 1 {
				n := min(step, len(text)-at)
				if step%3 == 0 {
					if err := c.skip(int64(n)); err != nil {
						t.Fatalf("%s, pieces of %d: skip %d at %d: %v", where, size, n, at, err)
					}
				} else if b, err := c.take(n); err != nil || !bytes.Equal(b, text[at:at+n]) {
					t.Fatalf("%s, pieces of %d: %d bytes at %d are %x, %v", where, size, n, at, b, err)
				}
				if at += n; c.left() != int64(len(text)-at) {
					t.Fatalf("%s, pieces of %d: %d bytes are left at %d", where, size, c.left(), at)
				}
			}
			_, err := c.take(1)
			if !errors.Is(err, errShort) || !errors.Is(c.skip(1), errShort) || !errors.Is(c.skip(-1), errShort) {
				t.Errorf("%s, pieces of %d: at the end: %v", where, size, err)
			}
		}
	}
	for name, b := range map[string][]byte{"too long": bytes.Repeat([]byte{0xff}, 11), "cut": {0xff, 0xff}} {
		c := small().cursor(inMemory(b), 1)
		if v, err := c.varint(); !errors.Is(err, file.ErrDamaged) {
			t.Errorf("a number that is %s: %d, %v", name, v, err)
		}
	}
}

// A region is never read outside of it, though there are bytes around it.
func TestRegion(t *testing.T) {
	r := region{in: strings.NewReader("before-inside-after"), from: 7, size: 6}
	for _, c := range []struct {
		at, n    int
		expected string // "": an error
	}{{0, 6, "inside"}, {2, 3, "sid"}, {6, 1, ""}, {-1, 2, ""}, {3, 4, ""}} {
		b := make([]byte, c.n)
		if err := r.readAt(b, int64(c.at)); (err == nil) != (c.expected != "") || err == nil && string(b) != c.expected {
			t.Errorf("%d bytes at %d: %q, %v", c.n, c.at, b, err)
		}
	}
	part := r.slice(2, 5)
	b := make([]byte, 3)
	if err := part.readAt(b, 0); err != nil || string(b) != "sid" || !errors.Is(part.readAt(b, 1), errShort) {
		t.Errorf("a part: %q, %v", b, err)
	}
}

// Pages use memory as long as there is some, then their place in the temporary file; a place that is large enough is used again.
func TestSlots(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	m := NewMemory(1, 4000, 0) // 1000 for a page
	fill := func(s *slot, size int64) region {
		t.Helper()
		r, err := m.fill(s, io.LimitReader(endless('a'+byte(size%26)), size), size)
		if err != nil {
			t.Fatal(err)
		}
		b := make([]byte, size)
		if err := r.readAt(b, 0); err != nil || !bytes.Equal(b, bytes.Repeat([]byte{'a' + byte(size%26)}, int(size))) {
			t.Fatalf("a page of %d bytes did not come back: %v", size, err)
		}
		return r
	}
	var first, second slot
	if r := fill(&first, 1000); r.in != nil || m.left != 3000 {
		t.Errorf("a page that fits is in a file, or %d bytes are left", m.left)
	}
	if r := fill(&first, 10); r.in != nil || m.left != 3000 {
		t.Errorf("a smaller page takes other memory: %d bytes are left", m.left)
	}
	if r := fill(&first, 1001); r.in == nil || m.left != 4000 || m.size != 1001 {
		t.Errorf("a page that does not fit: %d bytes of memory are left, the file has %d", m.left, m.size)
	}
	fill(&second, 5000)
	if fill(&first, 1001); m.size != 6001 {
		t.Errorf("a place was not used again: the file has %d bytes", m.size)
	}
	if fill(&first, 1100); m.size != 6001+2002 {
		t.Errorf("a place grows to twice its size: the file has %d bytes", m.size)
	}
	m.limit = 10_000
	_, err := m.fill(&second, endless('x'), 20_000)
	if !errors.Is(err, file.ErrUnsupported) || !strings.Contains(err.Error(), "temporary space") {
		t.Errorf("a page beyond the limit: %v", err)
	}
	if _, err := m.fill(&first, strings.NewReader("short"), 1050); !errors.Is(err, errShort) {
		t.Errorf("a page that ends early: %v", err)
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) != 0 {
		t.Errorf("temporary files are left: %v, %v", left, err)
	}
}

// endless is a reader of one byte.
type endless byte

// Read implements [io.Reader].
func (e endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(e)
	}
	return len(b), nil
}

// A page is within its chunk, and its header within the file: whatever the sizes in it say, nothing outside is read.
func TestPageBounds(t *testing.T) {
	l := &file.Leaf{Name: "c", Physical: file.ByteArray}
	good := page{kind: dataPage, values: 1, encoding: plainEncoding, body: parquettest.Texts("inside")}
	whole := good.write([]byte("PAR1"))
	after := parquettest.Texts("outside")
	for to := 4; to <= len(whole); to++ {
		b := append(bytes.Clone(whole), after...)
		c := NewColumn(bytes.NewReader(b), l, small())
		c.Start(file.Chunk{Values: 1, From: 4, To: int64(to)})
		var v Value
		_, _, err := c.Next()
		if err == nil {
			err = c.Value(&v)
		}
		if good := to == len(whole); good != (err == nil) || !good && !errors.Is(err, file.ErrDamaged) || good && string(v.Bytes) != "inside" {
			t.Errorf("a chunk to byte %d of %d: %q, %v", to, len(whole), v.Bytes, err)
		}
	}
	empty := page{kind: dataPage, encoding: plainEncoding}
	many := make([]page, 2000)
	for i := range many {
		many[i] = empty
	}
	if got, err := column(l, 1, 0, append(many, good)...); got != "0/0=inside" || !errors.Is(err, io.EOF) {
		t.Errorf("after pages without values: %q, %v", got, err)
	}
	if _, err := column(l, 1, 0, many...); !errors.Is(err, file.ErrDamaged) {
		t.Errorf("only pages without values: %v", err)
	}
}

// Blocks of DELTA_BINARY_PACKED that no writer writes are damage: they could be endless, or take any memory.
func TestWrongDeltas(t *testing.T) {
	header := func(numbers ...uint64) (b []byte) {
		for _, n := range numbers {
			b = binary.AppendUvarint(b, n)
		}
		return b
	}
	for name, body := range map[string][]byte{
		"no miniblocks":            header(128, 0, 2, 2),
		"too many miniblocks":      header(128*1024, 1024, 2, 2),
		"miniblocks of 4":          header(16, 4, 2, 2),
		"blocks of nothing":        header(0, 4, 2, 2),
		"blocks that are too long": header(1<<40, 4, 2, 2),
		"not divisible":            header(130, 4, 2, 2),
		"numbers of 65 bits":       append(header(128, 4, 2, 2, 0), 65, 0, 0, 0),
		"no block":                 header(128, 4, 2, 2),
		"half a block":             append(header(128, 4, 2, 2, 0), 8, 0, 0, 0),
		"fewer than the page has":  appendDeltas(nil, []int64{1}),
		"nothing":                  {},
	} {
		if got, err := column(&file.Leaf{Name: "c", Physical: file.Int64}, 2, 0, page{kind: dataPage, values: 2, encoding: deltaBinaryPacked, body: body}); !errors.Is(err, file.ErrDamaged) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// BYTE_STREAM_SPLIT is read for all types of one length, as far as they have a stream for each byte.
func TestSplit(t *testing.T) {
	for length, err := range map[int]error{1: io.EOF, 2: io.EOF, 16: io.EOF, maxStreams: io.EOF, maxStreams + 1: file.ErrUnsupported} {
		values := []string{strings.Repeat("ab", length)[:length], strings.Repeat("XY", length)[:length]}
		var body []byte
		for i := range length {
			body = append(body, values[0][i], values[1][i])
		}
		got, gerr := column(&file.Leaf{Name: "c", Physical: file.Fixed, Length: length}, 2, 0, page{kind: dataPage, values: 2, encoding: byteStreamSplit, body: body})
		if expected := fmt.Sprintf("0/0=%s 0/0=%s", values[0], values[1]); !errors.Is(gerr, err) || errors.Is(err, io.EOF) && got != expected {
			t.Errorf("values of %d bytes: %q, %v; expected %q, %v", length, got, gerr, expected, err)
		}
	}
}
