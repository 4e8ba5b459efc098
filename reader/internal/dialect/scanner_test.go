package dialect_test

import (
	"encoding/csv"
	"fmt"
	"strings"
	"testing"

	"enrich/reader/internal/dialect"
)

func TestFaults(t *testing.T) {
	csvDialect := dialect.Dialect{Delimiter: ",", Quote: '"'}
	for text, expected := range map[string]dialect.Fault{
		"a,b\n":                                  dialect.NoFault,
		"\"a\"\"b\",c\n":                         dialect.NoFault,
		"\"a\" ,b\n":                             dialect.NoFault,
		"\"a\"b,c\n":                             dialect.TextAfterQuote,
		"\"a,b\n":                                dialect.UnclosedQuote,
		"a\"b,c\"d\n":                            dialect.QuotesAcrossCells,
		strings.Repeat(",", dialect.MaxColumns):  dialect.TooWide,
		"5\" pipe,b\n":                           dialect.NoFault,
		strings.Repeat(",", 10) + "\"x\ny\",z\n": dialect.NoFault,
	} {
		if _, f := dialect.NewScanner(csvDialect).Record([]byte(text), true); f != expected {
			t.Errorf("%.20q: fault %d, expected %d", text, f, expected)
		}
	}
}

// Until the whole record is there, any part of it is incomplete, and no fault is reported.
func TestPartsOfARecordAreIncomplete(t *testing.T) {
	for _, text := range []string{"a,\"b\"\"\nc\",d\r\n", "a,b\n", "\"\",\"x\" ,y\n"} {
		s := dialect.NewScanner(dialect.Dialect{Delimiter: ",", Quote: '"'})
		for n := range len(text) {
			if _, f := s.Record([]byte(text[:n]), false); f != dialect.Incomplete {
				t.Errorf("%q: fault %d", text[:n], f)
			}
		}
		if size, f := s.Record([]byte(text+"next,row\n"), false); size != len(text) || f != dialect.NoFault {
			t.Errorf("%q: size %d, fault %d", text, size, f)
		}
	}
}

// FuzzScanner compares records with those of encoding/csv, which is the oracle for the plain dialect.
func FuzzScanner(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "\"a\"\"b\",\"c\nd\"\n", "\"x\",\"\"\n,\n", "a\n\nb\n", "ä,\"ö,\"\r\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		oracle := csv.NewReader(strings.NewReader(text))
		oracle.FieldsPerRecord = -1
		expected, err := oracle.ReadAll()
		if err != nil || strings.ContainsAny(strings.ReplaceAll(text, "\r\n", "\n"), "\r") || len(text) > 1<<12 {
			t.Skip() // not the plain dialect
		}
		s := dialect.NewScanner(dialect.Dialect{Delimiter: ",", Quote: '"'})
		var got [][]string
		for rest := []byte(text); len(rest) > 0; {
			size, fault := s.Record(rest, true)
			if fault != dialect.NoFault {
				t.Fatalf("%q: fault %d", rest, fault)
			}
			var record []string
			for _, c := range s.Spans {
				cell := string(rest[c.From:c.To])
				if c.Escaped {
					cell = string(s.Unescape(nil, cell))
				}
				record = append(record, strings.ReplaceAll(cell, "\r\n", "\n")) // encoding/csv does so in quotes
			}
			if line := strings.TrimRight(string(rest[:size]), "\r\n"); line != "" {
				got = append(got, record)
			}
			rest = rest[size:]
		}
		if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", expected) {
			t.Errorf("%q: got %q, expected %q", text, got, expected)
		}
	})
}
