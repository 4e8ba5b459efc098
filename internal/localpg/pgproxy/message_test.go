package pgproxy

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"slices"
	"testing"
)

// message returns a message as a client sends it.
func message(kind byte, body string) []byte {
	b := binary.BigEndian.AppendUint32([]byte{kind}, uint32(len(body)+4))
	return append(b, body...)
}

// What is executed is found by the names of prepared statements and portals.
func TestSession(t *testing.T) {
	s := newSession()
	for _, step := range []struct {
		kind     byte
		body     string
		executed []string
	}{
		{'P', "a\x00select 1\x00\x00\x00", nil},
		{'P', "\x00select 2\x00\x00\x00", nil},
		{'B', "\x00a\x00", nil},
		{'E', "\x00\x00\x00\x00\x00", []string{"select 1"}},
		{'B', "p\x00\x00", nil},
		{'E', "p\x00\x00\x00\x00\x00", []string{"select 2"}},
		{'E', "\x00\x00\x00\x00\x00", []string{"select 1"}},
		{'C', "Sa\x00", nil},
		{'B', "\x00a\x00", nil},
		{'E', "\x00\x00\x00\x00\x00", []string{""}},
		{'Q', "select 3; select 4\x00", []string{"select 3", "select 4"}},
		{'D', "Sa\x00", nil},
	} {
		if got := s.statements(step.kind, []byte(step.body)); !slices.Equal(got, step.executed) {
			t.Errorf("%c %q executes %q, expected %q", step.kind, step.body, got, step.executed)
		}
	}
}

// FuzzMessages: whatever a client sends is either read in full, byte for byte, or refused.
func FuzzMessages(f *testing.F) {
	f.Add(slices.Concat(message('P', "a\x00select 1\x00\x00\x00"), message('B', "\x00a\x00"), message('E', "\x00"), message('C', "Sa"), message('S', "")))
	f.Add([]byte{'Q', 0, 0, 0, 3})
	f.Add(message('C', ""))
	f.Fuzz(func(t *testing.T, sent []byte) {
		r, s := bufio.NewReader(bytes.NewReader(sent)), newSession()
		var all []byte
		for {
			next, kind, body, err := readMessage(r, all)
			if err != nil {
				break
			}
			s.statements(kind, body)
			if all = next; !bytes.HasPrefix(sent, all) {
				t.Fatalf("read %q", all)
			}
		}
		_, _, _ = readStartup(bufio.NewReader(bytes.NewReader(sent)))
	})
}
