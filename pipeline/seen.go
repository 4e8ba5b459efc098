package pipeline

import (
	"encoding/binary"
	"sync"

	"enrich/contact"
	"enrich/ledger"
)

// inFlightContacts are the contacts that this run has in flight. What it has finished is not kept here: the ledger knows it
// (State.DoneThisRun). So the set is bounded by the workers and one batch, whatever the input's length is.
type inFlightContacts struct {
	mu       sync.Mutex
	keys     map[contact.Key]struct{}
	finished []contact.Key
}

// add adds a contact, and reports whether it was not in the set.
func (s *inFlightContacts) add(k contact.Key) (first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.keys == nil {
		s.keys = map[contact.Key]struct{}{}
	}
	before := len(s.keys)
	s.keys[k] = struct{}{}
	return len(s.keys) > before
}

func (s *inFlightContacts) has(k contact.Key) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, found := s.keys[k]
	return found
}

// finish marks a contact as committed. It stays in the set until forget, because admission may have looked it up before the
// commit.
func (s *inFlightContacts) finish(k contact.Key) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finished = append(s.finished, k)
}

// forget removes the finished contacts. Admission calls it between two batches: the next lookup finds their outcomes.
func (s *inFlightContacts) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.finished {
		delete(s.keys, k)
	}
	s.finished = s.finished[:0]
}

// seenContacts are the contacts of the rows so far. A contact with an outcome is known by its reference. Any other takes 64 bits
// of its key: enough for a count that is only shown to people. The zero value is empty.
type seenContacts struct {
	refs refSet
	keys hashSet
}

// add adds a contact, and reports whether it was not in the set. The states must be of one snapshot of the ledger.
func (s *seenContacts) add(k contact.Key, state ledger.State) (first bool) {
	if state.Kind != 0 {
		return s.refs.add(uint64(state.Ref))
	}
	return s.keys.add(binary.BigEndian.Uint64(k[:]))
}

// A hashSet is a set of hashes in shards, so that only one shard exists twice while the set grows. A hash takes 10 to 14 bytes; in a
// map of Go it takes up to 38. The zero value is empty.
type hashSet struct {
	shards [hashShards]hashShard
	n      int
}

const (
	hashShards   = 1 << 8
	minHashSlots = 8
)

type hashShard struct {
	slots []uint64 // 0: free
	n     int
}

// add adds a hash, and reports whether it was not in the set. 0 counts as 1.
func (s *hashSet) add(h uint64) (first bool) {
	h = max(h, 1)
	shard := &s.shards[h%hashShards]
	if 5*(shard.n+1) > 4*len(shard.slots) {
		shard.grow()
	}
	if first = shard.put(h); first {
		shard.n++
		s.n++
	}
	return first
}

// put puts a hash into its slot, which the high bits choose. There is always a free one.
func (s *hashShard) put(h uint64) (first bool) {
	for i := int(h >> 32 * uint64(len(s.slots)) >> 32); ; i++ {
		if i == len(s.slots) {
			i = 0
		}
		switch s.slots[i] {
		case h:
			return false
		case 0:
			s.slots[i] = h
			return true
		}
	}
}

// grow adds a third more slots.
func (s *hashShard) grow() {
	old := s.slots
	s.slots = make([]uint64, max(minHashSlots, len(old)+len(old)/3))
	for _, h := range old {
		if h != 0 {
			s.put(h)
		}
	}
}
