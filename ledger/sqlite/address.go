package sqlite

import (
	"encoding/binary"
	"slices"

	"enrich/contact"
)

// addresses are those that were answered, as 64 bits of their key: enough for a count that is only told to people.
type addresses struct {
	wanted bool
	hashes []uint64
	sorted bool
}

func (a *addresses) add(email contact.Key) {
	if a.wanted {
		a.hashes = append(a.hashes, binary.BigEndian.Uint64(email[:]))
		a.sorted = false
	}
}

func (a *addresses) has(k contact.Keys) bool {
	if !a.wanted || k.Email == k.Request { // no address
		return false
	}
	if !a.sorted {
		slices.Sort(a.hashes)
		a.sorted = true
	}
	_, found := slices.BinarySearch(a.hashes, binary.BigEndian.Uint64(k.Email[:]))
	return found
}
