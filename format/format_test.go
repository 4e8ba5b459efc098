package format_test

import (
	"slices"
	"strings"
	"testing"

	"enrich/format"
)

func TestCheck(t *testing.T) {
	for name, test := range map[string]struct {
		formats  []format.Format
		check    func(format.Format) error
		expected string
	}{
		"input":  {format.Inputs(), format.CheckInput, "csv, jsonl, xlsx or parquet"},
		"output": {format.Outputs(), format.CheckOutput, "csv, jsonl, xlsx or parquet"},
	} {
		if got := format.Names(test.formats); !slices.Equal(got, strings.Split(strings.Replace(test.expected, " or ", ", ", 1), ", ")) {
			t.Errorf("%s: names are %q", name, got)
		}
		for _, f := range test.formats {
			if err := test.check(f); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, f := range []format.Format{"", "CSV", "xls"} {
			err := test.check(f)
			if expected := `"` + string(f) + `": expected ` + test.expected; err == nil || err.Error() != expected {
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

// TestResults: a spreadsheet's rows are best kept as CSV, which every program reads.
func TestResults(t *testing.T) {
	for from, to := range map[format.Format]format.Format{format.CSV: format.CSV, format.JSONL: format.JSONL, format.XLSX: format.CSV} {
		if got := from.Results(); got != to {
			t.Errorf("results of %s are %s, expected %s", from, got, to)
		}
	}
}

// TestOfPath: the extension counts, in any case.
func TestOfPath(t *testing.T) {
	for path, expected := range map[string]format.Format{
		"a.csv": format.CSV, "d.csv/A.XLSX": format.XLSX, "a.jsonl": format.JSONL, "a.csv.gz": "", "csv": "", "a.": "", "-": "", "": "", "d.xlsx/a": "",
	} {
		if got := format.OfPath(path); got != expected {
			t.Errorf("%q is %q, expected %q", path, got, expected)
		}
	}
}
