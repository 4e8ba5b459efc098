package client

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"

	"enrich/contact"
)

// answerOf is an answer of exactly n bytes.
func answerOf(n int) []byte {
	const head, tail = `{"contact":{"credit_charged":true,"title":"`, `"}}`
	return []byte(head + strings.Repeat("t", n-len(head)-len(tail)) + tail)
}

func zip(parts ...[]byte) []byte {
	var b bytes.Buffer
	for _, p := range parts {
		z := gzip.NewWriter(&b)
		_, _ = z.Write(p)
		_ = z.Close()
	}
	return b.Bytes()
}

// smallMemoryClient asks a handler with the least memory for answers that there is.
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
	q := contact.Question{Row: int64(row), Contact: contact.Contact{Email: email(int64(row))}}
	c.Queue(&q)
	r, wait := c.Ask(t.Context(), t.Context(), &q)
	if wait > 0 {
		t.Errorf("row %d: it waits for %v", row, wait)
	}
	return r
}

// checkAllReleased checks that all memory and all slots were given back.
func checkAllReleased(t *testing.T, c *Client) {
	t.Helper()
	if !c.memory.complete.TryAcquire(c.memory.size) {
		t.Error("memory for answers was not given back")
	} else {
		c.memory.complete.Release(c.memory.size)
	}
	if free := int64(len(c.memory.spill.free)); free != c.memory.spill.slots {
		t.Errorf("%d of %d slots of the temporary file were given back", free, c.memory.spill.slots)
	}
}

func TestAnAnswerArrivesAsItWasSentWhateverItsSize(t *testing.T) {
	for _, size := range []int{64, minReadBuffer - 1, minReadBuffer, minReadBuffer + 1, 5000, largeAnswer, 60_000, reusedAnswer, maxBody - 1, maxBody} {
		want := answerOf(size)
		for form, send := range map[string]func(w http.ResponseWriter){
			"announced": func(w http.ResponseWriter) {
				w.Header().Set("Content-Length", fmt.Sprint(len(want)))
				_, _ = w.Write(want)
			},
			"chunked": func(w http.ResponseWriter) {
				for part := range bytes.Lines(bytes.ReplaceAll(want, []byte("tttttttt"), []byte("ttttttt\n"))) {
					_, _ = w.Write(bytes.ReplaceAll(part, []byte("\n"), []byte("t")))
				}
			},
			"compressed": func(w http.ResponseWriter) {
				w.Header().Set("Content-Encoding", "gzip")
				_, _ = w.Write(zip(want))
			},
			"compressed in two members": func(w http.ResponseWriter) {
				w.Header().Set("Content-Encoding", "gzip")
				_, _ = w.Write(zip(want[:len(want)-8], want[len(want)-8:]))
			},
		} {
			t.Run(fmt.Sprintf("%d bytes, %s", size, form), func(t *testing.T) {
				c := smallMemoryClient(t, 2, func(w http.ResponseWriter, _ *http.Request) { send(w) })
				r := doOne(t, c, 1)
				if r.Outcome.Kind != contact.Matched || !bytes.Equal(r.Outcome.Body, want) || r.Err != nil {
					t.Fatalf("%v, %d bytes, %q, %v", r.Outcome.Kind, len(r.Outcome.Body), r.Outcome.Message, r.Err)
				}
				r.Release()
				r.Release()
				checkAllReleased(t, c)
			})
		}
	}
}

// What is of no use is told so, and keeps no memory: too large, cut, not what it says.
func TestAnUnusableAnswerKeepsNoMemory(t *testing.T) {
	whole := zip(answerOf(maxBody))
	for name, test := range map[string]struct {
		body    []byte
		zipped  bool
		failure contact.Failure
	}{
		"one byte too long":                   {answerOf(maxBody + 1), false, contact.Malformed},
		"too long when decompressed":          {zip(answerOf(maxBody + 1)), true, contact.Malformed},
		"two members, too long together":      {zip(answerOf(maxBody), []byte("{}")), true, contact.Malformed},
		"too long although it says it is not": {append(zip(answerOf(2*maxBody)), zip(nil)...), true, contact.Malformed},
		"half of it":                          {whole[:len(whole)/2], true, contact.Exhausted},
	} {
		t.Run(name, func(t *testing.T) {
			c := smallMemoryClient(t, 2, func(w http.ResponseWriter, _ *http.Request) {
				if test.zipped {
					w.Header().Set("Content-Encoding", "gzip")
				}
				_, _ = w.Write(test.body)
			})
			r := doOne(t, c, 1)
			if r.Outcome.Kind != contact.Lost || r.Outcome.Failure != test.failure || r.Outcome.Body != nil {
				t.Errorf("%+v", r.Outcome)
			}
			checkAllReleased(t, c)
		})
	}
}

// The first answer is not released, so no other one fits beside it. All others are read all the same, to their ends.
func TestAnAnswerIsReadAtOnceWhileOthersFillTheMemory(t *testing.T) {
	const workers = 24
	want := answerOf(900_000)
	c := smallMemoryClient(t, workers, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(want) })
	first := doOne(t, c, 0)
	results := make(chan contact.Result, workers)
	var calls sync.WaitGroup
	for row := 1; row < workers; row++ {
		calls.Go(func() { results <- doOne(t, c, row) })
	}
	for slots := int64(0); slots < workers-1; runtime.Gosched() {
		c.memory.spill.mu.Lock()
		slots = c.memory.spill.slots
		c.memory.spill.mu.Unlock()
	}
	if n := len(results); n > 0 {
		t.Errorf("%d answers went on, although there was no memory for them", n)
	}
	first.Release()
	for range workers - 1 {
		r := <-results
		if !bytes.Equal(r.Outcome.Body, want) {
			t.Errorf("%v, %d bytes", r.Outcome.Kind, len(r.Outcome.Body))
		}
		r.Release()
	}
	calls.Wait()
	checkAllReleased(t, c)
}

// An answer that finds no room on the disk was paid for: it is kept in memory, and the run is told to end.
func TestAnAnswerIsKeptIfTheTemporaryFileFails(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir()+"/gone")
	want := answerOf(900_000)
	c := smallMemoryClient(t, 2, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(want) })
	for row := range 3 {
		r := doOne(t, c, row)
		if !bytes.Equal(r.Outcome.Body, want) || !errors.Is(r.Err, fs.ErrNotExist) {
			t.Errorf("%v, %d bytes, %v", r.Outcome.Kind, len(r.Outcome.Body), r.Err)
		}
		r.Release()
	}
	checkAllReleased(t, c)
}

func TestLargeAnswersAreAnnouncedOnce(t *testing.T) {
	size, told := 0, 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(answerOf(size)) }))
	defer server.Close()
	c, err := New(Options{URL: server.URL, Key: escapedKey, OnLargeAnswer: func() { told++ }})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for i, want := range []int{0, 1, 1} {
		size = []int{largeAnswer, largeAnswer + 1, maxBody}[i]
		var q contact.Question
		c.Queue(&q)
		c.Ask(context.Background(), context.Background(), &q)
		if told != want {
			t.Errorf("told %d times after %d bytes", told, size)
		}
	}
}
