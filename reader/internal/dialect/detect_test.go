package dialect_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"enrich/reader"
	"enrich/reader/internal/dialect"
	"enrich/reader/internal/readertest"
)

// Both passes must detect the same dialect: the order in which scores are added must not matter.
func TestDetectionIsDeterministic(t *testing.T) {
	block := []byte("Report: leads\r\n\r\nEm'\t 'City'x\nann0@x0.example\t Mülle'ann1@x1.e\t Müller\t ''\r\nail\t 'Last Name'\t 'City'\r\n" +
		"ann0@x0.example\t Mülle'ann1@x1.example'\t Müller\t ''\r\n")
	first := dialect.Detect(block, true, dialect.Options{})
	for range 200 {
		if d := dialect.Detect(block, true, dialect.Options{}); d != first {
			t.Fatalf("detected %+v, then %+v", first, d)
		}
	}
}

// A header with too many columns is refused, whatever divides them, as with --delimiter.
func TestTooManyColumnsAreRefused(t *testing.T) {
	for _, delimiter := range []string{",", ";", "\t", "|"} {
		names := make([]string, 5000)
		for i := range names {
			names[i] = fmt.Sprint("c", i)
		}
		header := strings.Join(names, delimiter) + "\n"
		for name, input := range map[string]string{
			"alone": header, "with a row": header + strings.Repeat("1"+delimiter, 4999) + "1\n", "behind a blank line": "\n" + header,
		} {
			for _, o := range []reader.Options{readertest.AnyColumns, {AnyColumns: true, Delimiter: delimiter}} {
				_, _, err := readertest.Read(t, []byte(input), o)
				if !errors.Is(err, reader.ErrHeader) || !strings.Contains(err.Error(), "more than 4096 columns") {
					t.Errorf("%q %s, %+v: %v", delimiter, name, o, err)
				}
			}
		}
	}
	if _, rows, err := readertest.Read(t, []byte("note\n\""+strings.Repeat("so, ", 5000)+"\"\n"), readertest.AnyColumns); err != nil || len(rows) != 1 {
		t.Errorf("one column with many commas: %d rows, %v", len(rows), err)
	}
}

// A header alone is a table of no rows, whatever its quotes have in them.
func TestAHeaderAloneWithDoubledQuotes(t *testing.T) {
	for input, want := range map[string]string{
		"email,\"the \"\"best\"\" name\"\n":          `email|the "best" name`,
		"email,\"a, \"\"b\"\"\"\n":                   `email|a, "b"`,
		"\"email\",\"\"\"name\"\"\"\n":               `email|"name"`,
		"\"e \"\"mail\"\"\",\"na \"\"me\"\"\"":       `e "mail"|na "me"`,
		"\"e \"\"mail\"\"\"\t\"na \"\"me\"\"\"\n":    `e "mail"|na "me"`,
		"\"e \"\"mail\"\"\";\"na \"\"me\"\"\"":       `e "mail"|na "me"`,
		"\"e-mail \"\"work\"\"\"\n":                  `e-mail "work"`,
		"\"a \"\"x\"\" (1)\",\"b, \"\"y\"\"\",c\r\n": `a "x" (1)|b, "y"|c`,
		"\"a \"\"x\"\"\"\t\"b\"\n":                   `a "x"|b`,
		"email,\"\"\"\"\n":                           `email|"`,
	} {
		r, rows, err := readertest.Read(t, []byte(input), readertest.AnyColumns)
		if err != nil || len(rows) != 0 || strings.Join(r.Info().Header, "|") != want {
			t.Errorf("%q: %v", input, err)
			if err == nil {
				t.Errorf("%q, %d rows", r.Info().Header, len(rows))
			}
		}
	}
}
