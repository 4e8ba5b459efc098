package sqlite

import (
	"encoding/binary"
	"hash/crc32"
	"sync"
	"time"

	"enrich/contact"
)

// Sizes of what is packed in asked.keys and ended.keys (see the package comment).
const (
	keysSize  = 2 * len(contact.Key{})
	endedSize = keysSize + 8
)

// ended is an outcome as ended.keys holds it.
type ended struct {
	keys contact.Keys
	kind contact.Kind
	at   int64 // milliseconds
}

func appendKeys(b []byte, k contact.Keys) []byte {
	return append(append(b, k.Request[:]...), k.Email[:]...)
}

func readKeys(b []byte) contact.Keys {
	return contact.Keys{Request: contact.Key(b[:16]), Email: contact.Key(b[16:32])}
}

func appendEnded(b []byte, e ended) []byte {
	b = appendKeys(b, e.keys)
	return binary.BigEndian.AppendUint64(b, uint64(e.at)<<8|uint64(e.kind))
}

func readEnded(b []byte) ended {
	v := binary.BigEndian.Uint64(b[keysSize:])
	return ended{readKeys(b), contact.Kind(v & 0xff), int64(v >> 8)}
}

func moment(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// checksum is CRC-32C over numbers and texts, each text behind its length, so that nothing can move from one to the
// next unseen.
func checksum(numbers []int64, texts ...[]byte) int64 {
	table := crc32.MakeTable(crc32.Castagnoli) // made once, by the standard library
	buf := checksumBuffers.Get().(*[16 * 8]byte)
	defer checksumBuffers.Put(buf)
	b := buf[:0]
	for _, n := range numbers {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	for _, t := range texts {
		b = binary.BigEndian.AppendUint64(b, uint64(len(t)))
	}
	sum := crc32.Update(0, table, b)
	for _, t := range texts {
		sum = crc32.Update(sum, table, t)
	}
	return int64(sum)
}

// checksumBuffers spare an allocation for each row that is written or read: crc32 lets its argument escape.
var checksumBuffers = sync.Pool{New: func() any { return new([16 * 8]byte) }}
