package jobresults

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"unicode/utf8"

	"enrich/client/internal/body"
	"enrich/client/internal/redact"
	"enrich/internal/tempfile"
)

// headSize is how much of a body may show its encoding.
const headSize = 4

// progressBytes is after how many bytes a download makes progress.
const progressBytes = 1 << 20

// A File is a response's body in a temporary file (0600) without a name, decompressed. Nothing is left of it however the
// process ends.
type File struct {
	file     *tempfile.File
	size     int64
	header   http.Header
	redactor *redact.Redactor
	isText   bool  // the file is UTF-8 without the key; otherwise it is as it came, because only all of it shows its encoding
	fault    error // why the body ends early; nil: it does not
}

// Receive reads a body to its end, but at most limit bytes after decompression. It calls progress after each MiB of them.
//
// If err is not nil and is not [tempfile.ErrFailed], the connection broke, and the file has what came before. A body that is too
// long, or that cannot be decompressed, is not an error: the reader of the file finds its end missing.
func Receive(from io.Reader, h http.Header, limit int64, redactor *redact.Redactor, progress func()) (f *File, err error) {
	file, err := tempfile.Create("enrich-results-*", "write the results of a job")
	if err != nil {
		return nil, err
	}
	f = &File{file: file, header: h, redactor: redactor}
	source := &source{from: from}
	plain := &meter{from: body.NewDecompressor(h, source), progress: progress}
	err = f.write(bufio.NewReader(io.LimitReader(plain, limit+1)))
	switch {
	case errors.Is(err, tempfile.ErrFailed):
		_ = f.Close() // err says more
		return nil, err
	case source.err != nil:
		return f, source.err
	case f.size > limit:
		f.fault = fmt.Errorf("larger than %d MiB", limit>>20)
	case err != nil:
		f.fault = err
	}
	return f, nil
}

// write copies a body to the file. Its errors are those of the file, or the reader's.
func (f *File) write(from *bufio.Reader) error {
	head, _ := from.Peek(headSize) // an error comes again with Read
	text := io.Reader(from)
	if f.isText = body.IsText(f.header, head); f.isText {
		text = f.redactor.NewReader(from)
	}
	w := bufio.NewWriterSize(f.file, 64<<10)
	n, err := w.ReadFrom(text)
	f.size = n
	if ferr := w.Flush(); ferr != nil {
		return ferr
	}
	return err
}

// A meter reports progress. It counts after decompression: a small body may take long to store.
type meter struct {
	from     io.Reader
	progress func()
	since    int // bytes since progress was called
}

// Read implements [io.Reader].
func (m *meter) Read(p []byte) (int, error) {
	n, err := m.from.Read(p)
	if m.since += n; m.since >= progressBytes {
		m.since = 0
		m.progress()
	}
	return n, err
}

// A source is a body that comes from the network.
type source struct {
	from io.Reader
	err  error // the connection's
}

// Read implements [io.Reader].
func (s *source) Read(p []byte) (int, error) {
	n, err := s.from.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// Size returns the length of the decompressed body in bytes, perhaps without the key.
func (f *File) Size() int64 { return f.size }

// Text reads the whole body as UTF-8 text without the key.
func (f *File) Text() io.Reader {
	if f.isText {
		return io.NewSectionReader(f.file, 0, f.size)
	}
	return f.redactor.NewReader(body.NewText(f.header, io.NewSectionReader(f.file, 0, f.size), f.isUTF8))
}

// isUTF8 reports whether the whole body is valid UTF-8.
func (f *File) isUTF8() bool {
	r := bufio.NewReaderSize(io.NewSectionReader(f.file, 0, f.size), 64<<10)
	for {
		c, n, err := r.ReadRune()
		if err != nil || c == utf8.RuneError && n == 1 {
			return errors.Is(err, io.EOF)
		}
	}
}

// Close frees the file.
func (f *File) Close() error {
	return f.file.Close()
}
