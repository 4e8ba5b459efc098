package reader_test

import (
	"errors"
	"strings"
	"testing"

	"enrich/format"
	"enrich/reader"
	"enrich/reader/internal/readertest"
)

// JSON lines are JSON even if the first one is malformed.
func TestBrokenFirstLineIsStillJSON(t *testing.T) {
	deep := strings.Repeat("[", 600) + strings.Repeat("]", 600)
	objects := strings.ReplaceAll(deep, "[", `{"a":`)
	objects = strings.ReplaceAll(strings.Replace(objects, "]", "1}", 1), "]", "}")
	const good = "{\"email\":\"b@x.example\",\"name\":\"x, y\"}\n"
	for name, first := range map[string]string{
		"deep array": `{"email":"a@x.example","x":` + deep + "}\n", "deep object": `{"email":"a@x.example","x":` + objects + "}\n",
		"deep, not closed": `{"email":"a@x.example","x":` + strings.Repeat("[", 600) + "\n", "comma at the end": "{\"email\":\"a@x.example\",}\n",
		"no colon": "{\"email\" \"a@x.example\"}\n", "bad number": "{\"email\":\"a@x.example\",\"n\":01}\n",
	} {
		for n := 1; n <= 3; n++ {
			r, rows, err := readertest.Read(t, []byte(first+strings.Repeat(good, n)), reader.Options{})
			if err != nil || r.Info().Format != format.JSONL || readertest.Outline(rows) != "!invalid"+strings.Repeat(" b@x.example", n) {
				t.Errorf("%s, then %d: %q, %v", name, n, readertest.Outline(rows), err)
			}
		}
	}
	if r, _, err := readertest.Read(t, []byte("{\"a\" b},c\n{1},2\n"), readertest.AnyColumns); err != nil || r.Info().Format != format.CSV {
		t.Errorf("a CSV that begins with a brace: %v", err)
	}
}

// Every format of the list can be read, and is what it is detected as.
func TestEveryFormatIsDetectedAndRead(t *testing.T) {
	examples := map[format.Format]string{
		format.CSV:     "email,name\na@x.example,Ann\n",
		format.JSONL:   `{"email":"a@x.example","name":"Ann"}` + "\n",
		format.Parquet: readertest.File(t, "testdata/leads.parquet"),
		format.XLSX:    string(readertest.Workbook(readertest.Part{"Leads", readertest.SheetRows("email|name", "a@x.example|Ann")})),
	}
	for _, f := range format.Inputs() {
		for _, o := range []reader.Options{{}, {Format: f}} {
			r, rows, err := readertest.Read(t, []byte(examples[f]), o)
			if err != nil || r.Info().Format != f || readertest.Outline(rows) != "a@x.example" {
				t.Errorf("%s with %q: %q, %v", f, o.Format, readertest.Outline(rows), err)
			}
		}
	}
}

// An input that is not a table is ErrNoTable, and its message begins with what the input is.
func TestErrorOfAPictureSaysWhatItIs(t *testing.T) {
	_, err := readertest.Open([]byte("GIF89a"), reader.Options{})
	if !errors.Is(err, reader.ErrNoTable) || errors.Is(err, reader.ErrEmpty) || !strings.HasPrefix(err.Error(), "this is a picture; ") {
		t.Error(err)
	}
}
