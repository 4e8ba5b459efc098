// Package input opens what a command reads: a file, standard input or a pipe.
//
// An input is read twice from its beginning. A file is read through one descriptor, so that a rename between the two
// passes does no harm. What cannot be read twice is copied to a temporary file, which only this user may read and which
// is removed; reading does not wait for the end of the copy. A copy that fails is a [tempfile.Error], never the end of
// the input.
//
// The package does not know what the bytes mean, and it does not notice if another program writes to the file.
package input

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// An Input is an open file, or a stream with its temporary copy.
type Input struct {
	Name string   // as the user wrote it
	Stem string   // what the outputs are named after: "leads" for a/leads.csv.gz, "stdin" for a stream
	File *os.File // nil for a stream
	Size int64    // in bytes when the input was opened; 0 for a stream
	// Unnamed: a device or a file that is already open (-, /dev/stdin, the shell's <(…)). It has no name of its own and
	// no directory for outputs. A named pipe has both.
	Unnamed bool

	copy *tempCopy // nil for a file
}

// Open opens a file; "-" is stdin. Apart from a [tempfile.Error], an error means that the name is unusable.
func Open(name string, stdin io.Reader) (*Input, error) {
	if name == "-" {
		return (&Input{Name: "standard input", Stem: unnamed, Unnamed: true}).copied(stdin, nil)
	}
	if name == "" {
		return nil, errors.New("the input's name is empty: name a CSV, JSONL, .xlsx or Parquet file, or - for standard input")
	}
	f, err := os.Open(name)
	if err != nil {
		var p *fs.PathError
		if errors.As(err, &p) {
			err = p.Err
		}
		return nil, fmt.Errorf("open %q: %w", name, err)
	}
	info, err := f.Stat()
	switch {
	case err != nil:
	case info.IsDir() && strings.EqualFold(filepath.Ext(filepath.Clean(name)), ".numbers"):
		err = fmt.Errorf("%q is a Numbers document (.numbers): open it in Numbers and choose File > Export To > Excel or CSV", name)
	case info.IsDir():
		err = fmt.Errorf("%q is a directory: name a file in it", name)
	case !info.Mode().IsRegular():
		return describe(name, info).copied(f, f)
	case info.Size() == 0:
		err = fmt.Errorf("%q %w", name, ErrEmpty)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	in := describe(name, info)
	in.File, in.Size = f, info.Size()
	return in, nil
}

// ErrEmpty is the error of a file without a byte. An empty pipe is opened: that it is empty shows when it is read.
var ErrEmpty = errors.New("is empty: there is nothing to do")

// unnamed is the stem of an input without a name of its own.
const unnamed = "stdin"

// describe returns an Input without its content.
func describe(name string, info fs.FileInfo) *Input {
	in := &Input{Name: name, Stem: stem(name), Unnamed: isOpenFile(name) || info.Mode()&fs.ModeDevice != 0}
	if in.Unnamed {
		in.Stem = unnamed
	}
	return in
}

// isOpenFile reports whether a name stands for a file that is already open, such as /dev/stdin or /dev/fd/63.
func isOpenFile(name string) bool {
	dir, _ := filepath.Split(filepath.Clean(name))
	return dir == "/dev/" || dir == "/dev/fd/" || strings.HasPrefix(dir, "/proc/") && strings.HasSuffix(dir, "/fd/")
}

// stem returns the name without directory and extensions: "a/leads.csv.gz" is "leads".
func stem(name string) string {
	base := filepath.Base(name)
	for _, packed := range [...]string{".gz", ".zst", ".bz2"} {
		if s := strings.TrimSuffix(base, packed); s != "" {
			base = s
		}
	}
	if s := strings.TrimSuffix(base, filepath.Ext(base)); s != "" {
		base = s
	}
	return base
}

// Reader returns a reader of the whole input. Each one may be used once; they are independent of each other.
func (in *Input) Reader() io.Reader {
	if in.copy != nil {
		return in.copy.reader()
	}
	return io.NewSectionReader(in.File, 0, 1<<62)
}

// ReadAt implements [io.ReaderAt]. In a stream it waits for the bytes, or for the end of the stream.
func (in *Input) ReadAt(b []byte, at int64) (int, error) {
	if in.copy != nil {
		return in.copy.ReadAt(b, at)
	}
	return in.File.ReadAt(b, at)
}

// Abort ends the copying of a stream: its readers get err after the bytes that were copied. It does nothing to a file.
func (in *Input) Abort(err error) {
	if in.copy != nil {
		in.copy.end(err, true)
	}
}

// IsCut reports whether Abort ended the copying before the end of the stream: its readers get only the beginning.
func (in *Input) IsCut() bool { return in.copy != nil && in.copy.isCut() }

// Close closes the file, or ends the copy and removes it.
func (in *Input) Close() error {
	if in.copy != nil {
		return in.copy.close()
	}
	return in.File.Close()
}
