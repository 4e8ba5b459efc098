package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"math"
	"os"
	"strings"
	"testing"

	"enrich/client/fakeapi"
	"enrich/internal/parquettest"
	"enrich/internal/thrift"
)

// zipped packs a page with gzip.
func zipped(b []byte) []byte {
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestSpeed) // the level is a valid one
	_, err := w.Write(b)
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(err)
	}
	return out.Bytes()
}

// emails is a Parquet file with one column of addresses; change may make it lie.
func emails(change func(c *parquettest.Chunk, g *parquettest.RowGroup)) []byte {
	c := parquettest.Chunk{Physical: parquettest.ByteArray, Pages: []parquettest.Page{{
		Values: 2, Defs: parquettest.Levels(1, 1, 1), Body: parquettest.Texts("p1@x.example", "p2@x.example"),
	}}}
	g := parquettest.RowGroup{Rows: 2}
	if change != nil {
		change(&c, &g)
	}
	g.Chunks = append(g.Chunks, c)
	return parquettest.File([]parquettest.Node{parquettest.Text("email", parquettest.Optional)}, g)
}

// metadata is a Parquet file with nothing but metadata.
func metadata(write func(w *thrift.Writer)) []byte {
	var w thrift.Writer
	w.Begin()
	w.Int32(1, 2)
	write(&w)
	w.End()
	return parquettest.Close([]byte("PAR1"), w.Bytes())
}

// hostileFiles are Parquet files that lie about their sizes and counts, with what is said about them.
func hostileFiles() map[string]struct {
	file []byte
	says string
} {
	page := func(change func(p *parquettest.Page)) []byte {
		return emails(func(c *parquettest.Chunk, _ *parquettest.RowGroup) { change(&c.Pages[0]) })
	}
	chunk := func(change func(c *parquettest.Chunk)) []byte {
		return emails(func(c *parquettest.Chunk, _ *parquettest.RowGroup) { change(c) })
	}
	schema := func(nodes ...parquettest.Node) []byte { return parquettest.File(nodes) }
	deep := parquettest.Text("email", parquettest.Optional)
	for range 2000 {
		deep = parquettest.Group("s", parquettest.Optional, -1, deep)
	}
	good := emails(nil)
	long := binary.LittleEndian.AppendUint32(good[:len(good)-8:len(good)-8], math.MaxUint32)
	none := parquettest.Page{Values: math.MaxInt32, Defs: parquettest.AppendRun(nil, 1, 0, math.MaxInt32)}
	return map[string]struct {
		file []byte
		says string
	}{
		"metadata of 4 GiB":       {append(long, "PAR1"...), "its metadata should have 4294967295 bytes"},
		"a packed page of 2 GiB":  {page(func(p *parquettest.Page) { p.Size = math.MaxInt32 }), "a page has 2147483647 bytes"},
		"a page of 2 GiB":         {chunk(func(c *parquettest.Chunk) { c.Values, c.Pages[0].Values = 2, math.MaxInt32 }), "values that are left"},
		"a text of 4 GiB":         {page(func(p *parquettest.Page) { p.Body = []byte("\xff\xff\xff\xff") }), "a page ends early"},
		"levels of 4 GiB":         {page(func(p *parquettest.Page) { p.Defs, p.Body = nil, []byte("\xff\xff\xff\xff") }), "a page ends early"},
		"a chunk in the metadata": {chunk(func(c *parquettest.Chunk) { c.Offset = int64(len(good)) - 20 }), "bytes at"},
		"a chunk before the file": {chunk(func(c *parquettest.Chunk) { c.Offset = math.MinInt64 }), "bytes at"},
		"a page that packs less":  {chunk(func(c *parquettest.Chunk) { c.Codec, c.Pack, c.Pages[0].Unpacked = parquettest.Gzip, zipped, 1<<20 }), "a page ends early"},
		"a page that packs more":  {chunk(func(c *parquettest.Chunk) { c.Codec, c.Pack, c.Pages[0].Unpacked = parquettest.Gzip, zipped, 20 }), "more bytes than its header says"},
		"a bomb of rows": {emails(func(c *parquettest.Chunk, g *parquettest.RowGroup) {
			g.Rows, c.Pages, c.Values = 1<<50, []parquettest.Page{none}, 1<<50
		}), "more than 4194304 rows"},
		"a page of 1 GiB, packed":  {chunk(func(c *parquettest.Chunk) { c.Codec, c.Pack, c.Pages[0].Unpacked = parquettest.Gzip, zipped, 1<<30 }), "pages unpack to more than 512 MiB"},
		"pages without values":     {chunk(func(c *parquettest.Chunk) { c.Pages, c.Values = make([]parquettest.Page, 20_000), 2 }), "a page has no valid header"},
		"a schema 2,000 deep":      {schema(deep), "nested deeper than"},
		"two billion columns":      {schema(parquettest.Node{Name: "s", Claimed: math.MaxInt32, Converted: -1}), "its schema ends early"},
		"structs 100,000 deep":     {parquettest.Close([]byte("PAR1"), bytes.Repeat([]byte{0x1c}, 100_000)), "nested too deeply"},
		"lists 100,000 deep":       {parquettest.Close([]byte("PAR1"), bytes.Repeat([]byte{0x19}, 100_000)), "nested too deeply"},
		"two billion elements":     {metadata(func(w *thrift.Writer) { w.List(2, thrift.Struct, math.MaxInt32) }), "a list of 2147483647 elements"},
		"two billion row groups":   {metadata(func(w *thrift.Writer) { w.List(4, thrift.Struct, math.MaxInt32) }), "a list of 2147483647 elements"},
		"a million empty elements": {metadata(func(w *thrift.Writer) { w.List(2, thrift.Struct, 1_000_000); w.Continue(0); pad(w, 1_000_000) }), "its schema is too large"},
	}
}

