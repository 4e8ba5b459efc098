package client

import (
	"bytes"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"enrich/contact"
)

// answerOf returns an answer of exactly n bytes.
func answerOf(n int) []byte {
	const head, tail = `{"contact":{"credit_charged":true,"title":"`, `"}}`
	return []byte(head + strings.Repeat("t", n-len(head)-len(tail)) + tail)
}

// smallMemoryClient returns a client of a handler with the smallest memory for answers there is: one answer of 1 MiB.
func smallMemoryClient(t *testing.T, workers int, handler http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	c, err := New(Options{URL: server.URL, Key: escapedKey, Workers: workers, AnswerMemory: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func doOne(t *testing.T, c *Client, row int) contact.Result {
	t.Helper()
	q := &contact.Question{Row: int64(row), Contact: contact.Contact{Email: email(int64(row))}}
	c.Queue(q)
	r, wait := c.Ask(t.Context(), t.Context(), q)
	if wait > 0 {
		t.Errorf("row %d: waits for %v", row, wait)
	}
	return r
}

// Two answers do not fit into the memory: each waits until the one before is released. Whatever is not an answer is released
// at once.
func TestTheMemoryOfAnAnswerIsReleased(t *testing.T) {
	bodies := [][]byte{answerOf(900_000), answerOf(64), answerOf(maxBody + 1), answerOf(900_000)[:800_000], answerOf(900_000)}
	var served atomic.Int64
	c := smallMemoryClient(t, 1, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(bodies[served.Add(1)-1])
	})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for row, body := range bodies {
			r := doOne(t, c, row)
			usable := len(body) <= maxBody && bytes.HasSuffix(body, []byte("}}"))
			if matched := r.Outcome.Kind == contact.Matched; matched != usable || matched && !bytes.Equal(r.Outcome.Body, body) {
				t.Errorf("row %d: %v, %d bytes, %s", row, r.Outcome.Kind, len(r.Outcome.Body), r.Outcome.Message)
			}
			r.Release()
			r.Release()
			if r.Outcome.Body != nil {
				t.Error("a released answer is still there")
			}
		}
	}()
	select {
	case <-done:
	case <-time.After(hangTimeout):
		t.Fatal("an answer waits for memory that nothing uses")
	}
}

// An answer that has no room on the disk was paid for: it is kept in memory, and the run is told to end.
func TestAnAnswerIsKeptIfTheTemporaryFileFails(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir()+"/missing")
	body := answerOf(900_000)
	c := smallMemoryClient(t, 2, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) })
	for row := range 3 {
		r := doOne(t, c, row)
		if !bytes.Equal(r.Outcome.Body, body) || !errors.Is(r.Err, fs.ErrNotExist) {
			t.Errorf("%v, %d bytes, %v", r.Outcome.Kind, len(r.Outcome.Body), r.Err)
		}
		r.Release()
	}
}
