package xlsx

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"enrich/writer/internal/xlsx/xlsxtest"
)

// TestTheLastRowFits, and the next one does not.
func TestTheLastRowFits(t *testing.T) {
	var file bytes.Buffer
	x, err := NewWriter(&file, "Results", []Column{{Name: "a"}})
	if err != nil {
		t.Fatal(err)
	}
	for range MaxRows - 1 {
		if err := x.Write([]string{"x"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := x.Write([]string{"x"}); !errors.Is(err, ErrLimit) || !strings.Contains(err.Error(), "1,048,576 rows") {
		t.Errorf("one more row: %v", err)
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	xml, err := xlsxtest.Part(file.Bytes(), "xl/worksheets/sheet1.xml")
	if err != nil || !strings.Contains(xml, `<autoFilter ref="A1:A1048576"/>`) {
		t.Errorf("%v, %q", err, xml[max(0, len(xml)-300):])
	}
}

func TestTheLastColumnFits(t *testing.T) {
	columns := make([]Column, MaxColumns)
	x, err := NewWriter(io.Discard, "Results", columns)
	if err != nil {
		t.Fatal(err)
	}
	if got := x.refs[MaxColumns-1]; got != "XFD" {
		t.Errorf("the last column is %s", got)
	}
	if _, err := NewWriter(io.Discard, "Results", append(columns, Column{})); !errors.Is(err, ErrLimit) || !strings.Contains(err.Error(), "16,384") {
		t.Errorf("one more column: %v", err)
	}
}

// TestTheLongestCellFits: characters are counted in UTF-16, as in Excel, and nothing is cut.
func TestTheLongestCellFits(t *testing.T) {
	for name, text := range map[string]string{
		"ASCII": strings.Repeat("x", MaxCell), "two bytes": strings.Repeat("ä", MaxCell), "pairs": strings.Repeat("\U0001f600", MaxCell/2) + "x", "escapes": strings.Repeat("\x01", MaxCell),
	} {
		if got := read(t, written(t, []string{"a"}, []string{text})).Rows[1][0]; got != text {
			t.Errorf("%s: %d bytes became %d", name, len(text), len(got))
		}
		x, err := NewWriter(io.Discard, "Results", []Column{{Name: "a"}, {Name: "b"}})
		if err != nil {
			t.Fatal(err)
		}
		err = x.Write([]string{"", text + "x"})
		if !errors.Is(err, ErrLimit) || !strings.Contains(err.Error(), "at most 32,767 characters") || !strings.Contains(err.Error(), "column B has 32768") {
			t.Errorf("%s: one more: %v", name, err)
		}
		if _, err := NewWriter(io.Discard, "Results", []Column{{Name: text + "x"}}); !errors.Is(err, ErrLimit) {
			t.Errorf("%s: a header: %v", name, err)
		}
	}
}

// TestTheLargestSheetFits: a sheet of 4 GiB or more would need ZIP64.
func TestTheLargestSheetFits(t *testing.T) {
	size := int64(0)
	for range 2 { // with the first size as the limit, then with one byte less
		x, err := NewWriter(io.Discard, "Results", []Column{{Name: "a"}})
		if err != nil {
			t.Fatal(err)
		}
		if size > 0 {
			x.maxSize = size - 1
		}
		var all error
		for range 10_000 {
			if all = x.Write([]string{"x"}); all != nil {
				break
			}
		}
		if all = errors.Join(all, x.Close()); size > 0 && !errors.Is(all, ErrLimit) || size == 0 && all != nil {
			t.Fatalf("of %d bytes: %v", size, all)
		}
		size = x.size
	}
}

// failing takes so many bytes and then fails, as a full disk does.
type failing struct{ left int }

var errFull = errors.New("no space left on device")

func (f *failing) Write(b []byte) (int, error) {
	if len(b) > f.left {
		n := f.left
		f.left = 0
		return n, errFull
	}
	f.left -= len(b)
	return len(b), nil
}

// TestAFullDiskIsAnError wherever it is noticed: nothing looks complete that is not.
func TestAFullDiskIsAnError(t *testing.T) {
	write := func(w io.Writer) error {
		x, err := NewWriter(w, "Results", []Column{{Name: "a"}})
		if err != nil {
			return err
		}
		for i := range 20_000 {
			if err := x.Write([]string{strings.Repeat("x", i%50)}); err != nil {
				return err
			}
		}
		return x.Close()
	}
	var whole bytes.Buffer
	if err := write(&whole); err != nil {
		t.Fatal(err)
	}
	step := whole.Len()/97 + 1
	for room := 0; room < whole.Len(); room += step {
		if err := write(&failing{room}); !errors.Is(err, errFull) {
			t.Errorf("with room for %d of %d bytes: %v", room, whole.Len(), err)
		}
	}
	if err := write(&failing{whole.Len() - 1}); !errors.Is(err, errFull) {
		t.Errorf("with one byte too few: %v", err)
	}
}

// TestARowAllocatesNothing once the widths are known: memory does not grow with the rows.
func TestARowAllocatesNothing(t *testing.T) {
	x, err := NewWriter(io.Discard, "Results", make([]Column, 4))
	if err != nil {
		t.Fatal(err)
	}
	row := []string{"+18005551234", "a & b", "北京", " "}
	for range 3 * sampleRows {
		if err := x.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	if n := testing.AllocsPerRun(10_000, func() {
		if err := x.Write(row); err != nil {
			t.Fatal(err)
		}
	}); n > 0.1 {
		t.Errorf("%v allocations a row", n)
	}
}

// TestAGiantRowIsNotKept: one row must not take memory until the end.
func TestAGiantRowIsNotKept(t *testing.T) {
	x, err := NewWriter(io.Discard, "Results", make([]Column, 100))
	if err != nil {
		t.Fatal(err)
	}
	if err := x.Write(slices.Repeat([]string{strings.Repeat("x", MaxCell)}, 100)); err != nil || cap(x.buffer) > 2*sampleSize {
		t.Errorf("%v, %d bytes are kept", err, cap(x.buffer))
	}
}
