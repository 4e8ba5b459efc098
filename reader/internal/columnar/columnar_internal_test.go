package columnar

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"enrich/reader/internal/source"
)

// files are small files that DuckDB wrote: see the comments of their tests.
func files(t testing.TB) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.parquet")
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	all := map[string][]byte{}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(path)] = b
	}
	return all
}

// maxRows is how many rows of a damaged file are read: a run of nulls may stand for billions.
const maxRows = 50

// outline reads a file with so much memory for pages. It returns its cells, and the error that ended it.
func outline(file []byte, memory int64) (cells string, err error) {
	r, err := open(bytes.NewReader(file), int64(len(file)), memory)
	if err != nil {
		return "", err
	}
	defer func() { _ = r.Close() }() // it was only read
	var b strings.Builder
	rows := make([]source.Row, 7)
	for n := 0; n < maxRows; {
		got, err := r.Read(rows)
		for _, row := range rows[:got] {
			if n++; row.Line != int64(n) {
				return "", fmt.Errorf("row %d has line %d", n, row.Line)
			}
			fmt.Fprintf(&b, "%q %v\n", row.Cells, row.Refused)
		}
		if err != nil {
			return b.String(), err
		}
	}
	return b.String(), io.EOF
}

// A page that does not fit into memory is read from a temporary file as it would be from memory.
func TestPagesInATemporaryFile(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	for name, file := range files(t) {
		expected, err := outline(file, memoryForPages)
		if !errors.Is(err, io.EOF) || strings.Count(expected, "\n") < 12 {
			t.Fatalf("%s: %v: %s", name, err, expected)
		}
		for _, memory := range []int64{0, 64, 300, 1000} {
			if got, err := outline(file, memory); got != expected || !errors.Is(err, io.EOF) {
				t.Errorf("%s with %d bytes: %v: got %s, expected %s", name, memory, err, got, expected)
			}
		}
	}
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) != 0 {
		t.Errorf("temporary files are left: %v, %v", left, err)
	}
}

// A temporary file that cannot be written is not the end of the input.
func TestNoTemporaryFile(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "missing"))
	if _, err := outline(files(t)["types.parquet"], 0); !errors.Is(err, source.ErrStorage) || errors.Is(err, source.ErrBroken) || !strings.Contains(err.Error(), "TMPDIR") {
		t.Error(err)
	}
}

// isReported reports whether an error is one of those that a file may cause.
func isReported(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, source.ErrNoTable) || errors.Is(err, source.ErrEmpty) || errors.Is(err, source.ErrBroken)
}

// A truncated file has no metadata, so it is refused, wherever it ends.
func TestTruncatedFiles(t *testing.T) {
	for name, file := range files(t) {
		for size := range file {
			if _, err := outline(file[:size], 1<<20); !errors.Is(err, source.ErrNoTable) {
				t.Fatalf("%s, the first %d bytes: %v", name, size, err)
			}
		}
	}
}

// A damaged byte makes nothing panic, and any error is one that says that the file is at fault.
func TestDamagedBytes(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out thousands of damaged files: one goroutine reads them")
	}
	for name, file := range files(t) {
		for at := range file {
			for _, change := range []byte{0xff, 1} {
				damaged := bytes.Clone(file)
				damaged[at] ^= change
				if _, err := outline(damaged, 1<<20); !isReported(err) {
					t.Fatalf("%s, byte %d: %v", name, at, err)
				}
			}
		}
	}
}

// What is said about files that cannot be read.
func TestRefusedFiles(t *testing.T) {
	plain := files(t)["plain.parquet"]
	end := func(magic string) []byte { return append(bytes.Clone(plain[:len(plain)-4]), magic...) }
	for name, test := range map[string]struct {
		file   []byte
		expect string
	}{
		"empty":             {nil, "it has only 0 bytes"},
		"another format":    {[]byte(strings.Repeat("email,name\n", 10)), "it does not begin with PAR1"},
		"encrypted":         {append([]byte("PARE"), plain[4:]...), "this Parquet file is encrypted"},
		"encrypted footer":  {end("PARE"), "this Parquet file is encrypted"},
		"truncated":         {plain[:len(plain)-1], "it does not end with PAR1"},
		"metadata too long": {append(bytes.Clone(plain[:len(plain)-8]), "\xff\xff\xff\x7fPAR1"...), "its metadata should have 2147483647 bytes"},
		"no metadata":       {append(bytes.Clone(plain[:len(plain)-8]), "\x00\x00\x00\x00PAR1"...), "malformed metadata"},
	} {
		if _, err := outline(test.file, 1<<20); !errors.Is(err, source.ErrNoTable) || !strings.Contains(err.Error(), test.expect) {
			t.Errorf("%s: %v, expected %q", name, err, test.expect)
		}
	}
}

// failing is a file that can be read up to a byte.
type failing struct {
	*bytes.Reader
	from, to int64
	err      error
}

func (f failing) ReadAt(b []byte, at int64) (int, error) {
	if at < f.to && at+int64(len(b)) > f.from {
		return 0, f.err
	}
	return f.Reader.ReadAt(b, at)
}

// An input that fails is not called damaged: its error stays what it is.
func TestAnInputThatFails(t *testing.T) {
	for name, file := range files(t) {
		for _, at := range []int64{0, 4, 100, int64(len(file)) - 20, int64(len(file)) - 1} {
			for _, cause := range []error{iotest.ErrTimeout, fmt.Errorf("%w: full", source.ErrStorage)} {
				r, err := Open(failing{bytes.NewReader(file), at, at + 1, cause}, int64(len(file)))
				for rows := make([]source.Row, 64); err == nil; {
					_, err = r.Read(rows)
				}
				if r != nil {
					_ = r.Close()
				}
				if !errors.Is(err, cause) || errors.Is(err, source.ErrNoTable) {
					t.Errorf("%s, byte %d: %v", name, at, err)
				}
			}
		}
	}
}

// A column of the input's progress is what was read of its rows.
func TestProgress(t *testing.T) {
	file := files(t)["types.parquet"]
	r, err := Open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	if got := r.BytesRead(); got != 0 {
		t.Errorf("%d bytes before the first row", got)
	}
	if n, err := r.Read(make([]source.Row, 10)); n != 10 || err != nil {
		t.Fatal(n, err)
	}
	if got := r.BytesRead(); got != int64(len(file))/2 {
		t.Errorf("%d of %d bytes after half of the rows", got, len(file))
	}
	if len(r.Samples()) != 20 || r.Samples()[3][5] != "text 3" {
		t.Errorf("the samples are %q", r.Samples())
	}
}

func FuzzRead(f *testing.F) {
	for _, file := range files(f) {
		f.Add(file, int64(1<<20))
		f.Add(file, int64(0))
	}
	f.Fuzz(func(t *testing.T, file []byte, memory int64) {
		if memory < 0 || memory > 1<<20 {
			return
		}
		got, err := outline(file, memory)
		if !isReported(err) {
			t.Fatal(err)
		}
		if again, aerr := outline(file, 1<<20); got != again || errors.Is(err, io.EOF) != errors.Is(aerr, io.EOF) {
			t.Fatalf("with %d bytes of memory: %v %s; with more: %v %s", memory, err, got, aerr, again)
		}
	})
}
