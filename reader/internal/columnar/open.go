package columnar

import (
	"errors"
	"io"
	"strings"
	"sync/atomic"

	"enrich/contact"
	"enrich/reader/internal/columnar/internal/file"
	"enrich/reader/internal/columnar/internal/page"
	"enrich/reader/internal/layout"
	"enrich/reader/internal/source"
)

// Detect reports whether a file begins as Parquet does.
func Detect(head []byte) bool {
	return len(head) >= 4 && (string(head[:4]) == "PAR1" || string(head[:4]) == "PARE")
}

// sampleRows is how many rows show what is in a column.
const sampleRows = 64

// A Reader reads the rows of a Parquet file, once.
type Reader struct {
	in     io.ReaderAt
	size   int64
	file   *file.File
	memory *page.Memory
	groups *file.Groups
	leaves []leaf
	header []string
	// samples are the first rows.
	samples [][]string
	// textLeft is how much text the rows that were not read may have, in bytes.
	textLeft int64
	// rows is how many rows the file has, left how many of them the row group still has, number how many were read.
	rows, left, number int64
	// progress is number as other goroutines see it.
	progress atomic.Int64
	rowCheck layout.RowCheck
	contact  func(c *contact.Contact, cells []string)
	cell     builder
	elements int      // of lists and maps in the row
	ends     []int    // where each cell of a row ends in the text
	cells    []string // those of the rows of one Read; reused
	err      error
}

// Open reads the metadata and the first rows of a file of size bytes. Errors that say that it cannot be read are
// [source.ErrNoTable].
func Open(in io.ReaderAt, size int64) (*Reader, error) { return open(in, size, memoryForPages) }

// memoryForPages is for unpacked pages, in bytes. Others are in a temporary file.
const memoryForPages = 4 << 20

func open(in io.ReaderAt, size, memory int64) (*Reader, error) {
	r := &Reader{in: in, size: size, contact: func(*contact.Contact, []string) {}}
	if err := r.open(memory); err != nil {
		_ = r.Close() // the first error counts
		return nil, asNotTable(err)
	}
	return r, nil
}

// asNotTable makes an error of the file one that says that it is not a table.
func asNotTable(err error) error {
	for _, target := range []error{file.ErrDamaged, file.ErrEncrypted, file.ErrUnsupported} {
		if errors.Is(err, target) {
			return source.NotTable(strings.TrimPrefix(err.Error(), source.ErrBroken.Error()+": "))
		}
	}
	return err
}

func (r *Reader) open(memory int64) (err error) {
	if r.file, err = file.Open(r.in, r.size); err != nil {
		return err
	}
	for _, c := range r.file.Columns {
		r.header = append(r.header, c.Name)
	}
	r.rowCheck = layout.NewRowCheck(r.header, false)
	if err := r.checkGroups(); err != nil {
		return err
	}
	r.memory = page.NewMemory(len(r.file.Leaves), memory, r.size)
	for i, l := range r.file.Leaves {
		r.leaves = append(r.leaves, leaf{Leaf: l, index: i, column: page.NewColumn(r.in, l, r.memory)})
	}
	return r.readSamples()
}

// Bounds of what a file may stand for. Each row and element takes time, and a few bytes can stand for billions of them. A list of
// contacts has more than a byte for each row, so only a file that has few bytes is bounded by a constant.
const (
	// maxSmallRows is how many rows a file may have that has fewer bytes than rows.
	maxSmallRows = 1 << 22
	// A file may have at most maxListed elements of lists and maps beyond the first of each row, or listedRatio for each of its
	// bytes if that is more.
	maxListed   = 1 << 24
	listedRatio = 64
	// All cells may have at most maxText bytes of text plus textRatio times the size of the file. A dictionary repeats a long text
	// in every row.
	maxText   = 2 << 30
	textRatio = 500
	// maxFileSize is the largest size that counts, so that its products do not overflow.
	maxFileSize = 1 << 50
)

// checkGroups checks the metadata of all row groups before the first row is read, and counts the rows.
func (r *Reader) checkGroups() error {
	g := r.file.Groups()
	size := min(r.size, maxFileSize)
	most, mostListed, listed := max(maxSmallRows, size), max(maxListed, listedRatio*size), int64(0)
	for {
		err := g.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if g.Rows > most || r.rows+g.Rows > most {
			return file.Unsupported("it has more than %d rows in %d bytes", most, r.size)
		}
		r.rows += g.Rows
		for _, c := range g.Chunks {
			extra := max(c.Values-g.Rows, 0)
			if extra > mostListed || listed+extra > mostListed {
				return file.Unsupported("its lists and maps have more than %d elements in %d bytes", mostListed, r.size)
			}
			listed += extra
		}
	}
}

// readSamples reads the first rows, and goes back before them.
func (r *Reader) readSamples() error {
	r.rewind()
	rows := make([]source.Row, sampleRows)
	n, err := r.Read(rows)
	if n == 0 && !errors.Is(err, io.EOF) {
		return err
	}
	if errors.Is(r.err, file.ErrUnsupported) { // refuse it before a row of it is sent
		return r.err
	}
	for _, row := range rows[:n] {
		if row.Refused == nil {
			r.samples = append(r.samples, cloneSample(row.Cells))
		}
	}
	r.rewind()
	return nil
}

// rewind goes back before the first row.
func (r *Reader) rewind() {
	r.groups = r.file.Groups()
	r.memory.Restart()
	r.left, r.number, r.err = 0, 0, nil
	r.textLeft = maxText + textRatio*min(r.size, maxFileSize)
	r.progress.Store(0)
}

// sampleSize is how much of a cell shows what is in a column, in bytes.
const sampleSize = 1 << 10

func cloneSample(cells []string) []string {
	clone := make([]string, len(cells))
	for i, cell := range cells {
		clone[i] = string([]byte(cell[:min(len(cell), sampleSize)]))
	}
	return clone
}

// Header returns the names of the columns.
func (r *Reader) Header() []string { return r.header }

// Samples returns the first rows, which decide which column is which field. Long cells are cut.
func (r *Reader) Samples() [][]string { return r.samples }

// Bind sets the function that makes c the contact of a row with these cells.
func (r *Reader) Bind(f func(c *contact.Contact, cells []string)) { r.contact = f }

// BytesRead returns how much of the file was read, as far as the rows show it.
func (r *Reader) BytesRead() int64 {
	return int64(float64(r.size) * float64(r.progress.Load()) / float64(max(r.rows, 1)))
}

// Close removes the temporary file of large pages.
func (r *Reader) Close() error {
	if r.memory == nil {
		return nil
	}
	return r.memory.Close()
}
