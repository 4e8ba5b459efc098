package page

import (
	"errors"
	"io"

	"enrich/internal/tempfile"
	"enrich/reader/internal/columnar/internal/file"
	"enrich/reader/internal/source"
)

const (
	// maxSpilled bounds the temporary file, in bytes.
	maxSpilled = 8 << 30
	// copySize is for pages on their way to the temporary file, in bytes.
	copySize = 64 << 10
)

// A Memory is what the columns of a file share: memory, decoders, and a temporary file for what does not fit into memory.
type Memory struct {
	left    int64
	largest int64 // what one page may take of it
	limit   int64 // of the temporary file
	pieces  int   // how much of a page that is in a file is read at once
	scratch []byte
	copying []byte
	unpack  unpacker
	spilled *tempfile.File
	size    int64 // of the temporary file
	// unpacked is how many bytes pages were unpacked to, mostUnpacked how many they may be.
	unpacked, mostUnpacked int64
}

const (
	// All pages of a file are unpacked to at most maxUnpacked bytes plus maxRatio times the size of the file. Tables have a
	// hundredth of it; a few kilobytes that stand for gigabytes are an attack, and unpacking them takes many seconds: brotli, the
	// slowest codec, takes four for maxUnpacked.
	maxUnpacked = 512 << 20
	maxRatio    = 500
)

// NewMemory returns memory for the unpacked pages and dictionaries of a file with a number of columns. bytes is how much of it is
// not in a temporary file.
func NewMemory(columns int, bytes, fileSize int64) *Memory {
	pieces := int(bytes) / max(columns, 1)
	return &Memory{
		left: bytes, largest: bytes / 4, limit: maxSpilled, pieces: min(max(pieces, 1<<10), 64<<10),
		mostUnpacked: maxUnpacked + maxRatio*min(fileSize, 1<<50),
	}
}

// spend counts bytes that a page is about to be unpacked to.
func (m *Memory) spend(bytes int64) error {
	if m.unpacked += bytes; m.unpacked > m.mostUnpacked {
		return file.Unsupported("its pages unpack to more than %d MiB and %d times its size: it may be made to do harm", int64(maxUnpacked)>>20, maxRatio)
	}
	return nil
}

// Restart begins to count unpacked bytes from zero, because the file is read again from its beginning.
func (m *Memory) Restart() { m.unpacked = 0 }

// Close removes the temporary file.
func (m *Memory) Close() error {
	m.unpack.close()
	if m.spilled == nil {
		return nil
	}
	err := m.spilled.Close()
	m.spilled = nil
	return err
}

// scratchOf returns n bytes that are valid until the next call.
func (m *Memory) scratchOf(n int) []byte {
	if n > len(m.scratch) {
		m.scratch = make([]byte, n)
	}
	return m.scratch[:n]
}

// reserve reserves memory, and reports whether there was enough.
func (m *Memory) reserve(n int64) bool {
	if n > m.largest || n > m.left {
		return false
	}
	m.left -= n
	return true
}

// A slot is where a column keeps its unpacked page: in memory, or in the temporary file. It is used again for the next page.
type slot struct {
	memory   []byte
	from, to int64 // in the temporary file
}

// fill reads size bytes into a slot.
func (m *Memory) fill(s *slot, in io.Reader, size int64) (region, error) {
	if int64(cap(s.memory)) < size {
		m.left += int64(cap(s.memory))
		s.memory = nil
		if m.reserve(size) {
			s.memory = make([]byte, size)
		}
	}
	if int64(cap(s.memory)) >= size {
		b := s.memory[:size]
		if _, err := io.ReadFull(in, b); err != nil {
			return region{}, unpackError(err)
		}
		return inMemory(b), nil
	}
	return m.spill(s, in, size)
}

// unpackError explains the error of a decoder.
func unpackError(err error) error {
	switch {
	case errors.Is(err, source.ErrStorage), errors.Is(err, file.ErrUnsupported), errors.Is(err, file.ErrDamaged):
		return err
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errShort
	}
	return file.Damaged("a page cannot be unpacked: %v", err)
}

// spill reads size bytes into the slot's place in the temporary file.
func (m *Memory) spill(s *slot, in io.Reader, size int64) (region, error) {
	if m.spilled == nil {
		f, err := tempfile.Create("enrich-parquet-*", "unpack pages")
		if err != nil {
			return region{}, err
		}
		m.spilled = f
		m.copying = make([]byte, copySize)
	}
	if s.to-s.from < size {
		// The old place is lost. A new one of at least twice its size keeps the file within four times what is needed.
		s.from, s.to = m.size, m.size+max(size, 2*(s.to-s.from))
		if m.size = s.to; m.size > m.limit {
			return region{}, file.Unsupported("its pages need more than %d MiB of temporary space at once; write it with smaller pages or row groups", m.limit>>20)
		}
	}
	for at := int64(0); at < size; {
		b := m.copying[:min(size-at, int64(len(m.copying)))]
		if _, err := io.ReadFull(in, b); err != nil {
			return region{}, unpackError(err)
		}
		if _, err := m.spilled.WriteAt(b, s.from+at); err != nil {
			return region{}, err
		}
		at += int64(len(b))
	}
	return region{in: m.spilled, from: s.from, size: size}, nil
}
