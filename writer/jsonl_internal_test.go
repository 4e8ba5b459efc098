package writer

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func TestOnlyTheMemberIsReplaced(t *testing.T) {
	for in, expected := range map[string]string{
		`{}`:          `{"enrichment":NEW}`,
		`{ }`:         `{ "enrichment":NEW}`,
		" {\t} \r":    " {\t\"enrichment\":NEW} \r",
		`{"a":1}`:     `{"a":1,"enrichment":NEW}`,
		`{"a":1 } `:   `{"a":1 ,"enrichment":NEW} `,
		"{\"a\":1}\r": "{\"a\":1,\"enrichment\":NEW}\r",
		`{"a":1.0E+400,"b":"\u00e4\/","a":{"enrichment":1}}`:        `{"a":1.0E+400,"b":"\u00e4\/","a":{"enrichment":1},"enrichment":NEW}`,
		`{"enrichment":{"x":[1,"}"]},"b" : 2}`:                      `{"enrichment":NEW,"b" : 2}`,
		`{"enrichment" : null }`:                                    `{"enrichment" : NEW }`,
		`{"b":2 , "enrichment":1 , "c":3 , "enrichment":2 , "d":4}`: `{"b":2 , "enrichment":NEW , "c":3 , "d":4}`,
		`{"enrichment":1,"enrichment":2}`:                           `{"enrichment":NEW}`,
		`{"enr\u0069chment":1}`:                                     `{"enr\u0069chment":NEW}`,
		`{"Enrichment":1}`:                                          `{"Enrichment":1,"enrichment":NEW}`,
		`{"a":"\"enrichment\":1"}`:                                  `{"a":"\"enrichment\":1","enrichment":NEW}`,
	} {
		got, err := replaceMember(nil, []byte(in), []byte("NEW"))
		if err != nil || string(got) != expected {
			t.Errorf("%s: got %s, %v; expected %s", in, got, err, expected)
		}
	}
}

func TestReplaceMemberRefusesOtherValues(t *testing.T) {
	for _, in := range []string{"", " ", "[]", "null", `"a"`, "{", `{"a"`, `{"a":`, `{"a":1`, `{"a":"`, `{"a":{"b":1}`, `{} x`, `{}{}`, `{a:1}`, `{"a" 1}`, `{"a":}`, `{"\`} {
		if got, err := replaceMember(nil, []byte(in), []byte("1")); err == nil {
			t.Errorf("%q became %s", in, got)
		}
	}
}

func TestLine(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 20000) + "1\n" + strings.Repeat("}", 20000)
	for in, expected := range map[string]string{
		`{"a" : 1}`:     `{"a" : 1}`,
		"{\"a\" : 1}\r": "{\"a\" : 1}\r",
		"{\n  \"a\" : 1.0e5 ,\r\n\t\"b \\\" \" : [ 1 , \"x  y\\\\\" ]\n}\n": `{"a":1.0e5,"b \" ":[1,"x  y\\"]}`,
		"{\r\"a\":1\r}": `{"a":1}`,
		deep:            strings.ReplaceAll(deep, "\n", ""),
	} {
		if got := string(onOneLine([]byte(in))); got != expected {
			t.Errorf("%.80q: got %.80q, expected %.80q", in, got, expected)
		}
	}
}

func FuzzReplaceMember(f *testing.F) {
	f.Add([]byte(`{"a":1,"enrichment":{"b":[1,{"c":"}"}]},"enrichment":2, "d" : "\"" }`))
	f.Add([]byte("{\n\"a\":1\n}"))
	f.Fuzz(func(t *testing.T, in []byte) {
		out, err := replaceMember(nil, onOneLine(in), []byte(`{"status":"x"}`))
		if !json.Valid(in) || bytes.TrimSpace(in)[0] != '{' {
			return // it did not panic
		}
		if err != nil {
			t.Fatalf("%s: %v", in, err)
		}
		if !json.Valid(out) || bytes.ContainsAny(out, "\n") {
			t.Fatalf("%q became %q", in, out)
		}
		var was, is map[string]json.RawMessage
		if json.Unmarshal(in, &was) != nil || json.Unmarshal(out, &is) != nil {
			return // deeper than encoding/json goes
		}
		if string(is["enrichment"]) != `{"status":"x"}` {
			t.Errorf("%s became %s", in, out)
		}
		again, err := replaceMember(nil, out, []byte(`{"status":"x"}`))
		if err != nil || !bytes.Equal(again, out) {
			t.Errorf("%s once more became %s, %v", out, again, err)
		}
	})
}
