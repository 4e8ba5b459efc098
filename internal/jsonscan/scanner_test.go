package jsonscan_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"enrich/internal/jsonscan"
)

// texts are valid and invalid JSON: seeds of all fuzzers.
var texts = []string{
	``, ` `, `{}`, ` { } `, `[]`, `[ ]`, `[1 , 2]`, `{"a" : 1 , "b":[true,false , null]}`, `"a b"`, `"\u00e4\n\"\\\/"`, `"\u00e"`, `"\x"`, `"a`, `"\`,
	`0`, `-0`, `01`, `-`, `1.`, `1.0`, `.5`, `1e5`, `1E+5`, `1e`, `1e-`, `1 2`, `{}{}`, `{},`, `{"a"}`, `{"a":}`, `{,}`, `{"a":1,}`, `[1,]`, `[,1]`,
	`{a:1}`, `nul`, `nulll`, `tru`, "\"\n\"", "\"\x00\"", "\x00", "\ufeff{}", `{"a":1} x`, `'a'`, "{\v}", `[`, `{`, `{"a":[}`, `[{]}`, `}`, `]`, `12345678901234567890.10`,
	"\"\xff\"", "{\"\xff\":1}", `"\ud83d\ude00\ud83d"`, `{"a":1,"a":{"b":[{"c":"}"},[]]},"\u0061":2}`, `{"contact":{"email":"a@x.example","x":[" ",-0.5E+1]}}`,
}

func scan[T jsonscan.Text](text T, maxDepth int) *jsonscan.Scanner[T] {
	var s jsonscan.Scanner[T]
	s.Reset(text, maxDepth)
	s.Value()
	return &s
}

func TestScannerSaysWhereATextIsWrong(t *testing.T) {
	for text, expected := range map[string]struct {
		status jsonscan.Status
		offset int
	}{
		`{"a":1}`:       {jsonscan.Valid, 7},
		` [1] x`:        {jsonscan.Valid, 4},
		`12`:            {jsonscan.Valid, 2},
		``:              {jsonscan.Truncated, 0},
		`{"a":1`:        {jsonscan.Truncated, 6},
		`{"a":"\u00`:    {jsonscan.Truncated, 10},
		`[1,-`:          {jsonscan.Truncated, 4},
		`nul`:           {jsonscan.Truncated, 3},
		`{"a":tru}`:     {jsonscan.Malformed, 8},
		`{"a":"\u00g0"`: {jsonscan.Malformed, 10},
		`{"a":"\x"`:     {jsonscan.Malformed, 7},
		"[\"a\nb\"]":    {jsonscan.Malformed, 3},
		`{"a":1,}`:      {jsonscan.Malformed, 7},
		`[1 2]`:         {jsonscan.Malformed, 3},
		`[}`:            {jsonscan.Malformed, 1},
		`01`:            {jsonscan.Valid, 1}, // a value, and a text after it
		`[[[[]]]]`:      {jsonscan.TooDeep, 3},
		`{"a":[[{}]]}`:  {jsonscan.TooDeep, 7},
	} {
		s := scan(text, 3)
		if s.Status() != expected.status || s.Offset() != expected.offset {
			t.Errorf("%s: status %d at %d, expected %d at %d", text, s.Status(), s.Offset(), expected.status, expected.offset)
		}
	}
}

func TestSteppingThroughAnObject(t *testing.T) {
	var s jsonscan.Scanner[string]
	s.Reset(` {"a" : [1, {"b":2}], "\u0061":null,"c":{}} `, jsonscan.MaxDepth)
	var got []string
	s.Object()
	for name, ok := s.Member(); ok; name, ok = s.Member() {
		got = append(got, name, s.RawName())
		if !s.Array() {
			got = append(got, s.Value())
			continue
		}
		for s.Element() {
			got = append(got, s.Value())
		}
	}
	const expected = `a|"a"|1|{"b":2}|a|"\u0061"|null|c|"c"|{}`
	if strings.Join(got, "|") != expected || !s.End() || !s.Spaced() {
		t.Errorf("got %q, at the end: %v", got, s.End())
	}
}

// TestWhatWasNotEntered: a scanner that is used wrongly, or on another type than expected, says that the text is malformed.
func TestWhatWasNotEntered(t *testing.T) {
	for _, text := range []string{`}`, `]`, `1`, `[1]`, `{"a":1}`, ``} {
		var s jsonscan.Scanner[string]
		s.Reset(text, jsonscan.MaxDepth)
		if s.MemberIs(`,"a":`) {
			t.Errorf("%s has a member", text)
		}
		if _, ok := s.Member(); ok || s.Element() || s.Object() || s.Array() || s.Value() != "" || s.Text() != "" || s.Peek() != 0 || s.End() {
			t.Errorf("%s was read", text)
		}
	}
}

// TestDepth: depth is limited, costs little memory, and does not recurse.
func TestDepth(t *testing.T) {
	for depth, valid := range map[int]bool{jsonscan.MaxDepth: true, jsonscan.MaxDepth + 1: false} {
		for _, text := range []string{
			strings.Repeat("[", depth) + strings.Repeat("]", depth),
			strings.Repeat(`{"a":`, depth) + "1" + strings.Repeat("}", depth),
		} {
			if s := scan(text, jsonscan.MaxDepth); s.End() != valid || json.Valid([]byte(text)) != valid {
				t.Errorf("depth %d: status %d", depth, s.Status())
			}
		}
	}
	const million = 1_000_000
	if s := scan(strings.Repeat("[", million)+strings.Repeat("]", million), million); !s.End() {
		t.Errorf("status %d", s.Status())
	}
}

// FuzzScanner compares the scanner with encoding/json, and what it calls truncated with all beginnings of a valid text.
func FuzzScanner(f *testing.F) {
	for _, text := range texts {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, s2 := scan(text, jsonscan.MaxDepth), scan(string(text), jsonscan.MaxDepth)
		status, offset := s.Status(), s.Offset()
		if status != s2.Status() || offset != s2.Offset() || offset > len(text) {
			t.Fatalf("%q: status %d at %d, as a string %d at %d", text, status, offset, s2.Status(), s2.Offset())
		}
		if valid := s.End(); valid != json.Valid(text) {
			t.Fatalf("%q: status %d at %d, encoding/json says %v", text, status, offset, json.Valid(text))
		}
		if status == jsonscan.Malformed && scan(text[:offset], jsonscan.MaxDepth).Status() == jsonscan.Malformed {
			t.Fatalf("%q is malformed before %d", text, offset)
		}
		if status != jsonscan.Valid {
			return
		}
		for n := range offset {
			s := scan(text[:n], jsonscan.MaxDepth)
			number := n > 0 && strings.IndexByte("0123456789", text[n-1]) >= 0 // may go on
			if s.Status() != jsonscan.Truncated && (s.Status() != jsonscan.Valid || !number) {
				t.Fatalf("the first %d bytes of %q: status %d at %d", n, text, s.Status(), s.Offset())
			}
		}
	})
}

// FuzzMemberIs steps through an object in two ways: by Member and Value, and by MemberIs, with two guesses, and Text.
func FuzzMemberIs(f *testing.F) {
	for _, text := range texts {
		f.Add([]byte(text), "a", "\\")
	}
	f.Add([]byte(`{"contact":{},"email":"a\"b","a" :"c", "b":null,"b":"d"}x`), "email", "b")
	f.Fuzz(func(t *testing.T, text []byte, name, other string) {
		guesses := []string{"," + string(jsonscan.AppendString(nil, name)) + ":", "," + string(jsonscan.AppendString(nil, other)) + ":"}
		var plain, quick jsonscan.Scanner[[]byte]
		plain.Reset(text, jsonscan.MaxDepth)
		quick.Reset(text, jsonscan.MaxDepth)
		if plain.Object() != quick.Object() {
			t.Fatal("one of them entered the object")
		}
		for {
			_, expected := plain.Member()
			if got := quick.MemberIs(guesses[0]) || quick.MemberIs(guesses[1]); !got {
				_, got = quick.Member()
				if got != expected {
					t.Fatalf("%q at %d: %v, expected %v", text, plain.Offset(), got, expected)
				}
			}
			if !expected {
				break
			}
			if !bytes.Equal(quick.RawName(), plain.RawName()) {
				t.Fatalf("%q: member %s, expected %s", text, quick.RawName(), plain.RawName())
			}
			value, _ := jsonscan.ToText(plain.Value())
			if got := quick.Text(); got != value {
				t.Fatalf("%q: %s is %q, expected %q", text, plain.RawName(), got, value)
			}
		}
		if quick.Status() != plain.Status() || quick.Offset() != plain.Offset() || quick.Spaced() != plain.Spaced() || quick.End() != plain.End() {
			t.Fatalf("%q: status %d at %d, expected %d at %d", text, quick.Status(), quick.Offset(), plain.Status(), plain.Offset())
		}
	})
}

// FuzzCompact compares AppendCompact, and whether there was anything to remove, with encoding/json.
func FuzzCompact(f *testing.F) {
	for _, text := range texts {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s := scan(text, jsonscan.MaxDepth)
		var expected bytes.Buffer
		if !s.End() || json.Compact(&expected, text) != nil {
			return
		}
		got := jsonscan.AppendCompact(nil, text)
		if !bytes.Equal(got, expected.Bytes()) || s.Spaced() == bytes.Equal(got, text) {
			t.Errorf("%q: got %q, expected %q; spaced: %v", text, got, expected.Bytes(), s.Spaced())
		}
	})
}

