// Package body reads the bodies of responses within bounded memory and decodes them to UTF-8.
//
// It guarantees that a body that has begun is read at once, whatever its size and however many others arrive: what has no
// room in memory goes to a temporary file. It bounds memory in bytes, not in bodies, and a compressed body cannot exceed the
// bound. It undoes every compression and encoding that a server may use without being asked, because the answer in the body
// may be paid for.
//
// It does not look at what a body says.
package body

import (
	"context"
	"sync"

	"golang.org/x/sync/semaphore"
)

// MaxSize is the size of the largest body that is an answer, decompressed. One byte more is read, to see that a body is too
// long.
const MaxSize = 1 << 20

// Bounds in bytes.
const (
	// minShare is how much of a body a call may keep in memory at least while it reads, however many workers there are.
	minShare = 4 << 10
	// copies is how many copies of a body are in memory at most while it is judged: as it came, decoded (which may double it),
	// with the key removed, and compacted.
	copies = 5
	// largeBody is the size above which a body is large.
	largeBody = 16 << 10
	// minRecycled is the size from which the buffer of a complete body is used again, and maxRecycled how many such buffers are
	// kept. Without them the garbage collector would work too much to stay within the memory limit.
	minRecycled = 512 << 10
	maxRecycled = 2
	// gunzipMemory is what decompression takes besides its output.
	gunzipMemory = 48 << 10
)

// A Memory is the memory for bodies. It has two parts that never wait for each other.
//
// One third is for bodies that are being read. Each worker has an equal share of it, reserved before its request is sent.
// What exceeds the share goes to the temporary file.
//
// The rest is for complete bodies, from [Buffer.Decode] until [Memory.Release] or [Buffer.Free]. They wait here for one
// another. This cannot deadlock: who waits has read its body already, and who has memory needs no more to finish.
type Memory struct {
	share    int                 // bytes of one body in memory while it is read
	complete *semaphore.Weighted // nil: no bound
	size     int64               // of complete
	spill    spillFile
	gunzips  sync.Pool // of *gzip.Reader
	onLarge  func()

	mu       sync.Mutex
	recycled [][]byte // buffers of large bodies
}

// NewMemory divides limit bytes among the workers and the complete bodies. It needs, and takes, at least what the workers and
// one body of [MaxSize] need. 0 means no bound, and no temporary file. onLarge is called once, before the first body above
// 16 KiB is decoded; it may be nil.
func NewMemory(limit int64, workers int, onLarge func()) *Memory {
	m := &Memory{share: MaxSize + 1, onLarge: func() {}, spill: spillFile{calls: make(chan struct{}, maxFileCalls)}}
	if onLarge != nil {
		m.onLarge = sync.OnceFunc(onLarge)
	}
	if limit == 0 {
		return m
	}
	reading := limit / 3
	m.share = int(min(max(reading/int64(workers), minShare), MaxSize+1))
	m.size = max(limit-reading, copies*(MaxSize+1)+gunzipMemory)
	m.complete = semaphore.NewWeighted(m.size)
	return m
}

// NewBuffer returns a buffer that takes its memory from m.
func (m *Memory) NewBuffer() *Buffer { return &Buffer{memory: m} }

// Release gives back n bytes that [Buffer.Keep] returned.
func (m *Memory) Release(n int64) {
	if n > 0 {
		m.complete.Release(n)
	}
}

// Err returns the first error of the temporary file, or nil. After an error bodies are read into memory without a bound,
// because they may be paid for: the caller must stop sending requests.
func (m *Memory) Err() error { return m.spill.failure() }

// Close removes the temporary file. No buffer may be in use.
func (m *Memory) Close() { m.spill.close() }

// reserve waits for n bytes for a complete body, in place of what the buffer had.
func (m *Memory) reserve(b *Buffer, n int) {
	if n > copies*largeBody {
		m.onLarge()
	}
	m.recycle(b)
	m.Release(b.reserved)
	b.reserved = 0
	if m.complete == nil {
		return
	}
	b.reserved = min(int64(n), m.size)
	_ = m.complete.Acquire(context.Background(), b.reserved) // it fails only if the context ends
}

// allocate returns n bytes, which belong to the buffer until it is freed.
func (m *Memory) allocate(b *Buffer, n int) []byte {
	if n < minRecycled {
		return make([]byte, n)
	}
	m.recycle(b)
	m.mu.Lock()
	defer m.mu.Unlock()
	if last := len(m.recycled) - 1; last >= 0 {
		b.large, m.recycled = m.recycled[last], m.recycled[:last]
	} else {
		b.large = make([]byte, MaxSize+1)
	}
	return b.large[:n:n]
}

// recycle takes back what allocate returned for a large body.
func (m *Memory) recycle(b *Buffer) {
	if b.large == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.recycled) < maxRecycled {
		m.recycled = append(m.recycled, b.large)
	}
	b.large = nil
}
