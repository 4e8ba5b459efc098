package decode_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"enrich/reader/internal/decode"
)

// The sum is that of all bytes that were read, however they are read and whatever is done with the text: also in the middle, at a
// read error and after Close.
func TestSumIsOfTheBytesThatWereRead(t *testing.T) {
	failure := errors.New("connection reset")
	random := rand.New(rand.NewPCG(1, 2))
	for _, size := range []int{1, 1000, decode.HashBlock - 1, decode.HashBlock, decode.HashBlock + 1, 3*decode.HashBlock + 7, 3 << 20} {
		text := make([]byte, size)
		for i := range text {
			text[i] = byte('a' + random.IntN(26))
		}
		for name, open := range map[string]func() io.Reader{
			"at once":      func() io.Reader { return bytes.NewReader(text) },
			"by halves":    func() io.Reader { return iotest.HalfReader(bytes.NewReader(text)) },
			"data and EOF": func() io.Reader { return iotest.DataErrReader(bytes.NewReader(text)) },
			"broken":       func() io.Reader { return io.MultiReader(bytes.NewReader(text), iotest.ErrReader(failure)) },
		} {
			in := decode.New(open, "")
			_ = in.Head(1)
			for range 2 { // a sum in the middle changes nothing
				if sum, n := in.Sum(); sum != sha256.Sum256(text[:n]) {
					t.Errorf("%d bytes %s: the sum of the first %d is wrong", size, name, n)
				}
			}
			in.Drain()
			in.Close()
			if sum, n := in.Sum(); sum != sha256.Sum256(text) || n != int64(size) {
				t.Errorf("%d bytes %s: the sum is of %d others", size, name, n)
			}
		}
	}
}

// An input that is closed before its end leaves no goroutine: TestMain looks for them.
func TestInputIsClosedInTheMiddle(t *testing.T) {
	text := bytes.Repeat([]byte("a@x.example\n"), 1<<20)
	in := decode.New(func() io.Reader { return bytes.NewReader(text) }, "")
	read, err := in.Text()
	if err != nil {
		t.Fatal(err)
	}
	for read.Offset() < 5*decode.HashBlock {
		read.Take(len(read.Text()))
		read.Fill()
	}
	in.Close()
	in.Close()
	if sum, n := in.Sum(); sum != sha256.Sum256(text[:n]) || n == int64(len(text)) {
		t.Errorf("the sum of %d bytes is wrong", n)
	}
}

// BenchmarkSum reads an input without parsing it: what hashing in another goroutine leaves for this one.
func BenchmarkSum(b *testing.B) {
	text := bytes.Repeat([]byte("a@x.example\n"), 1<<20)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		in := decode.New(func() io.Reader { return bytes.NewReader(text) }, "")
		in.Drain()
		in.Close()
	}
}
