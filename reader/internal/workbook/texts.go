package workbook

import (
	"fmt"
	"io"
	"os"

	"enrich/internal/tempfile"
	"enrich/reader/internal/xmlscan"
)

const (
	// textBlock is the size of a block of texts, in bytes.
	textBlock = 16 << 10
	// memoryBlocks is how many blocks are in memory; the others are in a temporary file. Cells refer to most texts in order, and
	// to the first ones often.
	memoryBlocks = (16 << 20) / textBlock
	// cachedBlocks is how many blocks of the file are in memory, too.
	cachedBlocks = 256
	// maxTexts and maxTextBytes bound the shared texts of a workbook; maxTextPart is the size of their part.
	maxTexts     = 1 << 25
	maxTextBytes = 4<<30 - 1
	maxTextPart  = 16 << 30
	// endsChunk is how many ends of texts are allocated at once.
	endsChunk = 1 << 16
	// purpose is that of the temporary file, for messages.
	purpose = "unpack the texts of the workbook"
)

// texts are the texts that the cells of a workbook share. Cells have their numbers. They are read at the first use.
type texts struct {
	container *container
	part      string // "" if there are none
	loaded    bool
	err       error

	n      int
	ends   [][]uint32 // where each text ends among all bytes, in chunks: growing one slice would copy it
	size   int64
	blocks [][]byte       // the blocks in memory; the last one grows
	last   []byte         // the block that is not yet in the file
	file   *tempfile.File // nil if all is in memory
	cached [cachedBlocks]cachedBlock
}

// A cachedBlock is a block of the file.
type cachedBlock struct {
	number int64 // from 1; 0 if there is none
	bytes  []byte
}

func newTexts(c *container, part string) *texts { return &texts{container: c, part: part} }

// get appends a text to arena, or returns it as it is in memory, where it stays valid until the texts are closed.
func (t *texts) get(i int, arena []byte) (text, grown []byte, err error) {
	if !t.loaded {
		t.loaded = true
		t.err = t.load()
	}
	if t.err != nil {
		return nil, arena, t.err
	}
	if i < 0 || i >= t.n {
		return nil, arena, fmt.Errorf("a cell has text %d of %d", i, t.n)
	}
	from, to := t.end(i-1), t.end(i)
	if from == to {
		return nil, arena, nil
	}
	if block := from / textBlock; block == (to-1)/textBlock && block < int64(len(t.blocks)) {
		return t.blocks[block][from%textBlock : (to-1)%textBlock+1], arena, nil
	}
	begin := len(arena)
	for at := from; at < to; {
		block, err := t.block(at / textBlock)
		if err != nil {
			return nil, arena, err
		}
		piece := block[at%textBlock : min(int64(len(block)), at%textBlock+to-at)]
		if len(piece) == 0 {
			return nil, arena, tempfile.Failed(purpose, io.ErrUnexpectedEOF)
		}
		arena = append(arena, piece...)
		at += int64(len(piece))
	}
	return arena[begin:], arena, nil
}

// end returns where a text ends.
func (t *texts) end(i int) int64 {
	if i < 0 {
		return 0
	}
	return int64(t.ends[i/endsChunk][i%endsChunk])
}

// block returns a block, from memory or from the file.
func (t *texts) block(i int64) ([]byte, error) {
	switch {
	case i < int64(len(t.blocks)):
		return t.blocks[i], nil
	case i == t.size/textBlock:
		return t.last, nil
	}
	c := &t.cached[i%cachedBlocks]
	if c.number != i+1 {
		if c.bytes == nil {
			c.bytes = make([]byte, textBlock)
		}
		c.number = 0
		if _, err := t.file.ReadAt(c.bytes, (i-memoryBlocks)*textBlock); err != nil {
			return nil, err
		}
		c.number = i + 1
	}
	return c.bytes, nil
}

// add appends a piece of the text that is being read.
func (t *texts) add(piece []byte) error {
	if t.size+int64(len(piece)) > maxTextBytes {
		return fmt.Errorf("more than %d bytes of text", int64(maxTextBytes))
	}
	for len(piece) > 0 {
		n := min(len(piece), textBlock-int(t.size%textBlock))
		if at := t.size / textBlock; at < memoryBlocks {
			if at == int64(len(t.blocks)) {
				t.blocks = append(t.blocks, make([]byte, 0, textBlock))
			}
			t.blocks[at] = append(t.blocks[at], piece[:n]...)
		} else if err := t.spill(piece[:n]); err != nil {
			return err
		}
		t.size += int64(n)
		piece = piece[n:]
	}
	return nil
}

// spill adds to the block that goes to the file when it is full.
func (t *texts) spill(piece []byte) error {
	t.last = append(t.last, piece...)
	if len(t.last) < textBlock {
		return nil
	}
	if t.file == nil {
		f, err := tempfile.Create("enrich-strings-*", purpose)
		if err != nil {
			return err
		}
		t.file = f
	}
	if _, err := t.file.WriteAt(t.last, (t.size/textBlock-memoryBlocks)*textBlock); err != nil {
		return err
	}
	t.last = t.last[:0]
	return nil
}

// finish ends a text.
func (t *texts) finish() error {
	if t.n == maxTexts {
		return fmt.Errorf("more than %d texts", maxTexts)
	}
	if t.n%endsChunk == 0 {
		t.ends = append(t.ends, make([]uint32, 0, min(endsChunk, max(256, t.n))))
	}
	chunk := &t.ends[t.n/endsChunk]
	*chunk = append(*chunk, uint32(t.size))
	t.n++
	return nil
}

// load reads the part.
func (t *texts) load() error {
	if t.part == "" || !t.container.has(t.part) {
		return nil
	}
	in, err := t.container.open(t.part, maxTextPart)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // it was only read
	x := xmlscan.New(in)
	var e escapes
	for {
		kind, err := x.Next()
		switch {
		case err == io.EOF: //nolint:errorlint // an error that wraps io.EOF is not the end
			return nil
		case err != nil:
			return damaged(t.part, err)
		case kind == xmlscan.Start && x.Is("si") && x.Depth() == 2:
			err = readText(x, 2, func(piece []byte) error { return t.add(e.decode(piece)) })
			if err == nil {
				err = t.add(e.flush())
			}
			if err == nil {
				err = t.finish()
			}
			if err != nil {
				return damaged(t.part, err)
			}
		}
	}
}

// memory returns how many bytes are in memory, those of the cached blocks included.
func (t *texts) memory() int64 {
	n := int64(len(t.blocks)) * textBlock
	for _, chunk := range t.ends {
		n += 4 * int64(cap(chunk))
	}
	for i := range t.cached {
		n += int64(cap(t.cached[i].bytes))
	}
	return n
}

// close frees the texts, and removes the temporary file.
func (t *texts) close() error {
	file := t.file
	*t = texts{loaded: true, err: os.ErrClosed}
	if file == nil {
		return nil
	}
	return file.Close()
}
