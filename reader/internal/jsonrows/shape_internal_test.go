package jsonrows

import (
	"strings"
	"testing"
)

func TestWhatLooksLikeJSON(t *testing.T) {
	for in, want := range map[string]bool{
		`{"email":"a"}`:                  true,
		"\r\n {\"email\":\"a\"}\n":       true,
		`{}`:                             true,
		`{"a":1}{"a":2}`:                 true,
		`{"a":1}, {"a":2}`:               true,
		`{"a":1},` + "\n":                true,
		"{\n  \"a\": [\n    1,":          true,
		`[{"a":1},`:                      true,
		"[\n  {\n    \"a\": 1\n  }\n]\n": true,
		`[{"a":tru}]`:                    true,
		`[1, "x"]` + "\n" + `{"a":1}`:    true,
		`[]`:                             true,
		`ail":"x"}` + strings.Repeat("\n{\"a\":1}", 4): true,
		`{"a":1` + strings.Repeat("\n{\"a\":1}", 4):    true,
		`{"a":1},x,y` + "\n" + `{"a":2},z,y` + "\n":    false,
		`{name},{mail}` + "\n":                         false,
		`{"a"},b` + "\n" + `1,2`:                       false,
		`[name],[mail]` + "\n" + `1,2`:                 false,
		`[1],[2]` + "\n" + `1,2`:                       false,
		"email,name\na@x.com,Ann\n":                    false,
		`"email","name"` + "\n":                        false,
		"email\n{\"a\":1}\na@x.com\n":                  false,
		"":                                             false,
		"  \n":                                         false,
	} {
		if got := Detect([]byte(in)); got != want {
			t.Errorf("%q: got %v", in, got)
		}
	}
}

func TestABlockMayEndAnywhere(t *testing.T) {
	for _, in := range []string{`{"email":"a","x":[1,{"b":"c\n"}]}`, `[{"email":"a"},{"email":"b"}]`, "[\n  {\n    \"a\": 1\n  }\n]\n"} {
		for n := 1; n <= len(in); n++ {
			if !Detect([]byte(in[:n])) {
				t.Errorf("%q does not", in[:n])
			}
		}
	}
}
