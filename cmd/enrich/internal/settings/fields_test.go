package settings

import (
	"slices"
	"strings"
	"testing"

	"enrich/writer"
)

// TestFieldLists: with or without the prefix and spaces, in their order; a wrong name is refused with all possible ones.
func TestFieldLists(t *testing.T) {
	for _, test := range []struct {
		given    []string
		expected string // the list, or a part of the error
	}{
		{[]string{"title"}, "title"},
		{[]string{"mobile_phone,title , enrich_extra"}, "mobile_phone,title,extra"},
		{[]string{"title", "email,linkedin"}, "title,email,linkedin"},
		{[]string{strings.Join(writer.Fields(), ",")}, strings.Join(writer.Fields(), ",")},
		{[]string{""}, "expected names of fields, separated by commas"},
		{[]string{"title,,email"}, "expected names of fields"},
		{[]string{"title,enrich_title"}, "title is given twice"},
		{[]string{"title", "title"}, "title is given twice"},
		{[]string{"Title"}, `unknown field "Title": did you mean title?`},
		{[]string{"mobile"}, `unknown field "mobile"`},
		{[]string{"enrich_at"}, "enrich_at is always written, before the fields: leave it out"},
		{[]string{"error_kind"}, `unknown field "error_kind"`},
	} {
		var list []string
		var err error
		for _, text := range test.given {
			if err = (FieldList{&list}).Set(text); err != nil {
				break
			}
		}
		if err == nil && FieldList.String(FieldList{&list}) != test.expected {
			t.Errorf("%q: %q, expected %q", test.given, list, test.expected)
		}
		if err != nil && (!strings.HasPrefix(err.Error(), test.expected) || !strings.HasSuffix(err.Error(), "(the fields are "+strings.Join(writer.Fields(), ", ")+")")) {
			t.Errorf("%q: %v, expected %q", test.given, err, test.expected)
		}
	}
}

// TestFieldsInAConfigFile are a string or an array.
func TestFieldsInAConfigFile(t *testing.T) {
	for _, text := range []string{`fields = "title,email"`, `fields = ["title", "enrich_email"]`} {
		s, cmd, err := applied(t, text, nil, nil)
		if err != nil || !slices.Equal(s.Fields, []string{"title", "email"}) {
			t.Errorf("%s: %q, %v", text, s.Fields, err)
		}
		if got := ValueOf(cmd.Flags().Lookup("fields")); got != "title,email" {
			t.Errorf("%s is shown as %v", text, got)
		}
	}
	if s, _, err := applied(t, `fields = "title"`, []string{"--fields=email"}, []string{"ENRICH_FIELDS=linkedin"}); err != nil || !slices.Equal(s.Fields, []string{"email"}) {
		t.Errorf("%q, %v", s.Fields, err)
	}
}
