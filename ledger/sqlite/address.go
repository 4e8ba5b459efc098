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

func (a *addresses) has(email contact.Key) bool {
	if !a.sorted {
		slices.Sort(a.hashes)
		a.sorted = true
	}
	_, found := slices.BinarySearch(a.hashes, binary.BigEndian.Uint64(email[:]))
	return found
}

// AddressAnswered says whether a contact's address was answered, under whatever other fields. The ledger must have
// been opened with Options.Addresses. A contact without an address has none.
func (l *Ledger) AddressAnswered(k contact.Keys) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return k.Email != k.Request && l.addresses.has(k.Email)
}
