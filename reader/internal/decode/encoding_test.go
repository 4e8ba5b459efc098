package decode_test

import (
	"errors"
	"strings"
	"testing"

	"enrich/reader"
	"enrich/reader/internal/readertest"
)

// UTF-16 that is cut between the bytes of a character ends the input early. The rows before it are read.
func TestTextCutWithinACharacterIsErrBroken(t *testing.T) {
	table := strings.Repeat("a@x.example,Ann\n", 3)
	for name, input := range map[string]string{
		"little endian":        "\xff\xfe" + utf16le("email,name\n"+table) + "x",
		"half a cell":          "\xff\xfe" + utf16le("email,name\n"+table+"b@x.ex") + "a",
		"without a mark":       utf16le("email,name\n"+table) + "x",
		"big endian":           "\xfe\xff" + utf16be("email,name\n"+table) + "\x00",
		"beyond the first 64k": "\xff\xfe" + utf16le("email,name\n"+table+strings.Repeat("\n", 100_000)) + "x",
	} {
		t.Run(name, func(t *testing.T) {
			rows, err := rowsOf(t, input)
			if rows != 3 || !errors.Is(err, reader.ErrBroken) {
				t.Errorf("got %d rows, %v, expected 3 and ErrBroken", rows, err)
			}
		})
	}
}

func rowsOf(t *testing.T, input string) (rows int, err error) {
	t.Helper()
	r, err := readertest.Open([]byte(input), reader.Options{})
	if err != nil {
		return 0, err
	}
	defer func() { _ = r.Close() }()
	block := make([]reader.Row, 2)
	for {
		n, err := r.Read(block)
		if rows += n; err != nil {
			return rows, err
		}
	}
}

func utf16le(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteByte(s[i])
		b.WriteByte(0)
	}
	return b.String()
}

func utf16be(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteByte(0)
		b.WriteByte(s[i])
	}
	return b.String()
}
