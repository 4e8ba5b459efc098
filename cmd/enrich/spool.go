package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"

	"enrich/reader"
)

// A spool copies a stream to a temporary file, so that it can be read twice. Its readers follow the copy while it
// grows: the first call does not wait for the last row.
//
// A stream that fails is a broken input. A temporary file that fails is not: its error wraps [reader.ErrStorage], the
// run stops, and nothing is published.
type spool struct {
	file   storage
	name   string    // what is copied, for messages
	source io.Closer // closed with the spool; nil: the caller closes it

	mu   sync.Mutex
	more sync.Cond
	n    int64 // bytes that were written
	err  error // io.EOF or why the copy ended; nil while it grows
}

// storage is the file that a spool needs.
type storage interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
}

// spooled starts to copy r. No goroutine waits for the one that copies: a read from a terminal or a pipe cannot be
// ended from outside, so it ends with the process, or with r.
func spooled(name, stem string, r io.Reader, source io.Closer) (*input, error) {
	f, err := openTemp(os.Remove)
	if err != nil {
		return nil, storageError(name, err)
	}
	s := newSpool(f, name, source)
	go s.fill(r)
	return &input{name: name, stem: stem, spool: s}, nil
}

func newSpool(f storage, name string, source io.Closer) *spool {
	s := &spool{file: f, name: name, source: source}
	s.more.L = &s.mu
	return s
}

// storageError says which file could not be written or read, and what to do.
func storageError(name string, err error) error {
	variable := "TMPDIR"
	if runtime.GOOS == "windows" {
		variable = "TMP"
	}
	var path *os.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return fmt.Errorf("%w: copy %s to a temporary file in %s: %w; free space there, or set %s to another directory",
		reader.ErrStorage, name, os.TempDir(), err, variable)
}

// A tempFile is removed as soon as the system permits it: at once if an open file can be removed, otherwise (Windows)
// when it is closed.
type tempFile struct {
	*os.File
	left   bool // it still has its name
	remove func(name string) error
}

func openTemp(remove func(name string) error) (*tempFile, error) {
	f, err := os.CreateTemp("", "enrich-stdin-*")
	if err != nil {
		return nil, err
	}
	return &tempFile{File: f, left: remove(f.Name()) != nil, remove: remove}, nil
}

// Close closes and removes the file.
func (t *tempFile) Close() error {
	err := t.File.Close()
	if t.left {
		err = errors.Join(err, t.remove(t.Name()))
	}
	return err
}

func (s *spool) fill(r io.Reader) {
	buf := make([]byte, 64<<10)
	for {
		n, err := r.Read(buf)
		if !s.add(buf[:n]) {
			return
		}
		if err != nil {
			s.end(err)
			return
		}
	}
}

// add writes one block, and says whether the spool still takes more. Of a block that could not be written whole, only
// the bytes that were written count.
func (s *spool) add(b []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return false
	}
	n, err := s.file.WriteAt(b, s.n)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	if err != nil {
		s.err = storageError(s.name, err)
	}
	s.n += int64(n)
	s.more.Broadcast()
	return s.err == nil
}

// end says that nothing more comes; the first reason stays.
func (s *spool) end(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
	s.more.Broadcast()
}

func (s *spool) close() error {
	s.end(os.ErrClosed)
	if s.source != nil {
		_ = s.source.Close() // it was only read
	}
	return s.file.Close()
}

// ReadAt implements [io.ReaderAt]. It waits until there is something at this place, or the copy has ended.
func (s *spool) ReadAt(b []byte, at int64) (int, error) {
	total := 0
	for total < len(b) {
		have, err := s.wait(at)
		if have <= 0 {
			return total, err
		}
		part := b[total:min(int64(len(b)), int64(total)+have)]
		n, err := s.file.ReadAt(part, at)
		total, at = total+n, at+int64(n)
		if n < len(part) { // bytes that were written are gone: this is not the end of the stream
			if err == nil || errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return total, storageError(s.name, err)
		}
	}
	return total, nil
}

// wait returns how many bytes can be read from at on; if there are none, why the copy ended.
func (s *spool) wait(at int64) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for at >= s.n && s.err == nil {
		s.more.Wait()
	}
	return s.n - at, s.err
}

func (s *spool) reader() io.Reader { return &spoolReader{spool: s} }

// A spoolReader reads a spool from its beginning, and does not wait for more than it has.
type spoolReader struct {
	*spool
	at int64
}

// Read implements [io.Reader].
func (r *spoolReader) Read(b []byte) (int, error) {
	have, err := r.wait(r.at)
	if have <= 0 {
		return 0, err
	}
	n, err := r.ReadAt(b[:min(int64(len(b)), have)], r.at)
	r.at += int64(n)
	if n > 0 && errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}
