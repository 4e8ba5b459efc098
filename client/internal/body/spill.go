package body

import (
	"sync"

	"enrich/internal/tempfile"
)

const (
	// slotSize is the room for one body in the file.
	slotSize = MaxSize + 4<<10
	// maxFileCalls is how many calls read or write the file at once. Each takes a thread of the operating system while the disk is busy,
	// and hundreds of threads would take more memory than the bodies.
	maxFileCalls = 16
)

// A spillFile is a temporary file (0600) for the parts of bodies that have no room in memory while they are read. It is
// created for the first such body and has no name, so nothing is left of it however the process ends. Each call that needs it
// has a slot, which is used again.
type spillFile struct {
	mu    sync.Mutex
	file  *tempfile.File // nil: not needed so far
	free  []int64
	slots int64
	err   error
	calls chan struct{} // in progress
}

// offset returns where the buffer's slot begins.
func (b *Buffer) offset() int64 { return (b.slot - 1) * slotSize }

// take returns a free slot.
func (s *spillFile) take() (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return 0, s.err
	}
	if s.file == nil {
		f, err := tempfile.Create("enrich-answers-*", "write a large answer")
		if err != nil {
			s.err = err
			return 0, s.err
		}
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

// giveBack frees the buffer's slot.
func (s *spillFile) giveBack(b *Buffer) {
	if b.slot == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free = append(s.free, b.slot)
	b.slot, b.inFile = 0, 0
}

// write moves the buffer's tail to the file, and reports whether it did. If not, the tail is unchanged.
func (s *spillFile) write(b *Buffer) bool {
	if b.slot == 0 {
		slot, err := s.take()
		if err != nil {
			return false
		}
		b.slot = slot
	}
	s.calls <- struct{}{}
	_, err := s.file.WriteAt(b.tail, b.offset()+int64(b.inFile))
	<-s.calls
	if err != nil {
		s.fail(err)
		return false
	}
	b.inFile += len(b.tail)
	b.tail = b.tail[:0]
	return true
}

// ReadAt implements io.ReaderAt.
func (s *spillFile) ReadAt(p []byte, at int64) (int, error) {
	s.calls <- struct{}{}
	n, err := s.file.ReadAt(p, at)
	<-s.calls
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
		s.err = err
	}
}

// failure returns the first error of the file, or nil.
func (s *spillFile) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// close frees the file.
func (s *spillFile) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		return
	}
	_ = s.file.Close() // nothing in it is needed any more
	s.file = nil
}
