package thrift_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"enrich/internal/thrift"
)

// written is a struct with a field of each kind.
func written() []byte {
	var w thrift.Writer
	w.Begin()
	w.Int16(1, -2)
	w.Int32(2, 1<<30)
	w.Int64(3, -1<<62)
	w.String(4, strings.Repeat("text ", 2000))
	w.Bool(5, true)
	w.Bool(6, false)
	w.Struct(7)
	w.Int32(300, 7)
	w.End()
	w.List(8, thrift.Int32, 20)
	for i := range 20 {
		w.Element(int64(i))
	}
	w.List(9, thrift.Binary, 1)
	w.StringElement("x")
	w.List(10, thrift.Struct, 2)
	for range 2 {
		w.Begin()
		w.Int32(1, 5)
		w.End()
	}
	w.Int32(11, 99)
	w.End()
	return w.Bytes()
}

// shown reads what written wrote; fields that are not in read are skipped.
func shown(b []byte, read string) (string, error) {
	var out strings.Builder
	r := thrift.NewReader(bytes.NewReader(b), 0, int64(len(b)))
	var field func(id int, t thrift.Type) bool
	field = func(id int, t thrift.Type) bool {
		if !strings.Contains(read, fmt.Sprintf(" %d ", id)) {
			return false
		}
		switch t {
		case thrift.Int16, thrift.Int32, thrift.Int64:
			fmt.Fprintf(&out, "%d=%d ", id, r.Int(t))
		case thrift.Binary:
			fmt.Fprintf(&out, "%d=%d ", id, len(r.Bytes(1<<20)))
		case thrift.True, thrift.False:
			fmt.Fprintf(&out, "%d=%t ", id, t == thrift.True)
			return false
		case thrift.Struct:
			r.Struct(field)
		case thrift.List:
			n := r.List(r.Skip)
			fmt.Fprintf(&out, "%d=[%d] ", id, n)
		default:
			return false
		}
		return true
	}
	r.Struct(field)
	return out.String(), r.Err()
}

// What is written is read, and a reader can skip any of it.
func TestReadAndSkip(t *testing.T) {
	const all = "1=-2 2=1073741824 3=-4611686018427387904 4=10000 5=true 6=false 300=7 8=[20] 9=[1] 10=[2] 11=99 "
	if got, err := shown(written(), " 1 2 3 4 5 6 7 8 9 10 11 300 "); got != all || err != nil {
		t.Errorf("%s, %v", got, err)
	}
	for _, id := range []string{"1", "4", "8", "11"} {
		if got, err := shown(written(), " "+id+" "); !strings.HasPrefix(got, id+"=") || err != nil {
			t.Errorf("only %s: %s, %v", id, got, err)
		}
	}
}

// A struct that ends early is malformed, wherever it ends; so is one that promises more than there is, or is nested too deeply.
func TestMalformed(t *testing.T) {
	b := written()
	for size := range b {
		if _, err := shown(b[:size], " 3 4 7 8 "); !errors.Is(err, thrift.ErrMalformed) {
			t.Fatalf("the first %d bytes: %v", size, err)
		}
	}
	for name, bad := range map[string][]byte{
		"a long list":   {0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x7f, 0},
		"a long text":   {0x18, 0xff, 0xff, 0xff, 0xff, 0x7f, 0},
		"a long number": {0x15, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0},
		"deep":          bytes.Repeat([]byte{0x1c}, 10_000),
		"deep lists":    append([]byte{0x19}, bytes.Repeat([]byte{0x19}, 10_000)...),
		"no type":       {0x1f, 0},
		"a long map":    {0x1b, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x55, 0},
	} {
		for _, read := range []string{"", " 1 "} {
			if _, err := shown(bad, read); !errors.Is(err, thrift.ErrMalformed) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func FuzzReader(f *testing.F) {
	f.Add(written())
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := shown(b, " 1 2 3 4 5 6 7 8 9 "); err != nil && !errors.Is(err, thrift.ErrMalformed) {
			t.Fatal(err)
		}
	})
}
