package decode

import (
	"crypto/sha256"
	"hash"
)

// hashBlock is how many bytes a hasher collects before it hands them over. A handover wakes a thread: that must cost little beside
// the hashing of a block.
const hashBlock = 256 << 10

// A hasher computes the SHA-256 of an input in a goroutine of its own, because hashing is a large part of reading rows (BenchmarkSum). It
// has two blocks: one is hashed while the other is filled. An input that is shorter than a block is hashed without a goroutine.
//
// The goroutine ends at sum and at stop. Until then it only waits for blocks.
type hasher struct {
	hash  hash.Hash
	block []byte // the bytes that were not handed over
	other []byte // the block that is being hashed
	// blocks goes to the goroutine; nil if it is not running. It takes a block only when the one before it is hashed.
	blocks chan []byte
	done   chan struct{} // closed when the goroutine has ended
}

func newHasher() *hasher { return &hasher{hash: sha256.New()} }

// write adds bytes. It keeps no reference to them.
func (h *hasher) write(b []byte) {
	if h.block == nil {
		h.block = make([]byte, 0, hashBlock)
	}
	for len(b) > 0 {
		n := min(len(b), cap(h.block)-len(h.block))
		h.block, b = append(h.block, b[:n]...), b[n:]
		if len(h.block) == cap(h.block) {
			h.handOver()
		}
	}
}

// handOver gives the block to the goroutine. Then the other one is free.
func (h *hasher) handOver() {
	if h.blocks == nil {
		h.blocks, h.done = make(chan []byte), make(chan struct{})
		go h.run(h.blocks, h.done)
	}
	if h.other == nil {
		h.other = make([]byte, 0, hashBlock)
	}
	h.blocks <- h.block
	h.block, h.other = h.other[:0], h.block
}

func (h *hasher) run(blocks <-chan []byte, done chan<- struct{}) {
	defer close(done)
	for b := range blocks {
		_, _ = h.hash.Write(b) // it returns no error
	}
}

// stop waits until all that was handed over is hashed, and ends the goroutine.
func (h *hasher) stop() {
	if h.blocks != nil {
		close(h.blocks)
		<-h.done
		h.blocks = nil
	}
}

// sum returns the hash of all bytes so far.
func (h *hasher) sum() (sum [sha256.Size]byte) {
	h.stop()
	_, _ = h.hash.Write(h.block) // it returns no error
	h.block = h.block[:0]
	h.hash.Sum(sum[:0])
	return sum
}
