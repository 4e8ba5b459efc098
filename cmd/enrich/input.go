package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// An input is a file that is read twice from its beginning, through one open file, so that a rename in between does
// no harm. What cannot be read twice (standard input, a pipe) is kept in a temporary file.
type input struct {
	name  string // as the user wrote it
	stem  string // what the outputs are named after
	file  *os.File
	size  int64 // 0: not known
	spool *spool
}

// openInput opens FILE; "-" is standard input.
func openInput(name string, stdin io.Reader) (*input, error) {
	if name == "-" {
		return spooled("standard input", standardInput, stdin, nil)
	}
	if name == "" {
		return nil, usage(errors.New("the input's name is empty: name a CSV or JSONL file, or - for standard input"))
	}
	f, err := os.Open(name)
	if err != nil {
		var p *fs.PathError
		if errors.As(err, &p) {
			err = p.Err
		}
		return nil, usage(fmt.Errorf("open %q: %w", name, err))
	}
	info, err := f.Stat()
	switch {
	case err != nil:
	case info.IsDir():
		err = usage(fmt.Errorf("%q is a directory: name a CSV or JSONL file in it", name))
	case !info.Mode().IsRegular():
		return spooled(name, stemOf(name, info), f, f)
	case info.Size() == 0:
		err = usage(fmt.Errorf("%q is empty: there is nothing to do", name))
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &input{name: name, stem: stemOf(name, info), file: f, size: info.Size()}, nil
}

// standardInput is what the outputs of an input without a name are called.
const standardInput = "stdin"

// stemOf is what the outputs of a file are called. A device has no name of its own, nor has an open file that the
// system lists by its number: /dev/stdin, and /dev/fd/63 for the shell's <(…). A named pipe was named by somebody.
func stemOf(name string, info fs.FileInfo) string {
	if info.Mode()&fs.ModeDevice != 0 || isStream(name) {
		return standardInput
	}
	return stem(name)
}

// stem is the name without directory and endings: "a/leads.csv.gz" is "leads".
func stem(name string) string {
	base := filepath.Base(name)
	for _, packed := range []string{".gz", ".zst", ".bz2"} {
		if s := strings.TrimSuffix(base, packed); s != "" {
			base = s
		}
	}
	if s := strings.TrimSuffix(base, filepath.Ext(base)); s != "" {
		base = s
	}
	return base
}

// reader gives the bytes from the beginning. Each may be read once; they do not disturb each other.
func (in *input) reader() io.Reader {
	if in.spool != nil {
		return in.spool.reader()
	}
	return io.NewSectionReader(in.file, 0, 1<<62)
}

// cut ends the reading of what is still coming in: after a signal nobody waits for a pipe.
func (in *input) cut(err error) {
	if in.spool != nil {
		in.spool.end(err)
	}
}

func (in *input) close() error {
	if in.spool != nil {
		return in.spool.close()
	}
	return in.file.Close()
}
