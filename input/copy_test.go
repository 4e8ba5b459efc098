package input

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"enrich/internal/tempfile"
)

// A faultyFile keeps at most room bytes, as a full disk does, and can fail to give them back.
type faultyFile struct {
	kept  []byte
	room  int
	quiet bool // a short write without an error
	lost  int  // so many bytes at its end are gone when it is read
	err   error
}

func (f *faultyFile) WriteAt(b []byte, at int64) (int, error) {
	n := min(len(b), f.room-int(at))
	f.kept = append(f.kept[:at], b[:n]...)
	if n < len(b) && !f.quiet {
		return n, syscall.ENOSPC
	}
	return n, nil
}

func (f *faultyFile) ReadAt(b []byte, at int64) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	return bytes.NewReader(f.kept[:len(f.kept)-f.lost]).ReadAt(b, at)
}

func (f *faultyFile) Close() error { return nil }

const unlimited = 1 << 30

// errCopy stands for any error of the temporary file.
var errCopy = errors.New("an error of the temporary file")

// TestACopyNeverEndsEarly: readers get the whole stream, or its beginning and an error.
func TestACopyNeverEndsEarly(t *testing.T) {
	text := []byte(strings.Repeat("name,ann@x.example\n", 20_000))
	broken := errors.New("the other side is gone")
	for name, test := range map[string]struct {
		file *faultyFile
		in   io.Reader
		read int
		want error
	}{
		"whole":            {&faultyFile{room: unlimited}, bytes.NewReader(text), len(text), nil},
		"disk full":        {&faultyFile{room: 100_001}, bytes.NewReader(text), 100_001, errCopy},
		"no room at all":   {&faultyFile{}, bytes.NewReader(text), 0, errCopy},
		"short write":      {&faultyFile{room: 100_001, quiet: true}, bytes.NewReader(text), 100_001, io.ErrShortWrite},
		"lost bytes":       {&faultyFile{room: unlimited, lost: 5}, bytes.NewReader(text), len(text) - 5, errCopy},
		"lost all":         {&faultyFile{room: unlimited, lost: len(text)}, bytes.NewReader(text), 0, errCopy},
		"read error":       {&faultyFile{room: unlimited, err: syscall.EIO}, bytes.NewReader(text), 0, errCopy},
		"stream broke off": {&faultyFile{room: unlimited}, io.MultiReader(bytes.NewReader(text[:1000]), iotest.ErrReader(broken)), 1000, broken},
		"error with bytes": {&faultyFile{room: unlimited}, iotest.DataErrReader(io.MultiReader(bytes.NewReader(text[:1000]), iotest.ErrReader(broken))), 1000, broken},
		"full, then EOF":   {&faultyFile{room: len(text) - 1}, iotest.DataErrReader(bytes.NewReader(text)), len(text) - 1, errCopy},
	} {
		t.Run(name, func(t *testing.T) {
			s := newTempCopy(test.file, "standard input", nil)
			s.fill(test.in)
			for range 2 { // both passes
				got, err := io.ReadAll(s.reader())
				var failed *tempfile.Error
				if !errors.Is(err, test.want) && (!errors.Is(test.want, errCopy) || !errors.As(err, &failed)) {
					t.Errorf("%v, expected %v", err, test.want)
				}
				if !bytes.Equal(got, text[:test.read]) {
					t.Errorf("%d bytes, expected the first %d", len(got), test.read)
				}
			}
			if err := s.close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestATemporaryFileIsRemoved: it is gone after the copy was closed.
func TestATemporaryFileIsRemoved(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	f, err := tempfile.Create("enrich-stdin-*", "copy standard input")
	if err != nil {
		t.Fatal(err)
	}
	s := newTempCopy(f, "standard input", nil)
	s.fill(strings.NewReader("email\nann@x.example\n"))
	got, err := io.ReadAll(s.reader())
	if err != nil || string(got) != "email\nann@x.example\n" {
		t.Errorf("%q, %v", got, err)
	}
	if err := s.close(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) != 0 {
		t.Errorf("%v, %v", left, err)
	}
}
