package sqlite

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"enrich/ledger"
)

// What SQLite's file format says of a write-ahead log: a header, then frames, each a header and a page. The sums run from
// one frame to the next; a frame whose header names a page count ends a transaction.
const (
	logHeader   = 32
	frameHeader = 24
	logMagic    = 0x377f0682 // the last bit: sums are over big-endian words
	minPage     = 512
	maxPage     = 65536
)

// checkLog refuses a log that is damaged in its middle. SQLite takes the first frame that is not right for the end of the
// log, as it must after a power cut, and would pass over all that was committed behind it. But a transaction is only
// begun when the one before it is synced: where a whole transaction and the beginning of the next one stand behind the
// frame, it was right once. What is damaged in the last transaction looks like a power cut, and cannot be told from one.
//
// It reports whether the log has a transaction at all.
func checkLog(path string) (logged bool, err error) {
	f, err := os.Open(path + "-wal")
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }() // it was only read
	s := logScan{r: bufio.NewReaderSize(f, 1<<16)}
	damaged, err := s.run()
	if err != nil {
		return false, fmt.Errorf("read its log: %w", err)
	}
	if damaged {
		return s.committed, fmt.Errorf("%w: frame %d of its log is not what was written, and more was committed after it", ledger.ErrDamaged, s.wrong)
	}
	return s.committed, nil
}

// syncLog makes durable what a killed process left in the log, because from here on it is taken for committed.
func syncLog(path string) error {
	f, err := os.OpenFile(path+"-wal", os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// A logScan reads a log from its beginning to its end.
type logScan struct {
	r     io.Reader
	order binary.ByteOrder
	salts [8]byte
	sum   [2]uint32 // of the frame before, as that says
	frame []byte
	wrong int // the first frame that is not right; 0: none yet
	// committed: a transaction ended before that.
	committed bool
}

// count returns how many frames from the first one on are right, at most so many.
func (s *logScan) count(most int) (n int, err error) {
	head := make([]byte, logHeader)
	if _, err := io.ReadFull(s.r, head); err != nil || !s.begin(head) {
		return 0, atEnd(err)
	}
	for n < most {
		if _, err := io.ReadFull(s.r, s.frame); err != nil {
			return n, atEnd(err)
		}
		if ours, follows := s.next(); !ours || !follows {
			break
		}
		n++
	}
	return n, nil
}

func (s *logScan) run() (damaged bool, err error) {
	head := make([]byte, logHeader)
	if _, err := io.ReadFull(s.r, head); err != nil {
		return false, atEnd(err)
	}
	if !s.begin(head) {
		// The header is synced before the first frame: what stands behind a wrong one was once behind a right one.
		n, err := io.ReadFull(s.r, make([]byte, frameHeader+minPage))
		s.wrong = 0
		return n > 0, atEnd(err)
	}
	committed := false // behind the wrong frame, or by it
	for n := 1; ; n++ {
		if _, err := io.ReadFull(s.r, s.frame); err != nil {
			return false, atEnd(err)
		}
		ours, follows := s.next()
		switch {
		case !ours && s.wrong == 0, ours && !follows && s.wrong == 0:
			s.wrong = n
		case committed && ours && follows:
			return true, nil
		}
		ends := ours && binary.BigEndian.Uint32(s.frame[4:]) != 0
		committed = s.wrong != 0 && ends
		s.committed = s.committed || s.wrong == 0 && ends
	}
}

// atEnd makes the end of the file no error.
func atEnd(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

// begin takes the header, and says whether it is one.
func (s *logScan) begin(head []byte) bool {
	switch word := binary.BigEndian.Uint32; {
	case word(head) == logMagic:
		s.order = binary.LittleEndian
	case word(head) == logMagic|1:
		s.order = binary.BigEndian
	default:
		return false
	}
	page := binary.BigEndian.Uint32(head[8:])
	if page < minPage || page > maxPage || page&(page-1) != 0 {
		return false
	}
	s.salts, s.frame = [8]byte(head[16:24]), make([]byte, frameHeader+int(page))
	s.sum = sums(s.order, [2]uint32{}, head[:24])
	return s.sum == said(head[24:])
}

// next takes a frame: whether it is of this log and not of one that was here before, and whether its sum follows from
// that of the frame before.
func (s *logScan) next() (ours, follows bool) {
	sum := sums(s.order, sums(s.order, s.sum, s.frame[:8]), s.frame[frameHeader:])
	s.sum = said(s.frame[16:24])
	return [8]byte(s.frame[8:16]) == s.salts, sum == s.sum
}

func said(b []byte) [2]uint32 {
	return [2]uint32{binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])}
}

// sums is SQLite's checksum of a log, carried on over more bytes, a multiple of eight. Every byte of the log is summed
// before it is merged, so the two loops are written out: a call for each word takes five times as long.
func sums(order binary.ByteOrder, s [2]uint32, b []byte) [2]uint32 {
	s0, s1 := s[0], s[1]
	if order == binary.LittleEndian {
		for ; len(b) >= 8; b = b[8:] {
			s0 += binary.LittleEndian.Uint32(b) + s1
			s1 += binary.LittleEndian.Uint32(b[4:]) + s0
		}
		return [2]uint32{s0, s1}
	}
	for ; len(b) >= 8; b = b[8:] {
		s0 += binary.BigEndian.Uint32(b) + s1
		s1 += binary.BigEndian.Uint32(b[4:]) + s0
	}
	return [2]uint32{s0, s1}
}
