package pipeline

// A refSet is a set of references. It takes less than half a byte for each if they are dense, as those of one run are, and at most
// 28 bytes if no two are near one another, as a few contacts are in a ledger with the outcomes of many runs. The zero value is
// empty.
//
// It is an open-addressing hash table of blocks of 32 references, in parts that grow one at a time, so that growing needs little
// memory besides.
type refSet struct{ parts [64]refPart }

// A refPart is a table of blocks. The length is a power of two, and a bitmap of 0 means that the slot is free.
type refPart struct {
	blocks  []uint64
	bitmaps []uint32
	used    int
}

// minPart is the length of the smallest table.
const minPart = 8

// add adds a reference, and reports whether it was not in the set.
func (s *refSet) add(ref uint64) (first bool) {
	block, bit := ref>>5, uint32(1)<<(ref&31)
	hash := mix(block)
	p := &s.parts[hash>>58]
	if p.used*8 >= len(p.blocks)*7 { // also the first time
		p.grow()
	}
	bitmap := p.find(block, hash)
	first = *bitmap&bit == 0
	*bitmap |= bit
	return first
}

// find returns the bitmap of a block, which may be new. There must be a free slot.
func (p *refPart) find(block, hash uint64) *uint32 {
	mask := uint64(len(p.blocks) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		switch {
		case p.bitmaps[i] == 0:
			p.blocks[i] = block
			p.used++
			return &p.bitmaps[i]
		case p.blocks[i] == block:
			return &p.bitmaps[i]
		}
	}
}

// grow doubles the table.
func (p *refPart) grow() {
	n := max(minPart, 2*len(p.blocks))
	bigger := refPart{blocks: make([]uint64, n), bitmaps: make([]uint32, n)}
	for i, bitmap := range p.bitmaps {
		if bitmap != 0 {
			block := p.blocks[i]
			*bigger.find(block, mix(block)) = bitmap
		}
	}
	*p = bigger
}

// mix spreads near blocks, and those of different runs, over all 64 bits (the finalizer of SplitMix64).
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
