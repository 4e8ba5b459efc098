package writer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"enrich/internal/jsonscan"
)

// fieldsOf reads a body and returns what was filled, and Extra.
func fieldsOf(t interface{ Fatalf(string, ...any) }, a *answer, body string) (map[string]string, string) {
	if err := a.read([]byte(body)); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	got := map[string]string{}
	names := Fields()
	for i, name := range names[:len(names)-1] {
		if value := a.cells[messageColumn+1+i]; value != "" {
			got[name] = value
		}
	}
	return got, a.cells[len(a.cells)-1]
}

func TestAnAnswerIsReadWhateverItsShape(t *testing.T) {
	tests := map[string]struct{ body, fields, extra string }{
		"nothing":                   {`{}`, "", ""},
		"members that are omitted":  {`{"contact":{"credit_charged":false,"error":"none","remaining_credits":1},"remaining_credits":2}`, "", ""},
		"a string unescaped":        {`{"contact":{"title":"\"VP\"\n\u00e4\/"}}`, "title=\"VP\"\nä/", ""},
		"numbers as they were":      {`{"contact":{"title":1.50E+400,"company":{"name":12345678901234567890}}}`, "company_name=12345678901234567890 title=1.50E+400", ""},
		"booleans, null":            {`{"contact":{"title":true,"email":null,"first_name":false}}`, "first_name=false title=true", ""},
		"a cell that is nested":     {`{"contact":{"title":{"en":"VP"},"email":["a@x.com"]}}`, `email=["a@x.com"] title={"en":"VP"}`, ""},
		"not an object":             {`{"contact":{"location":"Berlin","company":["x"],"email":"a"}}`, "email=a", `{"contact":{"location":"Berlin","company":["x"]}}`},
		"contact is none":           {`{"contact":"none","x":1}`, "", `{"x":1,"contact":"none"}`},
		"contact is null":           {`{"contact":null}`, "", ""},
		"nested object is null":     {`{"contact":{"company":{"location":null},"location":null}}`, "", ""},
		"unknown members, nested":   {`{"id":7,"contact":{"twitter":"@a","company":{"size":[1, 2],"location":{"city":"X"}}}}`, "", `{"id":7,"contact":{"twitter":"@a","company":{"size":[1, 2],"location":{"city":"X"}}}}`},
		"an error with more":        {`{"contact":{"error":{"message":"no","code":5}},"error":"top"}`, "", `{"error":"top","contact":{"error":{"message":"no","code":5}}}`},
		"charged in words":          {`{"contact":{"credit_charged":"yes"}}`, "", `{"contact":{"credit_charged":"yes"}}`},
		"a cell twice":              {`{"contact":{"email":"a","email":"b"}}`, "email=b", ""},
		"a cell twice, then null":   {`{"contact":{"email":"a","email":null}}`, "", ""},
		"contact twice":             {`{"contact":{"email":"a","x":1,"company":{"name":"n","y":1}},"contact":{"title":"t"}}`, "title=t", ""},
		"company twice":             {`{"contact":{"company":{"name":"n","location":{"city":"c"}},"company":"none"}}`, "", `{"contact":{"company":"none"}}`},
		"company twice, odd first":  {`{"contact":{"company":"none","company":{"name":"n"}}}`, "company_name=n", ""},
		"unknown twice":             {`{"x":1,"x":2}`, "", `{"x":1,"x":2}`},
		"names with escapes":        {`{"contact":{"em\u0061il":"a","\u0078":1}}`, "email=a", `{"contact":{"\u0078":1}}`},
		"names elsewhere":           {`{"email":"top","contact":{"name":"inner","country":"c"}}`, "", `{"email":"top","contact":{"name":"inner","country":"c"}}`},
		"white space":               {" {\n\"contact\" : { \"email\" : \"a\" , \"x\" : 1 } } ", "email=a", `{"contact":{"x":1}}`},
		"remaining credits, object": {`{"remaining_credits":{"a":1},"contact":{"remaining_credits":[2]}}`, "", ""},
		"control characters":        {`{"contact":{"email":"\u0000\u001b[31m"}}`, "email=\x00\x1b[31m", ""},
	}
	a := newAnswer() // one for all: nothing of one answer may show in the next
	for name, tt := range tests {
		fields, extra := fieldsOf(t, a, tt.body)
		var got []string
		for _, f := range []string{"first_name", "email", "company_name", "title"} {
			if v, ok := fields[f]; ok {
				got = append(got, f+"="+v)
				delete(fields, f)
			}
		}
		if strings.Join(got, " ") != tt.fields || extra != tt.extra || len(fields) > 0 {
			t.Errorf("%s: got %q %v and %s, expected %q and %s", name, got, fields, extra, tt.fields, tt.extra)
		}
	}
}

