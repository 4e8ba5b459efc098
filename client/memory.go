package client

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"sync"

	"golang.org/x/sync/semaphore"
)

// Bounds of the memory for answers, in bytes.
const (
	// minReadBuffer is the least that a call may buffer of an answer, however many workers share the memory.
	minReadBuffer = 4 << 10
	// copiesOfAnswer is how often an answer is in memory at most while it is judged: as it came, decoded (which may double
	// it), with the key removed, and compacted.
	copiesOfAnswer = 5
	// largeAnswer is the size above which an answer is large.
	largeAnswer = 16 << 10
	// reusedAnswer is the size from which the buffer of a complete answer is used again, and keptBuffers is how many are
	// kept for that: without it the garbage collector would have too much to do to stay within the limit.
	reusedAnswer = 512 << 10
	keptBuffers  = 2
	// unzipMemory is what a decompressor needs beside its output.
	unzipMemory = 48 << 10
)

// answerMemory bounds the memory for answers by bytes, not by count. It has two parts that never wait for each other.
//
// A third of it is for answers that are being read. Each worker has an equal share, reserved before its request is sent.
// What exceeds the share goes to a temporary file, so an answer that has begun is always read at once, whatever its
// size and however many others arrive.
//
// The rest is for complete answers, from the moment they are decoded until [contact.Result.Release]. They wait here for one
// another. No call depends on it: whoever waits has read its answer, and whoever holds memory needs only to be judged
// and committed.
type answerMemory struct {
	share    int                 // bytes of one answer in memory while it is read
	complete *semaphore.Weighted // nil: no bound
	size     int64               // of complete
	spill    spillFile
	unzips   sync.Pool // of *gzip.Reader
	mu       sync.Mutex
	buffers  [][]byte // of large answers
	onLarge  func()   // called once
}

// newAnswerMemory divides the memory that the options allow; 0 means no bound, and no temporary file.
func newAnswerMemory(o *Options) *answerMemory {
	m := &answerMemory{share: maxBody + 1, onLarge: func() {}}
	if o.OnLargeAnswer != nil {
		m.onLarge = sync.OnceFunc(o.OnLargeAnswer)
	}
	if o.AnswerMemory == 0 {
		return m
	}
	reading := o.AnswerMemory / 3
	m.share = int(min(max(reading/int64(o.Workers), minReadBuffer), maxBody+1))
	m.size = max(o.AnswerMemory-reading, copiesOfAnswer*(maxBody+1)+unzipMemory)
	m.complete = semaphore.NewWeighted(m.size)
	return m
}

// hold waits for n bytes for a complete answer.
func (m *answerMemory) hold(x *exchange, n int) {
	if n > copiesOfAnswer*largeAnswer {
		m.onLarge()
	}
	m.keepBuffer(x)
	m.release(x.held)
	x.held = 0
	if m.complete == nil {
		return
	}
	x.held = min(int64(n), m.size)
	_ = m.complete.Acquire(context.Background(), x.held) // without an end of the context there is no error
}

// free gives back what an exchange holds: its memory and its place in the file.
func (m *answerMemory) free(x *exchange) {
	m.spill.giveBack(&x.body)
	m.keepBuffer(x)
	m.release(x.held)
	x.held = 0
}

// buffer returns n bytes of memory, which are the exchange's until free.
func (m *answerMemory) buffer(x *exchange, n int) []byte {
	if n < reusedAnswer {
		return make([]byte, n)
	}
	m.keepBuffer(x)
	m.mu.Lock()
	defer m.mu.Unlock()
	if last := len(m.buffers) - 1; last >= 0 {
		x.large, m.buffers = m.buffers[last], m.buffers[:last]
	} else {
		x.large = make([]byte, maxBody+1)
	}
	return x.large[:n:n]
}

// keepBuffer takes the buffer of a large answer back.
func (m *answerMemory) keepBuffer(x *exchange) {
	if x.large == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.buffers) < keptBuffers {
		m.buffers = append(m.buffers, x.large)
	}
	x.large = nil
}

// settle gives back what a call needed, but for the answer that is in the result.
func (m *answerMemory) settle(x *exchange, r *question) {
	if kept := min(int64(cap(r.result.Outcome.Body)), x.held); kept > 0 {
		r.held, r.result.Memory = kept, r
		x.held -= kept
	}
	m.free(x)
}

func (m *answerMemory) release(n int64) {
	if n > 0 {
		m.complete.Release(n)
	}
}

