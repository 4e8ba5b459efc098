package format_test

import (
	"slices"
	"testing"

	"enrich/format"
)

func TestParse(t *testing.T) {
	for _, f := range format.All() {
		if got, err := format.Parse(string(f)); got != f || err != nil {
			t.Errorf("Parse(%q) is %q, %v", f, got, err)
		}
	}
	for _, name := range []string{"", "CSV", "xls"} {
		got, err := format.Parse(name)
		if expected := `"` + name + `": expected csv or jsonl`; err == nil || err.Error() != expected || got != "" {
			t.Errorf("Parse(%q) is %q, %v; expected the error %s", name, got, err, expected)
		}
	}
}

func TestNames(t *testing.T) {
	if got := format.Names(); !slices.Equal(got, []string{"csv", "jsonl"}) {
		t.Errorf("names are %q", got)
	}
	if got := format.JSONL.Ext(); got != ".jsonl" {
		t.Errorf("the extension of JSONL is %q", got)
	}
}
