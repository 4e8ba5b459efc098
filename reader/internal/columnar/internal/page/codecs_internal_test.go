package page

import (
	"bytes"
	stdgzip "compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"

	"enrich/internal/parquettest"
	"enrich/reader/internal/columnar/internal/file"
)

// A codecTest is a codec with an encoder that shares no code with the decoder under test where this package has its own.
type codecTest struct {
	codec file.Codec
	pack  func([]byte) []byte
}

func codecs() map[string]codecTest {
	through := func(open func(io.Writer) io.WriteCloser) func([]byte) []byte {
		return func(b []byte) []byte {
			var out bytes.Buffer
			w := open(&out)
			if _, err := w.Write(b); err != nil {
				panic(err)
			}
			if err := w.Close(); err != nil {
				panic(err)
			}
			return out.Bytes()
		}
	}
	return map[string]codecTest{
		"snappy": {file.Snappy, func(b []byte) []byte { return snappy.Encode(nil, b) }},
		"gzip":   {file.Gzip, through(func(w io.Writer) io.WriteCloser { return stdgzip.NewWriter(w) })},
		"brotli": {file.Brotli, through(func(w io.Writer) io.WriteCloser { return brotli.NewWriter(w) })},
		"zstd": {file.Zstd, through(func(w io.Writer) io.WriteCloser {
			z, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
			if err != nil {
				panic(err)
			}
			return z
		})},
		"lz4":               {file.LZ4Raw, packLZ4},
		"lz4 of old Arrow":  {file.LZ4Hadoop, packLZ4},
		"lz4 of Hadoop":     {file.LZ4Hadoop, func(b []byte) []byte { return framed(b, 1<<30) }},
		"lz4 in many parts": {file.LZ4Hadoop, func(b []byte) []byte { return framed(b, 70_000) }},
	}
}

// framed packs blocks of LZ4 as Hadoop does: each after its two sizes.
func framed(b []byte, size int) (out []byte) {
	for first := true; first || len(b) > 0; first = false {
		block := b[:min(size, len(b))]
		packed := packLZ4(block)
		out = binary.BigEndian.AppendUint32(out, uint32(len(block)))
		out = append(binary.BigEndian.AppendUint32(out, uint32(len(packed))), packed...)
		b = b[len(block):]
	}
	return out
}

// packLZ4 is a plain encoder of the LZ4 block format: a copy of the last place that had the same four bytes, else a literal.
func packLZ4(b []byte) (out []byte) {
	length := func(n int) {
		for n -= 15; n >= 255; n -= 255 {
			out = append(out, 255)
		}
		out = append(out, byte(n))
	}
	element := func(literal []byte, offset, match int) {
		token := min(len(literal), 15) << 4
		if match > 0 {
			token |= min(match-4, 15)
		}
		if out = append(out, byte(token)); len(literal) >= 15 {
			length(len(literal))
		}
		if out = append(out, literal...); match > 0 {
			if out = binary.LittleEndian.AppendUint16(out, uint16(offset)); match-4 >= 15 {
				length(match - 4)
			}
		}
	}
	seen, from := map[string]int{}, 0
	for at := 0; at+12 < len(b); {
		key := string(b[at : at+4])
		before, found := seen[key]
		if seen[key] = at; !found || at-before > 65535 {
			at++
			continue
		}
		n := 4
		for at+n < len(b)-5 && b[before+n] == b[at+n] {
			n++
		}
		element(b[from:at], at-before, n)
		at += n
		from = at
	}
	element(b[from:], 0, 0)
	return out
}

// bodies are texts that codecs treat in different ways: short, repeated from near and from far, incompressible.
func bodies() map[string]string {
	random := make([]byte, 90_000)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range random {
		random[i] = byte(r.Uint32())
	}
	return map[string]string{
		"empty": "", "one byte": "x", "a sentence": "person-1@x.example, person-2@x.example, person-3@x.example",
		"one byte many times": strings.Repeat("a", 200_000), "repeated": strings.Repeat("abc", 70_000),
		"random": string(random), "from far": string(random[:60_000]) + string(random[:60_000]) + "end",
	}
}

// unpacked reads the only value of a column with one packed page, with so much memory.
func unpacked(c codecTest, p parquettest.Page, memory int64) (string, error) {
	b := p.Append([]byte("PAR1"), c.pack)
	m := NewMemory(1, memory, int64(len(b)))
	defer func() { _ = m.Close() }() // it was only read
	column := NewColumn(bytes.NewReader(b), &file.Leaf{Name: "c", Physical: file.ByteArray}, m)
	column.Start(file.Chunk{Codec: c.codec, Values: 1, From: 4, To: int64(len(b))})
	var v Value
	if _, _, err := column.Next(); err != nil {
		return "", err
	}
	err := column.Value(&v)
	return string(v.Bytes), err
}