func TestDeepNestingIsNoDanger(t *testing.T) {
	const depth = 500_000
	deep := strings.Repeat(`[`, depth) + strings.Repeat(`]`, depth)
	fields, extra := fieldsOf(t, newAnswer(), `{"contact":{"email":"a","x":`+deep+`}}`)
	if fields["email"] != "a" || extra != `{"contact":{"x":`+deep+`}}` {
		t.Error("the answer was not kept")
	}
}

// A member as encoding/json reads it: the model that the scanner is held against.
type modelMember struct {
	name string
	raw  string
}

func modelMembers(object string) []modelMember {
	d := json.NewDecoder(strings.NewReader(object))
	_, _ = d.Token()
	var list []modelMember
	for d.More() {
		name, _ := d.Token()
		var raw json.RawMessage
		_ = d.Decode(&raw)
		list = append(list, modelMember{name.(string), string(raw)})
	}
	return list
}

// modelRead walks the tree of documented members by paths, the slow and plain way.
func modelRead(parent *member, path, object string, fields map[string]string) (rest []string) {
	last := map[string]string{}
	for _, m := range modelMembers(object) {
		if parent.byName[m.name] == nil {
			name, _ := json.Marshal(m.name)
			rest = append(rest, string(name)+":"+m.raw)
			continue
		}
		last[m.name] = m.raw
	}
	for _, child := range parent.members {
		raw, ok := last[child.name]
		switch {
		case !ok || raw == "null":
		case child.cell != nil:
			var s string
			if json.Unmarshal([]byte(raw), &s) != nil {
				s = raw
			}
			if s != "" {
				fields[strings.TrimPrefix(path+"_"+child.name, "_contact_")] = s
			}
		case child.omit != nil && child.omit(raw):
		case child.omit == nil && raw[0] == '{':
			if below := modelRead(child, path+"_"+child.name, raw, fields); len(below) > 0 {
				rest = append(rest, fmt.Sprintf(`"%s":{%s}`, child.name, strings.Join(below, ",")))
			}
		default:
			rest = append(rest, fmt.Sprintf(`"%s":%s`, child.name, raw))
		}
	}
	return rest
}

// bodies draws objects whose members have documented names at likely and unlikely places.
func bodies(depth int) *rapid.Generator[string] {
	names := rapid.SampledFrom([]string{
		"contact", "contact", "company", "location", "email", "name", "country", "title", "error",
		"credit_charged", "remaining_credits", "x", "", "\"",
	})
	scalars := rapid.SampledFrom([]string{`"a"`, `""`, `" "`, `"\u00e4\n"`, "null", "true", "false", "0", "-1.50e7", "[]", `[1,{"a":"]"}]`})
	return rapid.Custom(func(t *rapid.T) string {
		var b bytes.Buffer
		b.WriteByte('{')
		for i := range rapid.IntRange(0, 5).Draw(t, "members") {
			if i > 0 {
				b.WriteByte(',')
			}
			b.Write(jsonscan.AppendString(nil, names.Draw(t, "name")))
			b.WriteByte(':')
			if depth > 0 && rapid.Bool().Draw(t, "nested") {
				b.WriteString(bodies(depth-1).Draw(t, "object"))
			} else {
				b.WriteString(scalars.Draw(t, "scalar"))
			}
		}
		b.WriteByte('}')
		return b.String()
	})
}

func TestNothingOfAnAnswerIsLost(t *testing.T) {
	a := newAnswer()
	rapid.Check(t, func(t *rapid.T) {
		body := bodies(4).Draw(t, "body")
		got, extra := fieldsOf(t, a, body)
		expected := map[string]string{}
		rest := modelRead(&a.root, "", body, expected)
		expectedExtra := ""
		if len(rest) > 0 {
			expectedExtra = "{" + strings.Join(rest, ",") + "}"
		}
		if fmt.Sprint(got) != fmt.Sprint(expected) || extra != expectedExtra {
			t.Fatalf("%s: got %q and %s, expected %q and %s", body, got, extra, expected, expectedExtra)
		}
	})
}

func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`{"contact":{"credit_charged":true,"email":"a","company":{"name":1,"location":{"country":[{}]}}},"remaining_credits":1,"x":"\ud800"}`))
	f.Add([]byte(`{"contact":{"email`))
	a := newAnswer()
	f.Fuzz(func(t *testing.T, body []byte) {
		err := a.read(body) // whatever it is, it does not panic
		fresh := newAnswer()
		if freshErr := fresh.read(body); (freshErr == nil) != (err == nil) || err == nil && !slices.Equal(a.cells, fresh.cells) {
			t.Fatalf("%s: %q, %v; without the answers before it %q, %v", body, a.cells, err, fresh.cells, freshErr)
		}
		if !json.Valid(body) || bytes.TrimSpace(body)[0] != '{' {
			return
		}
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		if extra := a.cells[len(a.cells)-1]; extra != "" && !json.Valid([]byte(extra)) {
			t.Errorf("%s left %s", body, extra)
		}
	})
}
