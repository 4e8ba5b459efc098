package jsonscan_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"enrich/internal/jsonscan"
)

func TestGet(t *testing.T) {
	const text = ` {"a":{"b":[10,{"c":"x"}],"":0},"a.b":1,"d":1,"d":{"e":2},"f\u0067":3}`
	for path, expected := range map[string]string{
		"a/b/1/c": `"x"`, "a/b/0": "10", "a/b/2": "", "a/b/01": "", "a/b/-1": "", "a/": "0", "a.b": "1", "d/e": "2", "fg": "3", "a/b/0/x": "", "x": "",
	} {
		if got := jsonscan.Get(text, strings.Split(path, "/")...); got != expected {
			t.Errorf("%s: got %s, expected %s", path, got, expected)
		}
	}
	if got := jsonscan.Get(text); got != text {
		t.Errorf("no path: got %s", got)
	}
}

func TestIsObject(t *testing.T) {
	for text, expected := range map[string]bool{` {"a":1} `: true, `{}`: true, `{} x`: false, `{}{}`: false, `{"a"}`: false, `[]`: false, `"x"`: false, ``: false} {
		if got := jsonscan.IsObject(text); got != expected {
			t.Errorf("%q: got %v", text, got)
		}
	}
}

func TestToText(t *testing.T) {
	for value, expected := range map[string]string{
		`"a\"b"`: `a"b`, `""`: "", `null`: "", `-1.50E+400`: "-1.50E+400", `true`: "true", `{"a" : 1}`: `{"a" : 1}`, ``: "",
	} {
		if got, ok := jsonscan.ToText(value); got != expected || !ok {
			t.Errorf("%s: got %q, %v", value, got, ok)
		}
	}
}

// FuzzValues compares what the iterators return with the tokens of encoding/json.
func FuzzValues(f *testing.F) {
	for _, text := range texts {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if !json.Valid(text) || !utf8.Valid(text) { // encoding/json replaces what is not UTF-8
			for range jsonscan.Members(text) {
			}
			for range jsonscan.Elements(text) {
			}
			return
		}
		var got, expected []string
		for name, value := range jsonscan.Members(text) {
			got = append(got, name, string(value))
		}
		for value := range jsonscan.Elements(text) {
			got = append(got, string(value))
		}
		d := json.NewDecoder(bytes.NewReader(text))
		if start, _ := d.Token(); start == json.Delim('{') || start == json.Delim('[') {
			for d.More() {
				if start == json.Delim('{') {
					name, _ := d.Token()
					expected = append(expected, name.(string))
				}
				var value json.RawMessage
				_ = d.Decode(&value)
				expected = append(expected, string(value))
			}
		}
		if !slices.Equal(got, expected) {
			t.Errorf("%q: got %q, expected %q", text, got, expected)
		}
		if got, expected := scalars(text), libraryScalars(text); !slices.Equal(got, expected) {
			t.Errorf("%q: got scalars %q, expected %q", text, got, expected)
		}
	})
}

func scalars(text []byte) (list []string) {
	for scalar := range jsonscan.Scalars(text) {
		value, _ := jsonscan.ToText(scalar)
		if string(scalar) == "null" {
			value = "null"
		}
		list = append(list, value)
	}
	return list
}

func libraryScalars(text []byte) (list []string) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	for {
		token, err := d.Token()
		switch token := token.(type) {
		case json.Delim:
			continue
		case nil:
			if err != nil {
				return list
			}
			list = append(list, "null")
		default:
			list = append(list, fmt.Sprint(token))
		}
	}
}

func TestScalarsTellsNamesFromValues(t *testing.T) {
	var got []string
	for scalar, isName := range jsonscan.Scalars(`{"a" : "b","c":[1,{"d":true}]}`) {
		got = append(got, fmt.Sprint(scalar, isName))
	}
	const expected = `"a"true "b"false "c"true 1false "d"true truefalse`
	if strings.Join(got, " ") != expected {
		t.Errorf("got %s", got)
	}
}

func TestUnquote(t *testing.T) {
	for quoted, expected := range map[string]struct {
		text string
		ok   bool
	}{
		`""`:                   {"", true},
		`"a\"b\\c\/d"`:         {`a"b\c/d`, true},
		`"\b\f\n\r\t"`:         {"\b\f\n\r\t", true},
		`"\u00e4\u0041"`:       {"äA", true},
		`"\ud83d\ude00"`:       {"😀", true},
		`"\ud83dA"`:            {"\uFFFDA", false},
		`"\ud83d\u0041"`:       {"\uFFFDA", false},
		`"\ude00\ud83d"`:       {"\uFFFD\uFFFD", false},
		`"\ud83d\ud83d\ude00"`: {"\uFFFD😀", false},
		`"\uFFFD"`:             {"\uFFFD", false},
		"\"\xff\\n\"":          {"\xff\n", true},
	} {
		text, ok := jsonscan.Unquote(quoted)
		if text != expected.text || ok != expected.ok {
			t.Errorf("%s: got %q, %v; expected %q, %v", quoted, text, ok, expected.text, expected.ok)
		}
	}
}

func FuzzUnquote(f *testing.F) {
	f.Add(`"\ud83d\ude00\ud83d\u00e4\n\"x"`)
	f.Add(`"\u12"`)
	f.Fuzz(func(t *testing.T, quoted string) {
		var expected string
		if !strings.HasPrefix(quoted, `"`) || !strings.HasSuffix(quoted, `"`) || json.Unmarshal([]byte(quoted), &expected) != nil {
			return
		}
		got, _ := jsonscan.Unquote(quoted)
		if utf8.ValidString(quoted) && got != expected { // encoding/json replaces what is not UTF-8
			t.Errorf("%s: got %q, expected %q", quoted, got, expected)
		}
	})
}

// FuzzAppendString: what is written is JSON, and every text that JSON can contain is read back unchanged.
func FuzzAppendString(f *testing.F) {
	f.Add("a\"\\\x00\x1f\x7f\u2028\xff😀/<>&")
	f.Fuzz(func(t *testing.T, text string) {
		quoted := jsonscan.AppendString(nil, text)
		var expected string
		if err := json.Unmarshal(quoted, &expected); err != nil {
			t.Fatalf("%q is written as %s: %v", text, quoted, err)
		}
		got, _ := jsonscan.Unquote(quoted)
		if got != expected || utf8.ValidString(text) && got != text || utf8.RuneCountInString(got) != utf8.RuneCountInString(text) {
			t.Errorf("%q is written as %s", text, quoted)
		}
		// A backslash at the end keeps the text from the quick way.
		slow := string(jsonscan.AppendString(nil, text+`\`))
		if fast := strings.TrimSuffix(string(quoted), `"`) + `\\"`; fast != slow {
			t.Errorf("%q: with a backslash it is written as %s, expected %s", text, slow, fast)
		}
	})
}