// A page comes back from each codec, in memory and in the temporary file, in pages of both versions.
func TestCodecs(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	for name, c := range codecs() {
		for what, text := range bodies() {
			packed := c.pack(parquettest.Texts(text))
			for _, kind := range []int32{parquettest.V1, parquettest.V2} {
				for _, memory := range []int64{0, 8 << 20} {
					p := parquettest.Page{Kind: kind, Values: 1, Packed: packed, Unpacked: int32(4 + len(text))}
					if got, err := unpacked(c, p, memory); got != text || err != nil {
						t.Errorf("%s, %s, kind %d, %d bytes: %d bytes of %d, %v", name, what, kind, memory, len(got), len(text), err)
					}
				}
			}
		}
	}
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) != 0 {
		t.Errorf("temporary files are left: %v, %v", left, err)
	}
}

// A packed page that ends early is damaged, wherever it ends. So is one that unpacks to more or fewer bytes than its header says.
func TestPackedPagesThatLie(t *testing.T) {
	body := parquettest.Texts(strings.Repeat("person-1@x.example ", 40) + "end")
	for name, c := range codecs() {
		packed := c.pack(body)
		p := parquettest.Page{Values: 1, Body: body}
		for size := range packed {
			if p.Packed = packed[:size:size]; size == 0 {
				p.Packed = []byte{}
			}
			if got, err := unpacked(c, p, 1<<20); !errors.Is(err, file.ErrDamaged) {
				t.Errorf("%s: the first %d of %d bytes: %q, %v", name, size, len(packed), got, err)
			}
		}
		p.Packed = nil
		for _, size := range []int32{1, int32(len(body)) - 1, int32(len(body)) + 1, 1 << 24} {
			p.Unpacked = size
			if got, err := unpacked(c, p, 1<<20); !errors.Is(err, file.ErrDamaged) {
				t.Errorf("%s: %d bytes said to be %d: %q, %v", name, len(body), size, got, err)
			}
		}
	}
}

// A damaged packed page is read or refused, and makes nothing panic, in any codec.
func TestPackedNoise(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for name, c := range codecs() {
		packed := c.pack(parquettest.Texts(strings.Repeat("person ", 100)))
		for range 60 {
			noise := bytes.Clone(packed)
			for range 1 + r.IntN(4) {
				noise[r.IntN(len(noise))] = byte(r.Uint32())
			}
			p := parquettest.Page{Values: 1, Packed: noise, Unpacked: 704}
			if _, err := unpacked(c, p, 0); err != nil && !errors.Is(err, file.ErrDamaged) && !errors.Is(err, file.ErrUnsupported) {
				t.Fatalf("%s: %x: %v", name, noise, err)
			}
		}
	}
}

