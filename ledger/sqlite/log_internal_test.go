package sqlite

import (
	"encoding/binary"
	"testing"
)

// The checksum of a log is the same in both byte orders if the words are, and is carried on from one part to the next.
func TestTheLogsChecksum(t *testing.T) {
	var little, big []byte
	var want [2]uint32
	for i := range uint32(64) {
		word := i * 2654435761
		little, big = binary.LittleEndian.AppendUint32(little, word), binary.BigEndian.AppendUint32(big, word)
		want[i%2] += word + want[1-i%2]
	}
	for name, got := range map[string][2]uint32{
		"little-endian": sums(binary.LittleEndian, [2]uint32{}, little),
		"big-endian":    sums(binary.BigEndian, [2]uint32{}, big),
		"in two parts":  sums(binary.LittleEndian, sums(binary.LittleEndian, [2]uint32{}, little[:24]), little[24:]),
	} {
		if got != want {
			t.Errorf("%s: %x instead of %x", name, got, want)
		}
	}
}
