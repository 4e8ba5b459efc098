package jobresults

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"enrich/client/internal/redact"
	"enrich/contact"
)

func receive(t testing.TB, body string, h http.Header) *File {
	t.Helper()
	f, err := Receive(strings.NewReader(body), h, 1<<30, redact.New("a key that is in no text"), func() {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// read returns all elements of a text that arrives in parts of n bytes; 0: at once.
func read(f *File, n int) (elements []Element, err error) {
	r := NewReader(f)
	if n > 0 {
		r.window.from = &inParts{f.Text(), n}
	}
	for {
		e, err := r.Next()
		if errors.Is(err, io.EOF) {
			return elements, nil
		}
		if err != nil {
			return elements, err
		}
		e.Raw = bytes.Clone(e.Raw)
		elements = append(elements, e)
	}
}

// inParts reads at most n bytes at once.
type inParts struct {
	from io.Reader
	n    int
}

func (p *inParts) Read(b []byte) (int, error) { return p.from.Read(b[:min(len(b), p.n)]) }

// FuzzReader compares the reader with encoding/json. They agree on what is an object with a list of contacts, on the elements and
// on the ids, wherever the text is divided.
func FuzzReader(f *testing.F) {
	id := strings.Repeat("0f", 16)
	for _, seed := range []string{
		`{"contacts":[]}`, `{"contacts":[{"custom_fields":{"enrich_id":"` + id + `"},"a":1}],"remaining_credits":3}`,
		` { "x" : [ 1 , {} ] , "contacts" : [ null , -1.5e+3 , "a\u00e9\\" , true ] } `, `{"contacts":[1],"contacts":[2]}`, `{"contacts":null}`,
		`{"contacts":{}}`, `[]`, ``, `{"contacts":[1,]}`, `{"contacts":[1 2]}`, `{"contacts":[]}x`, "{\"contacts\":[\"a\nb\"]}", "\xef\xbb\xbf{\"contacts\":[]}", "{\"contacts\":[]}\x00",
		`{"\u0063ontacts":[{"custom_fields":{"enrich_id":"` + id + `","enrich_id":5}},{"custom_fields":[]}]}`,
		`{"contacts":[{"custom_fields":{"enrich_id":"` + id + `"},"custom_fields":null,"credit_charged":"true"}]}`,
	} {
		f.Add([]byte(seed), byte(3))
	}
	f.Fuzz(func(t *testing.T, text []byte, n byte) {
		file := receive(t, string(text), nil)
		elements, err := read(file, int(n))
		whole, wholeErr := read(file, 0)
		if (err == nil) != (wholeErr == nil) || len(elements) != len(whole) {
			t.Fatalf("in parts of %d bytes: %d elements, %v; at once: %d, %v", n, len(elements), err, len(whole), wholeErr)
		}
		if err != nil && !errors.Is(err, contact.ErrResults) {
			t.Fatal(err)
		}
		if tolerated := bytes.ContainsAny(text, "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x0b\x0c\x0e\x0f\x1a\x1f\n\t\r\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1b\x1c\x1d\x1e") || !utf8.Valid(text); tolerated {
			return // the reader accepts more than JSON
		}
		expected, ok := oracle(bytes.TrimLeft(text, "\ufeff"))
		if ok != (err == nil) || ok && len(expected) != len(elements) {
			t.Fatalf("%d elements, %v; encoding/json has %d, %t", len(elements), err, len(expected), ok)
		}
		for i := range expected {
			compareElement(t, expected[i], &elements[i])
		}
	})
}

// oracle returns the elements of all lists of contacts; ok is false if the text is not an object with only such.
func oracle(text []byte) (elements []json.RawMessage, ok bool) {
	if !json.Valid(text) {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(text))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return nil, false
	}
	for d.More() {
		name, _ := d.Token()
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, false
		}
		if name != "contacts" {
			continue
		}
		var list []json.RawMessage
		if err := json.Unmarshal(value, &list); err != nil || list == nil {
			return nil, false
		}
		elements, ok = append(elements, list...), true
	}
	return elements, ok
}

func compareElement(t *testing.T, expected json.RawMessage, e *Element) {
	t.Helper()
	if string(e.Raw) != string(expected) {
		t.Fatalf("element %q, expected %q", e.Raw, expected)
	}
	if expected[0] != '{' {
		if e.HasKey || e.Answer.Body != nil {
			t.Fatalf("%q is not an object, but has %v %q", expected, e.Key, e.Answer.Body)
		}
		return
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(expected, &members); err != nil {
		t.Fatal(err)
	}
	var custom map[string]json.RawMessage
	_ = json.Unmarshal(members["custom_fields"], &custom) // nil if it is not an object
	id := string(custom[IDField])
	key, err := hex.DecodeString(strings.Trim(id, `"`))
	isKey := err == nil && len(key) == 16 && len(id) == 34 && id[0] == '"'
	if e.HasKey != isKey || isKey && !bytes.Equal(e.Key[:], key) {
		t.Fatalf("%q: key %x %t, expected %x %t", expected, e.Key, e.HasKey, key, isKey)
	}
	var answer struct {
		Contact map[string]json.RawMessage
	}
	if err := json.Unmarshal(e.Answer.Body, &answer); err != nil {
		t.Fatalf("%q: %v", e.Answer.Body, err)
	}
	delete(members, "custom_fields")
	if len(answer.Contact) != len(members) {
		t.Fatalf("%q: members %v, expected %v", expected, answer.Contact, members)
	}
	for name, value := range members {
		var a, b bytes.Buffer
		_ = json.Compact(&a, value)
		_ = json.Compact(&b, answer.Contact[name])
		if a.String() != b.String() {
			t.Fatalf("%q: %s is %q", expected, name, answer.Contact[name])
		}
	}
}

// The text may be divided anywhere, also within an escape, a number or a byte order mark.
func TestATextInParts(t *testing.T) {
	text := "\xef\xbb\xbf{ \"a\":-1.25e3, \"contacts\" : [ {\"custom_fields\":{\"enrich_id\":\"" + strings.Repeat("a0", 16) + "\"},\"b\":\"\\u00e9\\\\\"} , 12 , \"x\ty\" ] }\x00"
	file := receive(t, text, nil)
	for n := 1; n <= len(text); n++ {
		elements, err := read(file, n)
		if err != nil || len(elements) != 3 || !elements[0].HasKey || string(elements[1].Raw) != "12" || string(elements[2].Raw) != `"x\u0009y"` {
			t.Fatalf("parts of %d bytes: %+v, %v", n, elements, err)
		}
	}
}

// A disk that fails is not taken for the end of the results.
func TestAFailingDisk(t *testing.T) {
	failed := errors.New("disk")
	for _, text := range []string{``, `{"contacts":[`, `{"contacts":[1`, `{"contacts":[1]}`, `{"contacts":[1]} `} {
		r := NewReader(receive(t, text, nil))
		r.window.from = io.MultiReader(strings.NewReader(text), iotest.ErrReader(failed))
		var err error
		for err == nil {
			_, err = r.Next()
		}
		if !errors.Is(err, failed) || errors.Is(err, contact.ErrResults) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestAConnectionThatBreaks(t *testing.T) {
	failed := errors.New("reset")
	f, err := Receive(io.MultiReader(strings.NewReader(`{"contacts":[1`), iotest.ErrReader(failed)), nil, 100, redact.New("key"), func() {})
	if !errors.Is(err, failed) || f == nil || f.Size() != 14 {
		t.Fatalf("%+v, %v", f, err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

// Servers name a Latin encoding by mistake: only text that is not UTF-8 is taken for it.
func TestEncodings(t *testing.T) {
	latin := http.Header{"Content-Type": {"application/json; charset=iso-8859-1"}}
	filler := strings.Repeat(" ", 100_000)
	for body, want := range map[string]string{
		"{\"contacts\":[\"caf\xe9\"" + filler + "]}":     `"café"`,
		"{\"contacts\":[\"caf\xc3\xa9\"" + filler + "]}": `"café"`,
		"{\"contacts\":" + filler + "[\"\xff\xfe\"]}":    `"ÿþ"`,
	} {
		elements, err := read(receive(t, body, latin), 0)
		if err != nil || len(elements) != 1 || string(elements[0].Raw) != want {
			t.Errorf("%.40q: %+v, %v", body, elements, err)
		}
	}
	elements, err := read(receive(t, "{\"contacts\":[\"caf\xe9\xff!\"]}", nil), 0)
	if err != nil || len(elements) != 1 || string(elements[0].Raw) != "\"caf\uFFFD!\"" {
		t.Errorf("%+v, %v", elements, err)
	}
}
