package reader_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"enrich/format"
	"enrich/reader"
	"enrich/reader/internal/readertest"
)

// TestSpectrum compares with csv-spectrum's objects: every file is right, except one whose objects are not a list.
func TestSpectrum(t *testing.T) {
	dir := readertest.Corpora(t, "csv-spectrum")
	files, _ := filepath.Glob(filepath.Join(dir, "csvs", "*.csv"))
	right := 0
	for _, name := range files {
		var want []map[string]string
		if json.Unmarshal(input(t, filepath.Join(dir, "json", stem(name)+".json")), &want) != nil {
			t.Logf("%s: the expected value is not a list", filepath.Base(name))
			continue
		}
		text := input(t, name)
		if strings.HasSuffix(name, "_crlf.csv") && !bytes.Contains(text, []byte("\r\n")) {
			text = bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")) // as a checkout would
		}
		r, rows, err := readertest.Read(t, text, readertest.AnyColumns)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		ok := len(rows) == len(want)
		for i := 0; ok && i < len(rows); i++ {
			got := map[string]string{}
			for j, cell := range rows[i].Cells {
				got[r.Info().Columns[j]] = cell
			}
			ok = rows[i].Refused == nil && reflect.DeepEqual(got, want[i])
		}
		if !ok {
			t.Errorf("%s: got %s, expected %v", name, readertest.Cells(rows), want)
			continue
		}
		right++
	}
	t.Logf("csv-spectrum: %d of %d right", right, len(files))
	if right < 11 {
		t.Error("fewer than there were")
	}
}

// TestTestData compares with csv-test-data's records.
func TestTestData(t *testing.T) {
	dir := readertest.Corpora(t, "csv-test-data")
	files, _ := filepath.Glob(filepath.Join(dir, "csv", "*.csv"))
	right := 0
	for _, name := range files {
		r, rows, err := readertest.Read(t, input(t, name), readertest.AnyColumns)
		refused := err != nil
		var got [][]string
		if r != nil {
			got = append(got, r.Info().Header)
		}
		for _, row := range rows {
			refused = refused || row.Refused != nil
			got = append(got, row.Cells)
		}
		wanted := filepath.Join(dir, "json", stem(name)+".json")
		if _, err := os.Stat(wanted); err != nil {
			if refused {
				right++
			} else {
				t.Logf("%s: bad, and read as %q", filepath.Base(name), got)
			}
			continue
		}
		var want [][]string
		if json.Unmarshal(input(t, wanted), &want) != nil { // objects: header foo,bar,baz
			var objects []map[string]string
			load(t, wanted, &objects)
			want = [][]string{{"foo", "bar", "baz"}}
			for _, o := range objects {
				want = append(want, []string{o["foo"], o["bar"], o["baz"]})
			}
		} else if len(want) == 0 {
			want = [][]string{{"foo", "bar", "baz"}}
		}
		if refused || !reflect.DeepEqual(got, want) {
			t.Logf("%s: got %q (%v), expected %q", filepath.Base(name), got, err, want)
			continue
		}
		right++
	}
	t.Logf("csv-test-data: %d of %d right", right, len(files))
	if right < 21 {
		t.Error("fewer than there were")
	}
}

// TestPapaParse compares with PapaParse's own cases, put into papa.json beforehand. A case that reports errors is right if
// it is refused.
func TestPapaParse(t *testing.T) {
	var cases []struct {
		Description, Input string
		Config             map[string]any
		Data               json.RawMessage
		Errors             []any
	}
	load(t, readertest.Corpora(t, "papa.json"), &cases)
	right, tried := 0, 0
	for _, c := range cases {
		o := reader.Options{AnyColumns: true, NoHeader: true, Format: format.CSV}
		skip := false
		for name, v := range c.Config {
			switch s, isText := v.(string); {
			case name == "delimiter" && isText && s != "fn":
				o.Delimiter = s
			case name == "quoteChar" && isText:
				o.Quote = s
			case name == "newline", name == "skipEmptyLines":
			default:
				skip = true // PapaParse's own features
			}
		}
		var data [][]any
		if skip || o.Validate() != nil || json.Unmarshal(c.Data, &data) != nil {
			continue
		}
		tried++
		_, rows, err := readertest.Read(t, []byte(c.Input), o)
		refused := err != nil
		var got, want [][]string
		for _, row := range rows {
			refused = refused || row.Refused != nil
			got = append(got, slices.Concat(row.Cells, extra(row)))
		}
		for _, record := range data {
			var cells []string
			for _, v := range record {
				s, _ := v.(string)
				cells = append(cells, s)
			}
			if len(cells) != 1 || cells[0] != "" {
				want = append(want, cells)
			}
		}
		if same := reflect.DeepEqual(got, want); same && !refused || refused && len(c.Errors) > 0 {
			right++
			continue
		}
		t.Logf("%s: %q %v: got %q (%v), expected %q %v", c.Description, c.Input, c.Config, got, err, want, c.Errors)
	}
	t.Logf("PapaParse: %d of %d right", right, tried)
	if right < 85 { // 86 before a last row of delimiters only was no row
		t.Error("fewer than there were")
	}
}

func extra(row reader.Row) []string {
	if row.Refused == nil {
		return nil
	}
	return row.Refused.Extra
}

func input(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func load(t *testing.T, name string, v any) {
	t.Helper()
	if err := json.Unmarshal(input(t, name), v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func stem(name string) string {
	base := filepath.Base(name)
	return base[:len(base)-len(filepath.Ext(base))]
}
