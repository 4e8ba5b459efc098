// Package codec has the encodings that the stores of the ledger share: how the keys of contacts are packed into one value, and
// the checksum of a row.
package codec

import (
	"encoding/binary"
	"hash/crc32"
	"sync"

	"enrich/contact"
)

// Sizes of a key and of the two keys of a contact, in bytes.
const (
	KeySize  = len(contact.Key{})
	KeysSize = 2 * KeySize
)

// AppendKeys appends both keys of a contact: the request's, then the address's.
func AppendKeys(b []byte, k contact.Keys) []byte {
	return append(append(b, k.Request[:]...), k.Email[:]...)
}

// ReadKeys reads what AppendKeys wrote; b has at least KeysSize bytes.
func ReadKeys(b []byte) contact.Keys {
	return contact.Keys{Request: contact.Key(b[:KeySize]), Email: contact.Key(b[KeySize:KeysSize])}
}

// Intents packs the intents of one commit: the keys of each contact, and a JSON array of the contacts in the same order. A contact
// that was erased has zero keys, and null in its place. The zero value is empty.
type Intents struct{ keys, contacts []byte }

// Reset empties it and keeps its memory.
func (p *Intents) Reset() { p.keys, p.contacts = p.keys[:0], p.contacts[:0] }

// Add adds a contact.
func (p *Intents) Add(c *contact.Contact, k contact.Keys) {
	if len(p.contacts) == 0 {
		p.contacts = append(p.contacts, '[')
	} else {
		p.contacts = append(p.contacts, ',')
	}
	p.keys = AppendKeys(p.keys, k)
	if k == (contact.Keys{}) {
		p.contacts = append(p.contacts, "null"...)
		return
	}
	p.contacts = c.AppendJSON(p.contacts)
}

// Packed returns the keys and the array. They are valid until the next Reset; nothing can be added before.
func (p *Intents) Packed() (keys, contacts []byte) {
	if len(p.contacts) == 0 {
		p.contacts = append(p.contacts, '[')
	}
	p.contacts = append(p.contacts, ']')
	return p.keys, p.contacts
}

// Checksum is CRC-32C over numbers (at most 16, with the texts) and texts, each text after its length, so that no byte can move
// from one text to the next unnoticed.
func Checksum(numbers []int64, texts ...[]byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli) // created once, by the standard library
	buf := buffers.Get().(*[16 * 8]byte)
	defer buffers.Put(buf)
	b := buf[:0]
	for _, n := range numbers {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	for _, t := range texts {
		b = binary.BigEndian.AppendUint64(b, uint64(len(t)))
	}
	sum := crc32.Update(0, table, b)
	for _, t := range texts {
		if len(t) > 0 {
			sum = crc32.Update(sum, table, t)
		}
	}
	return sum
}

// buffers save an allocation for each row that is written or read: crc32 lets its argument escape.
var buffers = sync.Pool{New: func() any { return new([16 * 8]byte) }}
