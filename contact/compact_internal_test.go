package contact

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// agree holds compact against encoding/json.
func agree(t *testing.T, src string) {
	t.Helper()
	var want bytes.Buffer
	err := json.Compact(&want, []byte(src))
	got, ok := compact([]byte(src))
	if ok != (err == nil) || ok && string(got) != want.String() {
		t.Errorf("%.200q: got %.200q %t, encoding/json says %.200q %v", src, got, ok, want.String(), err)
	}
}

var values = []string{
	``, ` `, `{}`, ` { } `, `[]`, `[ ]`, `[1 , 2]`, `{"a" : 1 , "b":[true,false , null]}`, `"a b"`, `"\u00e4\n\"\\\/"`, `"\u00e"`, `"\x"`, `"a`, `"\`,
	`0`, `-0`, `01`, `-`, `1.`, `1.0`, `.5`, `1e5`, `1E+5`, `1e`, `1e-`, `1 2`, `{}{}`, `{},`, `{"a"}`, `{"a":}`, `{,}`, `{"a":1,}`, `[1,]`, `[,1]`,
	`{a:1}`, `nul`, `nulll`, `tru`, "\"\n\"", "\"\x00\"", "\x00", "\ufeff{}", `{"a":1} x`, `'a'`, "{\v}", `[`, `{`, `{"a":[}`, `[{]}`, `12345678901234567890.10`, "\"\xff\"",
}

func TestCompactIsThatOfEncodingJSON(t *testing.T) {
	for _, v := range values {
		agree(t, v)
		agree(t, `{"x": `+v+` }`)
		agree(t, `[`+v+`, `+v+`]`)
	}
	for _, depth := range []int{9999, 10000, 10001} {
		agree(t, strings.Repeat("[", depth)+strings.Repeat("]", depth))
		agree(t, strings.Repeat(`{"a":`, depth)+"1"+strings.Repeat("}", depth))
	}
}

func FuzzCompact(f *testing.F) {
	for _, v := range values {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, src string) { agree(t, src) })
}
