package redact

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
)

// A text that is read in parts is redacted as a whole text is, wherever the parts end.
func TestAReaderRedactsAsAWhole(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for _, key := range []string{"key/with+odd=chars", "test", "abcdefghijkl", strings.Repeat("ab+", 400)} {
		r := New(key)
		forms := []string{key, strings.ToUpper(key), key[:len(key)/2], key[1:], "x" + key, key + "1", strings.ReplaceAll(key, "/", `\/`), strings.ReplaceAll(key, "+", "%2B"), " ", "\\", "\"}", "filler"}
		for range max(1, 160/len(key)) {
			var text []byte
			for size := random.IntN(3 * readSize); len(text) < size; {
				text = append(text, forms[random.IntN(len(forms))]...)
				text = append(text, "0123456789 \"ab/"[:random.IntN(15)]...)
				if random.IntN(10) == 0 {
					text = append(text, bytes.Repeat([]byte("long filler "), random.IntN(readSize/12))...)
				}
			}
			want := string(r.Bytes(text))
			for name, from := range map[string]io.Reader{"whole": bytes.NewReader(text), "halves": iotest.HalfReader(bytes.NewReader(text)), "with the end": iotest.DataErrReader(bytes.NewReader(text))} {
				got, err := io.ReadAll(r.NewReader(from))
				if err != nil || string(got) != want {
					t.Fatalf("key %.20q, %d bytes, %s: %v, %d bytes differ from %d", key, len(text), name, err, len(got), len(want))
				}
			}
		}
	}
}

// What comes before a key decides, also if the text is divided there.
func TestAReaderLooksBack(t *testing.T) {
	r := New("test")
	for _, before := range []string{"x", "\\n", " ", "\\\\x", "é"} {
		for at := readSize - maxMatch - 4; at < readSize-maxMatch+4; at++ {
			text := strings.Repeat(" ", at-len(before)) + before + "test " + strings.Repeat(" ", readSize)
			got, err := io.ReadAll(r.NewReader(strings.NewReader(text)))
			if want := string(r.Bytes([]byte(text))); err != nil || string(got) != want {
				t.Errorf("after %q at %d: %v, %.20q, expected %.20q", before, at, err, strings.TrimSpace(string(got)), strings.TrimSpace(want))
			}
		}
	}
}

func TestAReaderPassesAnError(t *testing.T) {
	failed := errors.New("disk")
	got, err := io.ReadAll(New("0123456789abcdef").NewReader(io.MultiReader(strings.NewReader("text 01234567"), iotest.ErrReader(failed))))
	if !errors.Is(err, failed) || !strings.HasPrefix(string(got), "text ") || strings.Contains(string(got), "0123") {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := io.ReadAll(New("k").NewReader(emptyReader{})); !errors.Is(err, io.ErrNoProgress) {
		t.Error(err)
	}
}

type emptyReader struct{}

func (emptyReader) Read([]byte) (int, error) { return 0, nil }
