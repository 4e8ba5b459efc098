package main

import (
	"fmt"
	"io"
	"os"
	"sync"
)

// A spool keeps what comes from a pipe in a temporary file, so that it can be read twice. Its readers follow it while
// it grows: the first call does not wait for the last row.
type spool struct {
	file   *os.File
	source io.Closer // closed with the spool; nil: not ours

	mu   sync.Mutex
	more sync.Cond
	n    int64
	err  error // io.EOF or why it ended; nil while it grows
}

// spooled starts to copy r. The goroutine that does it has no owner that waits for it: a read from a terminal or a pipe
// cannot be ended from outside, so it ends with the process, or with r.
func spooled(name, stem string, r io.Reader, source io.Closer) (*input, error) {
	f, err := os.CreateTemp("", "enrich-stdin-*")
	if err != nil {
		return nil, fmt.Errorf("keep %s for the second pass: %w", name, err)
	}
	// The file lives as long as it is open: nothing is left behind, however this process ends.
	if err := os.Remove(f.Name()); err != nil {
		return nil, fmt.Errorf("keep %s for the second pass: %w", name, err)
	}
	s := &spool{file: f, source: source}
	s.more.L = &s.mu
	go s.fill(r)
	return &input{name: name, stem: stem, spool: s}, nil
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

// add keeps one block, and says whether the spool still takes more.
func (s *spool) add(b []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return false
	}
	if _, err := s.file.WriteAt(b, s.n); err != nil {
		s.err = fmt.Errorf("keep standard input for the second pass: %w", err)
	}
	s.n += int64(len(b))
	s.more.Broadcast()
	return s.err == nil
}

// end says that nothing more comes; the first reason stands.
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

func (s *spool) reader() io.Reader { return &spoolReader{spool: s} }

type spoolReader struct {
	*spool
	at int64
}

func (r *spoolReader) Read(b []byte) (int, error) {
	r.mu.Lock()
	for r.at == r.n && r.err == nil {
		r.more.Wait()
	}
	have, err := r.n-r.at, r.err
	r.mu.Unlock()
	if have == 0 {
		return 0, err
	}
	n, err := r.file.ReadAt(b[:min(int64(len(b)), have)], r.at)
	r.at += int64(n)
	if n > 0 {
		err = nil
	}
	return n, err
}