func TestEscapeControls(t *testing.T) {
	for text, expected := range map[string]string{
		"{\"a\":\"x\ty\x00\"}":        `{"a":"x\u0009y\u0000"}`,
		"{\n\"a\\\"\n\":\t1}":         "{\n\"a\\\"\\u000a\":\t1}",
		"\"\\\n\"":                    `"\\u000a"`, // the backslash escapes nothing: the text stays malformed
		`{"a":"\n"}`:                  `{"a":"\n"}`,
		"\"open\n":                    `"open\u000a`,
		"{\"a\":\"\xff\u2028é\x7f\"}": "{\"a\":\"\xff\u2028é\x7f\"}",
	} {
		if got := jsonscan.EscapeControls([]byte(text)); string(got) != expected {
			t.Errorf("%q: got %q, expected %q", text, got, expected)
		}
	}
}

const row = `{"id":1,"First Name":"Ann","Last Name":"Smith","Email":"ann.smith@example.com","Company":"Example, Inc.","Phone":"+1 800 555 1234","Tags":["a",{"b":null}]}`

func TestScannerDoesNotAllocate(t *testing.T) {
	var s jsonscan.Scanner[string]
	if n := testing.AllocsPerRun(100, func() { readRow(&s) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func readRow(s *jsonscan.Scanner[string]) {
	s.Reset(row, jsonscan.MaxDepth)
	s.Object()
	for _, ok := s.Member(); ok; _, ok = s.Member() {
		s.Value()
	}
}

func BenchmarkScanner(b *testing.B) {
	var s jsonscan.Scanner[string]
	b.ReportAllocs()
	b.SetBytes(int64(len(row)))
	for b.Loop() {
		readRow(&s)
	}
}