// The damage of a page that gzip or zstd finds only at its end is found, too.
func TestChecksumsOfCodecs(t *testing.T) {
	for _, name := range []string{"gzip", "zstd"} {
		c := codecs()[name]
		body := parquettest.Texts("person-1@x.example")
		packed := c.pack(body)
		at := bytes.Index(packed, []byte("person-1"))
		if name == "gzip" {
			at = len(packed) - 8 // the checksum
		}
		if at < 0 {
			t.Fatalf("%s packed the text: %x", name, packed)
		}
		packed[at] ^= 1
		if got, err := unpacked(c, parquettest.Page{Values: 1, Packed: packed, Unpacked: int32(len(body))}, 1<<20); !errors.Is(err, file.ErrDamaged) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// A copy of what is not there is damage; so are blocks of Snappy and LZ4 that stop in an element.
func TestBlocks(t *testing.T) {
	for name, test := range map[string]struct {
		codec    file.Codec
		packed   string
		unpacked int32
		expected string // of the value; "": damage
	}{
		"snappy: literal":                  {file.Snappy, "\x05\x10\x01\x00\x00\x00a", 5, "a"},
		"snappy: copy of 4 bytes offset":   {file.Snappy, "\x09\x14\x05\x00\x00\x00ab\x0b\x02\x00\x00\x00", 9, "ababa"},
		"snappy: copy of 2 bytes offset":   {file.Snappy, "\x09\x14\x05\x00\x00\x00ab\x0a\x02\x00", 9, "ababa"},
		"snappy: copy before the start":    {file.Snappy, "\x09\x14\x05\x00\x00\x00ab\x0a\x09\x00", 9, ""},
		"snappy: copy from nowhere":        {file.Snappy, "\x09\x14\x05\x00\x00\x00ab\x0a\x00\x00", 9, ""},
		"snappy: another size":             {file.Snappy, "\x06\x10\x01\x00\x00\x00a", 5, ""},
		"snappy: literal beyond the end":   {file.Snappy, "\x05\xfc\xff\xff\xff\xff\x01\x00\x00\x00a", 5, ""},
		"snappy: literal with long length": {file.Snappy, "\x05\xf0\x04\x01\x00\x00\x00a", 5, "a"},
		"lz4: literal":                     {file.LZ4Raw, "\x50\x01\x00\x00\x00a", 5, "a"},
		"lz4: copy":                        {file.LZ4Raw, "\x60\x06\x00\x00\x00ab\x02\x00", 10, "ababab"},
		"lz4: copy before the start":       {file.LZ4Raw, "\x60\x06\x00\x00\x00ab\x09\x00", 10, ""},
		"lz4: copy from nowhere":           {file.LZ4Raw, "\x60\x06\x00\x00\x00ab\x00\x00", 10, ""},
		"lz4: length without an end":       {file.LZ4Raw, "\xf0\xff\xff", 10, ""},
		"lz4: half an offset":              {file.LZ4Raw, "\x60\x06\x00\x00\x00ab\x02", 10, ""},
		"lz4 of Hadoop: block too short":   {file.LZ4Hadoop, "\x00\x00\x00\x05\x00\x00\x00\x01\x50", 5, ""},
	} {
		p := parquettest.Page{Values: 1, Packed: []byte(test.packed), Unpacked: test.unpacked}
		got, err := unpacked(codecTest{codec: test.codec}, p, 1<<20)
		if test.expected == "" && !errors.Is(err, file.ErrDamaged) || test.expected != "" && (got != test.expected || err != nil) {
			t.Errorf("%s: %q, %v; expected %q", name, got, err, test.expected)
		}
	}
}

// A zstd page with a window of more than 8 MiB is refused, with what to do.
func TestZstdWindow(t *testing.T) {
	const frame = "\x28\xb5\x2f\xfd\x00\x70" // a window of 16 MiB
	block := binary.LittleEndian.AppendUint32(nil, 5<<3|1)[:3]
	p := parquettest.Page{Values: 1, Packed: append([]byte(frame+string(block)), "\x01\x00\x00\x00a"...), Unpacked: 5}
	_, err := unpacked(codecTest{codec: file.Zstd}, p, 1<<20)
	if !errors.Is(err, file.ErrUnsupported) || !strings.Contains(err.Error(), "compress at level 19 or lower") {
		t.Error(err)
	}
	p.Packed[5] = 0x68 // 8 MiB
	if got, err := unpacked(codecTest{codec: file.Zstd}, p, 1<<20); got != "a" || err != nil {
		t.Errorf("a window of 8 MiB: %q, %v", got, err)
	}
}

// What all pages of a file are unpacked to is bounded: a few kilobytes may stand for terabytes.
func TestDecompressionBomb(t *testing.T) {
	c := codecs()["zstd"]
	page := parquettest.Page{Values: 1, Body: parquettest.Texts(strings.Repeat("a", 1<<20))}.Append(nil, c.pack)
	b := append([]byte("PAR1"), bytes.Repeat(page, 20)...)
	m := NewMemory(1, 8<<20, 0)
	m.mostUnpacked = 10<<20 + 100
	defer func() { _ = m.Close() }()
	column := NewColumn(bytes.NewReader(b), &file.Leaf{Name: "c", Physical: file.ByteArray}, m)
	column.Start(file.Chunk{Codec: c.codec, Values: 20, From: 4, To: int64(len(b))})
	for n := range 20 {
		switch _, _, err := column.Next(); {
		case n < 10 && err != nil:
			t.Fatalf("page %d: %v", n, err)
		case n == 10:
			if !errors.Is(err, file.ErrUnsupported) || !strings.Contains(err.Error(), "times its size") {
				t.Errorf("page %d: %v", n, err)
			}
			m.Restart()
			column.Start(file.Chunk{Codec: c.codec, Values: 20, From: 4, To: int64(len(b))})
			if _, _, err := column.Next(); err != nil {
				t.Errorf("read again: %v", err)
			}
			return
		}
	}
}
