package wal

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/ncruces/go-sqlite3/util/vfsutil"
	"github.com/ncruces/go-sqlite3/vfs"
	"pgregory.net/rapid"
)

// A countedFile is a file in memory. From bad to badEnd it cannot be read; 0: all of it can.
type countedFile struct {
	vfsutil.SliceFile
	bad, badEnd int64
	reads       int
}

var errBad = errors.New("bad sector")

func (f *countedFile) ReadAt(p []byte, off int64) (int, error) {
	f.reads++
	if f.bad < f.badEnd && off < f.badEnd && off+int64(len(p)) > f.bad {
		if off >= f.bad {
			return 0, errBad
		}
		n, _ := f.SliceFile.ReadAt(p[:f.bad-off], off)
		return n, errBad
	}
	return f.SliceFile.ReadAt(p, off)
}

// numbered is some pages, each full of its number.
func numbered(pages int) (b vfsutil.SliceFile) {
	for i := range pages {
		b = append(b, bytes.Repeat([]byte{byte(i)}, 4096)...)
	}
	return b
}

// A dataFile that reads ahead returns at any time what the file has, and the errors of the file, also while it is written and cut.
func TestReadingAheadIsLikeReading(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		below := &countedFile{SliceFile: numbered(rapid.IntRange(1, 60).Draw(rt, "pages"))}
		f := &dataFile{File: below}
		at := func() int64 { return 4096 * rapid.Int64Range(0, 62).Draw(rt, "at") }
		got, expected := make([]byte, 4096), make([]byte, 4096)
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			switch rapid.IntRange(0, 7).Draw(rt, "step") {
			case 0:
				f.ahead.turn(rapid.Bool().Draw(rt, "on"))
			case 1:
				page := bytes.Repeat([]byte{rapid.Byte().Draw(rt, "byte")}, 4096)
				if _, err := f.WriteAt(page, at()); err != nil {
					rt.Fatal(err)
				}
			case 2:
				if err := f.Truncate(at()); err != nil {
					rt.Fatal(err)
				}
			case 3: // a file does not change by itself while it is read ahead
				f.ahead.drop()
				below.bad = at()
				below.badEnd = below.bad + 4096*rapid.Int64Range(0, 3).Draw(rt, "bad")
			default:
				off := at()
				for range rapid.IntRange(1, 20).Draw(rt, "in order") {
					size := rapid.SampledFrom([]int{16, 4096}).Draw(rt, "size")
					n, err := f.ReadAt(got[:size], off)
					m, expectedErr := below.ReadAt(expected[:size], off)
					if n != m || !bytes.Equal(got[:n], expected[:m]) || n < size && !errors.Is(err, expectedErr) {
						rt.Fatalf("at %d: %d, %v instead of %d, %v", off, n, err, m, expectedErr)
					}
					off += 4096
				}
			}
		}
	})
}

// Pages in order take one read for sixteen; each page that cannot be read has its own error.
func TestReadingAheadReadsOftenEnough(t *testing.T) {
	below := &countedFile{SliceFile: numbered(64), bad: 40 * 4096, badEnd: 41 * 4096}
	f := &dataFile{File: below}
	read := func() (failed []int) {
		below.reads = 0
		page := make([]byte, 4096)
		for i := range 64 {
			n, err := f.ReadAt(page, int64(i)*4096)
			switch {
			case n < len(page) && errors.Is(err, errBad):
				failed = append(failed, i)
			case err != nil || page[0] != byte(i) || page[4095] != byte(i):
				t.Errorf("page %d: %v", i, err)
			}
		}
		return failed
	}
	for _, on := range []bool{false, true, false} {
		f.ahead.turn(on)
		if failed := read(); !slices.Equal(failed, []int{40}) {
			t.Errorf("on %t: pages %v cannot be read", on, failed)
		}
		if on && below.reads > 10 || !on && below.reads != 64 {
			t.Errorf("on %t: %d reads", on, below.reads)
		}
	}
	f.ahead.turn(true)
	if n, err := f.ReadAt(make([]byte, 4096), 64*4096); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("after the end: %d, %v", n, err)
	}
	if n, err := f.ReadAt(make([]byte, aheadSize+4096), 0); n != aheadSize+4096 || err != nil {
		t.Errorf("a large read: %d, %v", n, err)
	}
}

var _ vfs.File = (*countedFile)(nil)
