package states

import (
	"encoding/binary"

	"enrich/contact"
	"enrich/ledger"
)

// A table is a hash table in shards. An entry and its slot take at most 32 bytes, and while the table grows only one shard's
// slots exist twice. A slot has the number of an entry and a part of its hash, so that a probe that misses does not touch the
// entry.
//
// Of a key's 16 bytes the first choose the shard and the last twelve are stored: 108 random bits distinguish contacts as
// well as 128.
type table struct{ shards [shards]shard }

const (
	shards = 1 << 12
	// blockSize is how many entries are allocated at once. Half a block of each shard is free on average: larger blocks would
	// take megabytes from a run of few contacts and many workers, which then does little but collect garbage.
	blockSize  = 16
	minSlots   = 16
	maxInShard = 1 << 16 // entries that a slot can number
)

type shard struct {
	slots  []uint32 // tag<<16 | the entry's number, from 1; 0: free
	blocks []*[blockSize]entry
	n      int
}

// An entry is 24 bytes.
type entry struct {
	key  [12]byte
	at   uint32 // seconds since 1970
	meta uint64 // ref<<22 | milliseconds<<12 | lost<<8 | this run<<7 | in a job<<6 | kind
}

const (
	kindMask    = 0x3f
	inJobMark   = 1 << 6
	thisRunMark = 1 << 7
	marks       = inJobMark | thisRunMark
	lostShift   = 8
	lostMax     = 15
	msShift     = 12
	refShift    = 22
)

func (e *entry) kind() contact.Kind { return contact.Kind(e.meta & kindMask) }
func (e *entry) lost() int          { return int(e.meta >> lostShift & lostMax) }

// ref is signed: outcomes that are not in the file have negative references.
func (e *entry) ref() ledger.Ref { return ledger.Ref(e.meta) >> refShift }

// time is in milliseconds since 1970.
func (e *entry) time() int64 {
	return int64(e.at)*1000 + int64(e.meta>>msShift&(1<<(refShift-msShift)-1))
}

func (e *entry) set(kind contact.Kind, ref ledger.Ref, lost int, ms int64) {
	ms = min(max(ms, 0), 1000*(1<<32)-1) // until 2106
	e.meta = uint64(ref)<<refShift | uint64(ms%1000)<<msShift | uint64(min(lost, lostMax))<<lostShift | e.meta&marks | uint64(kind)
	e.at = uint32(ms / 1000)
}

// first makes e the entry of a contact that has one outcome.
func (e *entry) first(stored [12]byte, kind contact.Kind, ref ledger.Ref, ms int64) {
	*e = entry{key: stored}
	e.apply(kind, ref, ms)
}

// apply applies an outcome and reports whether it is the contact's first answer. An answer remains the state until there is a newer
// answer; a lost call after it is only counted.
func (e *entry) apply(kind contact.Kind, ref ledger.Ref, ms int64) (firstAnswer bool) {
	lost, answered := e.lost(), e.kind().Answered()
	if kind == contact.Lost {
		lost++
	}
	switch {
	case kind.Answered():
		e.set(kind, ref, 0, ms)
		return !answered
	case answered:
		e.set(e.kind(), e.ref(), lost, e.time())
	default:
		e.set(kind, ref, lost, ms)
	}
	return false
}

// split returns a key's shard, the bytes that its entry stores, and their hash: the high bits of the hash choose the slot, the low
// ones are the tag.
func split(k contact.Key) (i int, stored [12]byte, h uint32) {
	stored = [12]byte(k[4:])
	return int(binary.BigEndian.Uint16(k[:2]) >> 4), stored, hash(&stored)
}

func hash(stored *[12]byte) uint32 { return binary.BigEndian.Uint32(stored[:]) }

// find returns the entry of a key, or nil.
func (t *table) find(k contact.Key) *entry {
	i, stored, h := split(k)
	return t.shards[i].find(&stored, h)
}

