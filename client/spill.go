package client

import (
	"fmt"
	"os"
	"sync"
)

// slotSize is the room of one answer in the file.
const slotSize = maxBody + 4<<10

// offset is where an answer's slot begins.
func (b *body) offset() int64 { return (b.slot - 1) * slotSize }

// A spillFile is a temporary file (0600) for the parts of answers that have no room in memory while they are read. It is
// made when the first such answer comes and has no name, so that nothing is left of it however the process ends. It
// has a slot for each call that needs one; a slot is used again and again.
type spillFile struct {
	mu    sync.Mutex
	file  *os.File // nil: not needed so far
	free  []int64
	slots int64
	err   error
}

// grant gives a slot and the file.
func (s *spillFile) take() (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return 0, s.err
	}
	if s.file == nil {
		f, err := os.CreateTemp("", "enrich-answers-*")
		if err != nil {
			s.err = spillError(err)
			return 0, s.err
		}
		_ = os.Remove(f.Name()) // where an open file cannot be removed, close does it
		s.file = f
	}
	if n := len(s.free) - 1; n >= 0 {
		slot := s.free[n]
		s.free = s.free[:n]
		return slot, nil
	}
	s.slots++
	return s.slots, nil
}

// giveBack gives an answer's slot back.
func (s *spillFile) giveBack(b *body) {
	if b.slot == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free = append(s.free, b.slot)
	b.slot, b.file = 0, 0
}

// write moves the tail of an answer to the file, and says whether that went well. If not, the tail is as it was.
func (s *spillFile) write(b *body) bool {
	if b.slot == 0 {
		slot, err := s.take()
		if err != nil {
			return false
		}
		b.slot = slot
	}
	if _, err := s.file.WriteAt(b.tail, b.offset()+int64(b.file)); err != nil {
		s.fail(err)
		return false
	}
	b.file += len(b.tail)
	b.tail = b.tail[:0]
	return true
}

// ReadAt implements io.ReaderAt.
func (s *spillFile) ReadAt(p []byte, at int64) (int, error) {
	n, err := s.file.ReadAt(p, at)
	if n == len(p) {
		return n, nil
	}
	s.fail(err)
	return n, s.failure()
}

// fail keeps the first error.
func (s *spillFile) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = spillError(err)
	}
}

// failure is the first error of the file; nil: there was none.
func (s *spillFile) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

func spillError(err error) error {
	return fmt.Errorf("keep a large answer in a temporary file (TMPDIR names its folder): %w", err)
}

// close frees the file.
func (s *spillFile) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		return
	}
	_ = s.file.Close() // nothing in it is needed any more
	_ = os.Remove(s.file.Name())
	s.file = nil
}
