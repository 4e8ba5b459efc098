package wal

import (
	"encoding/binary"
	"testing"
)

// The checksum is the same in both byte orders if the words are, and continues from one part to the next.
func TestChecksum(t *testing.T) {
	var little, big []byte
	var expected [2]uint32
	for i := range uint32(64) {
		word := i * 2654435761
		little, big = binary.LittleEndian.AppendUint32(little, word), binary.BigEndian.AppendUint32(big, word)
		expected[i%2] += word + expected[1-i%2]
	}
	for name, got := range map[string][2]uint32{
		"little-endian": checksum(binary.LittleEndian, [2]uint32{}, little),
		"big-endian":    checksum(binary.BigEndian, [2]uint32{}, big),
		"in two parts":  checksum(binary.LittleEndian, checksum(binary.LittleEndian, [2]uint32{}, little[:24]), little[24:]),
	} {
		if got != expected {
			t.Errorf("%s: %x instead of %x", name, got, expected)
		}
	}
}
