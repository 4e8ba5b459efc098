package format_test

import (
	"slices"
	"testing"

	"enrich/format"
)

func TestCheck(t *testing.T) {
	for name, test := range map[string]struct {
		formats []format.Format
		check   func(format.Format) error
	}{
		"input":  {format.Inputs(), format.CheckInput},
		"output": {format.Outputs(), format.CheckOutput},
	} {
		if got := format.Names(test.formats); !slices.Equal(got, []string{"csv", "jsonl"}) {
			t.Errorf("%s: names are %q", name, got)
		}
		for _, f := range test.formats {
			if err := test.check(f); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, f := range []format.Format{"", "CSV", "xls"} {
			err := test.check(f)
			if expected := `"` + string(f) + `": expected csv or jsonl`; err == nil || err.Error() != expected {
				t.Errorf("%s: the error is %v, expected %s", name, err, expected)
			}
		}
	}
}

func TestProperties(t *testing.T) {
	if !format.CSV.IsDelimited() || format.CSV.HasObjects() || format.JSONL.IsDelimited() || !format.JSONL.HasObjects() {
		t.Error("CSV is delimited text, and JSONL is objects")
	}
	if got := format.JSONL.Ext(); got != ".jsonl" {
		t.Errorf("the extension of JSONL is %q", got)
	}
}
