package decode_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"enrich/reader/internal/decode"
	"enrich/reader/internal/source"
)

// The whole input is hashed and counted, and can be read anywhere; what Head looked at is not missing.
func TestWholeInput(t *testing.T) {
	text := bytes.Repeat([]byte("0123456789"), 20_000)
	in := decode.New(func() io.Reader { return bytes.NewReader(text) }, "")
	if got := in.Head(4); string(got) != "0123" {
		t.Errorf("the head is %q", got)
	}
	at, size, err := in.Whole(bytes.NewReader(text))
	if err != nil || size != int64(len(text)) {
		t.Fatalf("%d bytes, %v", size, err)
	}
	b := make([]byte, 4)
	if n, err := at.ReadAt(b, size-4); n != 4 || string(b) != "6789" || err != nil && !errors.Is(err, io.EOF) {
		t.Errorf("%d %q %v", n, b, err)
	}
	forward := decode.New(func() io.Reader { return bytes.NewReader(text) }, "")
	forward.Drain()
	want, _ := forward.Sum()
	if got, n := in.Sum(); got != want || n != size {
		t.Errorf("the sum is of other bytes: %d", n)
	}
	if err := in.CheckUnchanged(); err != nil || in.Cause(io.EOF) != io.EOF { //nolint:errorlint // it must be the same value
		t.Error(err)
	}
}

// An input that changes between the hash and the end of parsing is not what was hashed.
func TestAChangedInputIsNoticed(t *testing.T) {
	text := []byte("PK, and what is in it")
	open := func() io.Reader { return bytes.NewReader(text) }
	in := decode.New(open, "")
	if err := in.CheckUnchanged(); err != nil {
		t.Errorf("nothing was read: %v", err)
	}
	if _, _, err := in.Whole(bytes.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(){
		"same size": func() { text = []byte("PK, and what was in it")[:len(text)] }, "longer": func() { text = append(text, '!') },
	} {
		if change(); !errors.Is(in.CheckUnchanged(), source.ErrChanged) {
			t.Errorf("%s: not noticed", name)
		}
	}
	failing := decode.New(func() io.Reader { return iotest.ErrReader(source.ErrStorage) }, "")
	if _, _, err := failing.Whole(bytes.NewReader(nil)); !errors.Is(err, source.ErrStorage) {
		t.Errorf("a failed copy: %v", err)
	}
}

// An error of the input stays known if a layer above hides it, and a failed temporary copy stays what it is.
func TestErrorsOfRandomAccess(t *testing.T) {
	for failure, expected := range map[error]error{errors.New("input/output error"): source.ErrBroken, fmt.Errorf("%w: disk full", source.ErrStorage): source.ErrStorage} {
		in := decode.New(func() io.Reader { return strings.NewReader("PK") }, "")
		at, _, err := in.Whole(failingAt{failure})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := at.ReadAt(make([]byte, 1), 0); !errors.Is(err, expected) || !errors.Is(err, failure) {
			t.Errorf("%v, expected %v", err, expected)
		}
		if errors.Is(failure, source.ErrStorage) {
			if err := in.Cause(errors.New("not a valid zip file")); !errors.Is(err, source.ErrStorage) {
				t.Errorf("the cause is %v", err)
			}
		}
	}
}

type failingAt struct{ err error }

func (f failingAt) ReadAt([]byte, int64) (int, error) { return 0, f.err }