// load waits for memory and returns the answer whole, maxBody+1 bytes at most. What is compressed with gzip is
// decompressed, whatever its header says; deflated says that decodeBody will decompress it. After an error it returns what
// could be decompressed.
func (m *answerMemory) load(x *exchange, deflated bool) ([]byte, error) {
	b := &x.body
	size := b.size()
	switch {
	case size <= maxBody && m.isZipped(b):
		return m.unzip(x)
	case deflated:
		m.hold(x, copiesOfAnswer*(maxBody+1))
	default:
		m.hold(x, copiesOfAnswer*size)
	}
	if b.file == 0 {
		return b.tail, nil
	}
	whole := m.buffer(x, size)
	_, err := io.ReadFull(m.spill.reader(b), whole)
	m.spill.giveBack(b)
	return whole, err
}

// isZipped reports whether an answer begins as gzip does.
func (m *answerMemory) isZipped(b *body) bool {
	const magic = "\x1f\x8b\x08"
	if b.file == 0 {
		return bytes.HasPrefix(b.tail, []byte(magic))
	}
	var head [len(magic)]byte
	_, err := io.ReadFull(m.spill.reader(b), head[:])
	return err == nil && string(head[:]) == magic
}

// unzip decompresses an answer. Its last four bytes say how long it is; if that is not true, or the length is not there,
// it is done again with room for the largest answer.
func (m *answerMemory) unzip(x *exchange) ([]byte, error) {
	b := &x.body
	defer m.spill.giveBack(b)
	for size := b.unzippedSize(); ; size = maxBody {
		m.hold(x, copiesOfAnswer*(size+1)+unzipMemory)
		out, err := m.unzipInto(m.buffer(x, size+1)[:0], m.spill.reader(b))
		if len(out) <= size || size == maxBody {
			return out, err
		}
	}
}

// unzipInto decompresses until the buffer is full.
func (m *answerMemory) unzipInto(out []byte, from io.Reader) ([]byte, error) {
	z, ok := m.unzips.Get().(*gzip.Reader)
	if !ok {
		z = new(gzip.Reader)
	}
	defer m.unzips.Put(z)
	if err := z.Reset(from); err != nil {
		return nil, err
	}
	for len(out) < cap(out) {
		n, err := z.Read(out[len(out):cap(out)])
		out = out[:len(out)+n]
		switch {
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil:
			return out, err
		}
	}
	return out, nil
}

// unzippedSize is how long the answer says that it is when decompressed, maxBody at most.
func (b *body) unzippedSize() int {
	if len(b.tail) < 4 {
		return maxBody
	}
	return int(min(binary.LittleEndian.Uint32(b.tail[len(b.tail)-4:]), maxBody))
}

// Release gives back the memory that the result had.
func (r *question) Release() {
	r.c.memory.release(r.held)
	r.held = 0
}

// A body is an answer as it came: what did not fit into memory is in a slot of the spill file, before the tail.
type body struct {
	tail []byte
	slot int64 // from 1; 0: none
	file int   // bytes in the slot
}

func (b *body) size() int { return b.file + len(b.tail) }

// read reads an answer, one byte above the bound at most, which is enough to see that it is too long. It never waits
// for memory. length is what the answer is announced with, or -1.
func (m *answerMemory) read(b *body, from io.Reader, length int64) error {
	m.spill.giveBack(b)
	b.tail = b.tail[:0]
	for b.size() <= maxBody {
		if len(b.tail) == cap(b.tail) {
			m.makeRoom(b, length)
		}
		room := min(cap(b.tail)-len(b.tail), maxBody+1-b.size())
		n, err := from.Read(b.tail[len(b.tail) : len(b.tail)+room])
		b.tail = b.tail[:len(b.tail)+n]
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
	return nil
}

// makeRoom makes the tail larger or, when it is as large as the share, moves it to the file. If the file fails, the
// answer stays in memory: it may have been paid for. The run must then end ([contact.Result.Err]).
func (m *answerMemory) makeRoom(b *body, length int64) {
	most := m.share
	if len(b.tail) >= most {
		if m.spill.write(b) {
			return
		}
		most = maxBody + 1
	}
	size := max(2*cap(b.tail), 512)
	if length >= 0 {
		size = max(size, int(min(length+1, maxBody+1)))
	}
	b.tail = append(make([]byte, 0, min(size, most)), b.tail...)
}

// reader reads an answer from its start.
func (s *spillFile) reader(b *body) io.Reader {
	if b.file == 0 {
		return bytes.NewReader(b.tail)
	}
	return io.MultiReader(io.NewSectionReader(s, b.offset(), int64(b.file)), bytes.NewReader(b.tail))
}
