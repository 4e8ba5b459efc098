// Package wal has what the ledger adds to SQLite's write-ahead log (the file -wal beside the ledger).
//
// [Check] refuses a log that is damaged in its middle, before SQLite opens it: SQLite takes the first invalid frame for the
// end of the log, as it must after a power cut, and would drop every later commit. [ValidFrames] reads a log back before it is
// merged. [RegisterVFS] makes SQLite write a commit's frames in one piece, and [SetReadAhead] makes it read many pages at once.
//
// It cannot detect damage in the last transaction: that looks like a power cut.
package wal

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"

	"enrich/ledger"
)

// SQLite's file format (https://sqlite.org/fileformat2.html#walformat): a header, then frames, each with a header and a page.
// Checksums run on from one frame to the next. A frame whose header has a page count ends a transaction.
const (
	headerSize      = 32
	frameHeaderSize = 24
	magic           = 0x377f0682 // the last bit: checksums are over big-endian words
	minPage         = 512
	maxPage         = 65536
)

// Path returns the path of a ledger's log.
func Path(ledger string) string { return ledger + "-wal" }

// Size returns how many bytes a log with a number of pages has at least.
func Size(pages int, pageSize int64) int64 {
	return headerSize + int64(pages)*(frameHeaderSize+pageSize)
}

// HasHeader reports whether a log begins as one. A log that was cut to nothing and then written at its old end begins with
// zeros.
func HasHeader(log io.ReaderAt) (bool, error) {
	var head [4]byte
	if _, err := log.ReadAt(head[:], 0); err != nil {
		return false, err
	}
	return binary.BigEndian.Uint32(head[:])&^1 == magic, nil
}

// IsEmpty reports whether a ledger has no log, or one of length 0.
func IsEmpty(ledger string) bool {
	info, err := os.Stat(Path(ledger))
	return err != nil || info.Size() == 0
}

// Check returns ledger.ErrDamaged if the log of a ledger is damaged before its last transaction. A transaction begins only
// after the one before it is synced: if an invalid frame is followed by a whole transaction and the beginning of another one,
// it was valid once.
//
// It reports whether the log contains a transaction at all.
func Check(path string) (committed bool, err error) {
	f, err := os.Open(Path(path))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }() // it was only read
	s := scanner{r: bufio.NewReaderSize(f, 1<<16)}
	damaged, err := s.run()
	if err != nil {
		return false, fmt.Errorf("read its log: %w", err)
	}
	if damaged {
		return s.committed, fmt.Errorf("%w: frame %d of its log is corrupt, and more was committed after it", ledger.ErrDamaged, s.invalid)
	}
	return s.committed, nil
}

// Sync syncs the log of a ledger. A killed process may have left transactions in it that are not on the disk yet, and the
// next process treats them as committed.
func Sync(ledger string) error {
	f, err := os.OpenFile(Path(ledger), os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// ValidFrames counts the frames of a log up to the first invalid one, at most limit.
func ValidFrames(log io.ReaderAt, limit int) (n int, err error) {
	if limit == 0 {
		return 0, nil
	}
	s := scanner{r: bufio.NewReaderSize(io.NewSectionReader(log, 0, math.MaxInt64), 1<<16)}
	head := make([]byte, headerSize)
	if _, err := io.ReadFull(s.r, head); err != nil || !s.begin(head) {
		return 0, ignoreEOF(err)
	}
	for n < limit {
		if _, err := io.ReadFull(s.r, s.frame); err != nil {
			return n, ignoreEOF(err)
		}
		if current, valid := s.next(); !current || !valid {
			break
		}
		n++
	}
	return n, nil
}

// A scanner reads a log from its beginning to its end.
type scanner struct {
	r         io.Reader
	order     binary.ByteOrder
	salts     [8]byte
	sum       [2]uint32 // the checksum that the last frame states
	frame     []byte
	invalid   int  // the number of the first invalid frame; 0: none yet, or the header
	committed bool // a transaction ended before it
}

func (s *scanner) run() (damaged bool, err error) {
	head := make([]byte, headerSize)
	if _, err := io.ReadFull(s.r, head); err != nil {
		return false, ignoreEOF(err)
	}
	if !s.begin(head) {
		// The header is synced before the first frame: if there is a frame, the header was valid once.
		n, err := io.ReadFull(s.r, make([]byte, frameHeaderSize+minPage))
		return n > 0, ignoreEOF(err)
	}
	ended := false // the invalid frame, or a later one, ended a transaction
	for n := 1; ; n++ {
		if _, err := io.ReadFull(s.r, s.frame); err != nil {
			return false, ignoreEOF(err)
		}
		current, valid := s.next()
		switch {
		case s.invalid == 0 && (!current || !valid):
			s.invalid = n
		case ended && current && valid:
			return true, nil
		}
		commits := current && binary.BigEndian.Uint32(s.frame[4:]) != 0
		ended = s.invalid != 0 && commits
		s.committed = s.committed || s.invalid == 0 && commits
	}
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

// begin reads the header and reports whether it is valid.
func (s *scanner) begin(head []byte) bool {
	switch word := binary.BigEndian.Uint32; {
	case word(head) == magic:
		s.order = binary.LittleEndian
	case word(head) == magic|1:
		s.order = binary.BigEndian
	default:
		return false
	}
	page := binary.BigEndian.Uint32(head[8:])
	if page < minPage || page > maxPage || page&(page-1) != 0 {
		return false
	}
	s.salts, s.frame = [8]byte(head[16:24]), make([]byte, frameHeaderSize+int(page))
	s.sum = checksum(s.order, [2]uint32{}, head[:24])
	return s.sum == stated(head[24:])
}

// next looks at the frame that was read. current: it belongs to this log, not to one that was in the file before. valid: its
// checksum follows from that of the frame before.
func (s *scanner) next() (current, valid bool) {
	sum := checksum(s.order, checksum(s.order, s.sum, s.frame[:8]), s.frame[frameHeaderSize:])
	s.sum = stated(s.frame[16:24])
	return [8]byte(s.frame[8:16]) == s.salts, sum == s.sum
}

// stated returns the checksum that a header states.
func stated(b []byte) [2]uint32 {
	return [2]uint32{binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])}
}

// checksum continues SQLite's checksum over more bytes, a multiple of eight. Every byte of the log is summed before it is
// merged, so the two loops are written out, without a call for each word. The last sum is added last, because each addition waits for
// it.
func checksum(order binary.ByteOrder, s [2]uint32, b []byte) [2]uint32 {
	s0, s1 := s[0], s[1]
	if order == binary.LittleEndian {
		for ; len(b) >= 8; b = b[8:] {
			s0 = s0 + binary.LittleEndian.Uint32(b) + s1
			s1 = s1 + binary.LittleEndian.Uint32(b[4:]) + s0
		}
		return [2]uint32{s0, s1}
	}
	for ; len(b) >= 8; b = b[8:] {
		s0 = s0 + binary.BigEndian.Uint32(b) + s1
		s1 = s1 + binary.BigEndian.Uint32(b[4:]) + s0
	}
	return [2]uint32{s0, s1}
}
