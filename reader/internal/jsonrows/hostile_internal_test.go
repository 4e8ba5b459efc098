package jsonrows

import (
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"enrich/reader/internal/source"
)

// repeated is a text that is head, then body over and over until it has so many bytes.
func repeated(head, body string, size int64) io.Reader {
	return io.LimitReader(io.MultiReader(strings.NewReader(head), &again{text: []byte(body)}), size)
}

type again struct {
	text []byte
	at   int
}

func (a *again) Read(b []byte) (int, error) {
	n := 0
	for n < len(b) {
		k := copy(b[n:], a.text[a.at:])
		n, a.at = n+k, (a.at+k)%len(a.text)
	}
	return n, nil
}

// TestHostileJSONEndsInBounds: whatever a file contains, memory stays bounded and the end comes in time.
func TestHostileJSONEndsInBounds(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out 12 inputs of 64 MiB: one goroutine reads them")
	}
	const size, most = 64 << 20, 32 << 20
	fill := strings.Repeat("x", 1000)
	for name, in := range map[string]io.Reader{
		"one string":       repeated(`{"email":"`, fill, size),
		"one element":      repeated(`[{"email":"a@x.com"},{"a":"`, fill, size),
		"one number":       repeated(`[{"email":"a@x.com"},`, "1234567890", size),
		"one line":         repeated(`{"email":"a@x.com"}`+"\n", fill, size),
		"blank":            repeated("", strings.Repeat(" ", 1000), size),
		"blank lines":      repeated(`{"email":"a@x.com"}`+"\n", " \n", size),
		"open brackets":    repeated(`{"email":`, "[", size),
		"open objects":     repeated(`[{"email":"a@x.com"}`, `,{"a":`, size),
		"backslashes":      repeated(`[{"email":"a@x.com"},{"a":"`, `\\`, size),
		"one wide object":  repeated(`{"email":"a@x.com"`, `,"a":1`, size),
		"a broken object":  repeated(`[{"email":"a@x.com"},{"a":tru,`, `"b":[],`, size),
		"lines of garbage": repeated(`{"email":"a@x.com"}`+"\n", strings.Repeat("y", 500)+"\n", size),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		src, err := Open(in, anyColumns())
		var peak uint64
		for n, buf := 0, make([]source.Row, 256); err == nil; n++ {
			if _, err = src.Read(buf); n%64 == 0 || err != nil {
				runtime.ReadMemStats(&after)
				peak = max(peak, after.HeapAlloc-min(after.HeapAlloc, before.HeapAlloc))
			}
		}
		if took := time.Since(start); peak > most || took > 60*time.Second {
			t.Errorf("%s: %d MiB, %v, then %v", name, peak>>20, took, err)
		}
		runtime.GC()
	}
}

// TestAWaitingContactKeepsNoLongRow: a contact that is asked long after its row is not a piece of it.
func TestAWaitingContactKeepsNoLongRow(t *testing.T) {
	row := `{"email":"a@x.com","note":"` + strings.Repeat("x", 900_000) + `"}` + "\n"
	src, err := Open(strings.NewReader(strings.Repeat(row, 40)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	var emails []string
	for buf := make([]source.Row, 1); err == nil; {
		if _, err = src.Read(buf); err == nil {
			emails = append(emails, buf[0].Contact.Email)
			buf[0] = source.Row{}
		}
	}
	src = nil
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	if len(emails) != 40 || m.HeapAlloc > 24<<20 {
		t.Errorf("%d addresses keep %d MiB", len(emails), m.HeapAlloc>>20)
	}
	runtime.KeepAlive(emails)
}