// pad ends structs that are empty: each is one byte.
func pad(w *thrift.Writer, n int) {
	for range n {
		w.Begin()
		w.End()
	}
}

// mostHostile is how much memory a run of a hostile file may take, in bytes: less than any size that such a file claims.
const mostHostile = 100 << 20

// TestHostileParquet: a file that lies about its sizes, or stands for far more than it has, is refused before any call, in bounded
// time and memory, and the message says what is wrong. A truncated file is refused wherever it ends.
func TestHostileParquet(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out hostile files: one goroutine reads them")
	}
	t.Parallel()
	s := newStage(t, fakeapi.Options{})
	good := emails(nil)
	s.write("good.parquet", string(good))
	for name, test := range hostileFiles() {
		s.write("hostile.parquet", string(test.file))
		c := s.command("run", "hostile.parquet")
		took := c.peak()
		c.ends(exitUsage)
		c.says("hostile.parquet: ")
		c.says(test.says)
		if !raced && took > mostHostile {
			t.Errorf("%s: %d MiB of memory", name, took>>20)
		}
	}
	body := bytes.Index(good, []byte("p1@"))
	for _, size := range []int{4, 8, 11, 12, body - 8, body, body + 20, len(good) - 40, len(good) - 9, len(good) - 8, len(good) - 4, len(good) - 1} {
		s.write("cut.parquet", string(good[:size]))
		s.run(exitUsage, "run", "--input-format", "parquet", "cut.parquet").says("damaged or truncated")
	}
	s.calls(0)
	if left, err := os.ReadDir(s.dir); err != nil || len(left) > 5 {
		t.Errorf("files are left: %v, %v", left, err)
	}
}

// TestParquetBomb: pages of kilobytes that unpack to gigabytes do not fill the memory; rows of them are refused, not the run, as long as
// that takes no unreasonable time.
func TestParquetBomb(t *testing.T) {
	t.Parallel()
	s := newStage(t, fakeapi.Options{})
	bomb := zipped(append(binary.LittleEndian.AppendUint32(parquettest.Levels(1), 64<<20), make([]byte, 64<<20)...))
	s.write("bomb.parquet", string(emails(func(c *parquettest.Chunk, g *parquettest.RowGroup) {
		levels := parquettest.Levels(1, 1)
		c.Codec, c.Pack, g.Rows = parquettest.Gzip, zipped, 3
		c.Pages = append(c.Pages, parquettest.Page{Kind: parquettest.V2, Values: 1, Defs: levels, Packed: bomb, Unpacked: int32(len(levels) + 4 + 64<<20)})
	})))
	c := s.command("run", "bomb.parquet")
	took := c.peak()
	c.ends(exitFailedRows)
	if sum := s.summary("bomb.summary.json"); sum.Rows.Read != 3 || sum.Rows.Failed != 1 || len(s.read("bomb.parquet")) > 100<<10 {
		t.Errorf("%+v, a file of %d bytes", sum.Rows, len(s.read("bomb.parquet")))
	}
	if !raced && took > mostHostile {
		t.Errorf("%d MiB of memory", took>>20)
	}
	if failures := s.read("bomb.failures.parquet"); !strings.Contains(failures, "PAR1") {
		t.Error("the failures are not Parquet")
	}
}
