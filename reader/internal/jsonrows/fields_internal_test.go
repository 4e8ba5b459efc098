package jsonrows

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"enrich/contact"
	"enrich/reader/internal/mapping"
)

func TestFieldsOfJSON(t *testing.T) {
	type fields = map[contact.Field]string
	for name, tt := range map[string]struct {
		in   string
		said fields
		want contact.Contact // of the last row
		err  error
	}{
		"nested":             {`{"email":"a","company":{"name":"X","domain":"www.x.com"}}`, nil, contact.Contact{Email: "a", CompanyName: "X", CompanyDomain: "x.com"}, nil},
		"top before nested":  {`{"email":"a","company":{"name":"X"},"company_name":"Y"}`, nil, contact.Contact{Email: "a", CompanyName: "Y"}, nil},
		"in other letters":   {`{"email":"a","company":{"name":"X"},"companyName":"Y"}`, nil, contact.Contact{Email: "a", CompanyName: "Y"}, nil},
		"a dot first":        {`{"contact.email":"b","contact":{"email":"a"}}`, fields{"email": "contact.email"}, contact.Contact{Email: "b"}, nil},
		"wrapped":            {`{"id":1,"properties":{"email":"a","firstname":"Ann"}}`, nil, contact.Contact{Email: "a", FirstName: "Ann"}, nil},
		"not the owner":      {`{"email":"a","owner":{"email":"b","first_name":"Bo"}}`, nil, contact.Contact{Email: "a"}, nil},
		"a path":             {`{"x":{"y":{"z":{"mail":{"work":"a"}}}}}`, fields{"email": "x.y.z.mail.work"}, contact.Contact{Email: "a"}, nil},
		"a list":             {`{"emails":[{"value":"a"},{"value":"b"}]}`, fields{"email": "emails.1.value"}, contact.Contact{Email: "b"}, nil},
		"a dot in a name":    {`{"contact":{"email":"a"},"contact.email":"b"}`, fields{"email": "contact.email"}, contact.Contact{Email: "b"}, nil},
		"a path is not":      {`{"contact":{"mail":"a"}}`, fields{"email": "contact.email"}, contact.Contact{}, mapping.ErrMap},
		"nested is not text": {`{"email":{"x":"a"},"mail":"b"}`, nil, contact.Contact{Email: "b"}, nil},
		"later nested":       {`{"email":"a"}` + "\n" + `{"email":["b"]}`, nil, contact.Contact{}, nil},
		"trimmed":            {`{"email":" a\u00a0","company_domain":"https://www.y.com/y"}`, nil, contact.Contact{Email: "a", CompanyDomain: "y.com"}, nil},
		"a null text":        {`{"email":"null","first_name":"\"null\""}`, nil, contact.Contact{FirstName: `"null"`}, nil},
		"ours are not":       {`{"enrichment":{"email":"x"},"enrich_email":"y","mail":"a"}`, nil, contact.Contact{Email: "a"}, nil},
		"duplicate wrapped":  {`{"person":{"email":"a"},"person":{"email":"b"}}`, nil, contact.Contact{Email: "b"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := readAll(strings.NewReader(tt.in), Options{Options: mapping.Options{Map: tt.said}}, 16)
			var last contact.Contact
			if len(got.rows) > 0 {
				last = got.rows[len(got.rows)-1].Contact
			}
			if last != tt.want || !errors.Is(got.err, tt.err) {
				t.Errorf("got %+v, %v by %v; expected %+v", last, got.err, got.mapping, tt.want)
			}
		})
	}
}

// late is an input whose last rows have members that the first block has not.
func late(rows int, last ...string) string {
	return strings.Repeat(`{"linkedin_url":"https://linkedin.com/in/ann","note":"the same row, again and again"}`+"\n", rows) + strings.Join(last, "\n")
}

func TestMembersThatComeLateAreFieldsByTheirOwnName(t *testing.T) {
	in := late(5000, `{"Work Email":"alias"}`, `{"Email":"a"}`, `{"email":"another spelling"}`, `{"First Name":"Ann","Email":"b"}`)
	first := readAll(strings.NewReader(in), Options{}, 256)
	if want := "5001 \n5002 a\n5003 \n5004 b"; !strings.HasSuffix(first.short(), want) {
		t.Errorf("got %s, expected %s", first.short()[len(first.short())-60:], want)
	}
	if got := first.rows[5003].Contact; got.FirstName != "Ann" {
		t.Errorf("got %+v", got)
	}
	second := readAll(strings.NewReader(in), Options{Columns: first.columns}, 64)
	if first.outcomes() != second.outcomes() {
		t.Error("the second pass differs")
	}
}

func TestColumnsAreTheMembersInOrderOfFirstAppearance(t *testing.T) {
	in := `{"b":1,"email":"x","a":2}` + "\n[1]\n" + `{"c":{"d":1},"\u0061":3,"enrichment":null}` + "\n" + late(5000, `{"last":1}`)
	got := readAll(strings.NewReader(in), Options{}, 256)
	if want := "b email a c enrichment linkedin_url note last"; strings.Join(got.columns, " ") != want {
		t.Errorf("got %q, expected %s", got.columns, want)
	}
	if cells := got.rows[2].Cells; strings.Join(cells, "|") != `||3|{"d":1}|` {
		t.Errorf("got %q", cells)
	}
}

func TestTooManyMembersAreRefusedAlikeInBothPasses(t *testing.T) {
	var in strings.Builder
	in.WriteString(`{"email":"a"}` + "\n")
	for row := range 50 {
		in.WriteString(`{"email":"b"`)
		for i := range 100 {
			fmt.Fprintf(&in, `,"m%d_%d":1`, row, i)
		}
		in.WriteString("}\n")
	}
	in.WriteString(`{"email":"c","one_more":1}` + "\n")
	first := readAll(strings.NewReader(in.String()), Options{}, 256)
	refused := 0
	for _, row := range first.rows {
		if row.Refused != nil {
			refused++
		}
	}
	if refused != 10 || len(first.columns) > maxMembers || first.rows[51].Contact.Email != "c" {
		t.Errorf("%d rows refused, %d columns", refused, len(first.columns))
	}
	second := readAll(strings.NewReader(in.String()), Options{Columns: first.columns}, 256)
	if first.outcomes() != second.outcomes() {
		t.Error("the second pass differs")
	}
}