// prefetch reads what find is about to read for some keys, which brings it into the CPU's cache; the sum means nothing. A lookup reads
// four places in memory, one after the other, and decides by what it finds. Here nothing is decided, so the CPU waits for several keys
// at a time.
func (t *table) prefetch(keys []contact.Keys, byEmail bool) (sum uint32) {
	for i := range keys {
		k := keys[i].By(byEmail)
		n, _, h := split(k)
		s := &t.shards[n]
		if len(s.slots) == 0 {
			continue
		}
		if slot := s.slots[s.slot(h)]; slot != 0 {
			sum += s.entry(slot).at
		}
	}
	return sum
}

// get returns the entry of a key and adds one of kind 0 if there is none. The pointer remains valid.
func (t *table) get(k contact.Key) *entry {
	i, stored, h := split(k)
	s := &t.shards[i]
	if e := s.find(&stored, h); e != nil {
		return e
	}
	return s.add(&stored, h)
}

func (s *shard) find(stored *[12]byte, h uint32) *entry {
	if len(s.slots) == 0 {
		return nil
	}
	tag := h & 0xffff
	for i := s.slot(h); ; i = s.next(i) {
		v := s.slots[i]
		if v == 0 {
			return nil
		}
		if v>>16 == tag {
			if e := s.entry(v); e.key == *stored {
				return e
			}
		}
	}
}

func (s *shard) entry(slot uint32) *entry {
	return s.at(int(slot&0xffff - 1))
}

// at returns the entry with an index, or the place for it.
func (s *shard) at(i int) *entry {
	return &s.blocks[uint(i)/blockSize][uint(i)%blockSize]
}

// slot returns the slot at which the search for a hash begins. It multiplies, which is faster than a remainder.
func (s *shard) slot(h uint32) int { return int(uint64(h) * uint64(len(s.slots)) >> 32) }

func (s *shard) next(i int) int {
	if i++; i < len(s.slots) {
		return i
	}
	return 0
}

func (s *shard) add(stored *[12]byte, h uint32) *entry {
	if s.n+1 >= maxInShard {
		panic("ledger: more than 268 million contacts")
	}
	if s.n+s.n/7 >= len(s.slots) { // seven eighths full
		s.grow()
	}
	e := s.place(s.n)
	*e = entry{key: *stored} // an outcome may have waited there
	s.n++
	s.put(s.n, h)
	return e
}

// place returns the place for the entry with an index, which is at most the number of places.
func (s *shard) place(i int) *entry {
	if i == len(s.blocks)*blockSize {
		s.blocks = append(s.blocks, new([blockSize]entry))
	}
	return s.at(i)
}

func (s *shard) put(number int, h uint32) {
	i := s.slot(h)
	for s.slots[i] != 0 {
		i = s.next(i)
	}
	s.slots[i] = h<<16 | uint32(number)
}

// grow adds a third more slots.
func (s *shard) grow() { s.resize(max(minSlots, len(s.slots)+len(s.slots)/3)) }

// resize replaces the slots by as many as it is told.
func (s *shard) resize(slots int) {
	s.slots = make([]uint32, slots)
	for i := range s.n {
		s.put(i+1, hash(&s.at(i).key))
	}
}

// index adds the outcomes that are in the places after the last entry, each as the first entry of its contact. It returns how many
// first answers they are.
func (s *shard) index(outcomes int) (answers int64) {
	if all := s.n + outcomes; all+all/7 >= len(s.slots) {
		s.resize(max(minSlots, all+all/3))
	}
	from := s.n
	for i := range outcomes {
		if s.merge(*s.at(from + i)) { // a copy: its place may become that of the entry
			answers++
		}
	}
	used := (s.n + blockSize - 1) / blockSize
	clear(s.blocks[used:])
	s.blocks = s.blocks[:used]
	return answers
}

// merge adds an outcome, given as the first entry of its contact, and reports whether it is the contact's first answer.
func (s *shard) merge(o entry) (firstAnswer bool) {
	h := hash(&o.key)
	if e := s.find(&o.key, h); e != nil {
		return e.apply(o.kind(), o.ref(), o.time())
	}
	*s.add(&o.key, h) = o
	return o.kind().Answered()
}
