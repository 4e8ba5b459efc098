package client

import (
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sourcegraph/conc"

	"enrich/contact"
)

// A jobNetwork replaces the network in fake time. Each request takes 10 ms; answer returns what it gets.
type jobNetwork struct {
	answer func(path string, n int) fakeResponse // n counts the requests of a path

	mu       sync.Mutex
	arrivals map[string][]time.Time
}

const (
	singlePath = "/contact"
	submitPath = "/contacts"
	pollPath   = "/contacts/results/" + testJobID + ".json"
)

func (network *jobNetwork) RoundTrip(r *http.Request) (*http.Response, error) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return nil, err
	}
	network.mu.Lock()
	if network.arrivals == nil {
		network.arrivals = map[string][]time.Time{}
	}
	network.arrivals[r.URL.Path] = append(network.arrivals[r.URL.Path], time.Now())
	n := len(network.arrivals[r.URL.Path])
	network.mu.Unlock()
	trace := httptrace.ContextClientTrace(r.Context())
	trace.GotConn(httptrace.GotConnInfo{Conn: &net.TCPConn{}})
	trace.WroteHeaders()
	time.Sleep(10 * time.Millisecond)
	a := network.answer(r.URL.Path, n)
	if a.header == nil {
		a.header = http.Header{}
	}
	return &http.Response{StatusCode: a.status, Header: a.header, Body: io.NopCloser(strings.NewReader(a.body))}, a.err
}

// usual is the documented answer of each endpoint.
func usual(path string) fakeResponse {
	switch path {
	case singlePath:
		return fakeResponse{status: 200, body: matchBody}
	case submitPath:
		return fakeResponse{status: 200, body: `{"job_id":"` + testJobID + `"}`}
	}
	return fakeResponse{status: 202}
}

func (network *jobNetwork) count(path string) int {
	network.mu.Lock()
	defer network.mu.Unlock()
	return len(network.arrivals[path])
}

// gaps checks that the requests of a path are at least this far apart.
func (network *jobNetwork) gaps(t *testing.T, path string, least time.Duration) {
	t.Helper()
	network.mu.Lock()
	defer network.mu.Unlock()
	at := network.arrivals[path]
	for i := 1; i < len(at); i++ {
		if gap := at[i].Sub(at[i-1]); gap < least {
			t.Errorf("%s: %v between requests %d and %d, expected %v", path, gap, i, i+1, least)
		}
	}
}

func jobClient(t *testing.T, network *jobNetwork, o Options) *Client {
	t.Helper()
	o.URL, o.Key, o.transport = "http://127.0.0.1:1", escapedKey, network
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func askOne(t *testing.T, c *Client, row int64) contact.Result {
	t.Helper()
	q := contact.Question{Row: row, Contact: contact.Contact{Email: email(row)}}
	c.Queue(&q)
	for {
		r, wait := c.Ask(t.Context(), t.Context(), &q)
		if wait == 0 {
			return r
		}
		time.Sleep(wait)
	}
}

// The API states a rate for each endpoint. A slow one does not slow the others.
func TestEachEndpointHasItsRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rates := map[string]string{singlePath: "6000", submitPath: "6", pollPath: "60"}
		network := &jobNetwork{answer: func(path string, _ int) fakeResponse {
			a := usual(path)
			a.header = http.Header{"Rate_limit": {rates[path]}}
			return a
		}}
		c := jobClient(t, network, Options{})
		began := time.Now()
		var tasks conc.WaitGroup
		tasks.Go(func() {
			for range 4 {
				c.Submit(t.Context(), t.Context(), testContacts(2), nil)
			}
		})
		tasks.Go(func() {
			for range 8 {
				c.Poll(t.Context(), t.Context(), &contact.Job{ID: testJobID}, nil)
			}
		})
		for row := range int64(500) {
			askOne(t, c, row)
		}
		if took := time.Since(began); took > 8*time.Second {
			t.Errorf("500 calls took %v", took)
		}
		tasks.Wait()
		network.gaps(t, submitPath, 10*time.Second)
		network.gaps(t, pollPath, time.Second)
		if w := c.Stats().Waited; w < 30*time.Second {
			t.Errorf("waited %v", w)
		}
	})
}

// With --rate all requests share one limit.
func TestAFixedRateIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := &jobNetwork{answer: func(path string, _ int) fakeResponse {
			a := usual(path)
			a.header = http.Header{"Rate_limit": {"100000"}}
			return a
		}}
		rate, _ := ParseRate("1/s")
		c := jobClient(t, network, Options{Rate: rate})
		began := time.Now()
		for row := range int64(5) {
			askOne(t, c, row)
			c.Submit(t.Context(), t.Context(), testContacts(1), nil)
			c.Poll(t.Context(), t.Context(), &contact.Job{ID: testJobID}, nil)
		}
		if took := time.Since(began); took < 14*time.Second || took > 16*time.Second {
			t.Errorf("15 requests took %v", took)
		}
	})
}

// A 429 is for the account: it holds back every request, whichever got it.
func TestOnePauseForAllRequests(t *testing.T) {
	for _, throttledPath := range []string{singlePath, submitPath, pollPath} {
		synctest.Test(t, func(t *testing.T) {
			network := &jobNetwork{}
			network.answer = func(path string, n int) fakeResponse {
				if path == throttledPath && n == 2 {
					return throttled("30")
				}
				return usual(path)
			}
			c := jobClient(t, network, Options{})
			askOne(t, c, 0) // proves the key
			c.Submit(t.Context(), t.Context(), testContacts(1), nil)
			c.Poll(t.Context(), t.Context(), &contact.Job{ID: testJobID}, nil)
			var tasks conc.WaitGroup
			send := map[string]func(){
				singlePath: func() { askOne(t, c, 1) },
				submitPath: func() { c.Submit(t.Context(), t.Context(), testContacts(1), nil) },
				pollPath:   func() { c.Poll(t.Context(), t.Context(), &contact.Job{ID: testJobID}, nil) },
			}
			tasks.Go(send[throttledPath])
			time.Sleep(time.Second)
			began := time.Now()
			for _, f := range send {
				tasks.Go(f)
			}
			time.Sleep(time.Second)
			if w, waits := c.Waiting(); !waits || w.Reason != WaitingPause {
				t.Errorf("%s: waits %t for %q", throttledPath, waits, w.Reason)
			}
			tasks.Wait()
			if took := time.Since(began); took < 29*time.Second || took > 35*time.Second {
				t.Errorf("%s: the others took %v", throttledPath, took)
			}
			for path := range send {
				if n := network.count(path); path == throttledPath && n != 4 || path != throttledPath && n != 2 {
					t.Errorf("%s throttled: %d requests of %s", throttledPath, n, path)
				}
			}
		})
	}
}

// Whatever is sent first goes alone, so that a bad key costs one call.
func TestTheFirstRequestOfAJobGoesAlone(t *testing.T) {
	for _, first := range []string{submitPath, pollPath} {
		synctest.Test(t, func(t *testing.T) {
			network := &jobNetwork{answer: func(string, int) fakeResponse { return apiError(401) }}
			c := jobClient(t, network, Options{})
			var tasks conc.WaitGroup
			tasks.Go(func() {
				if first == submitPath {
					c.Submit(t.Context(), t.Context(), testContacts(1), nil)
				} else {
					c.Poll(t.Context(), t.Context(), &contact.Job{ID: testJobID}, nil)
				}
			})
			synctest.Wait()
			for range 3 {
				tasks.Go(func() { c.Poll(t.Context(), t.Context(), &contact.Job{ID: testJobID}, nil) })
				tasks.Go(func() {
					if a := c.Submit(t.Context(), t.Context(), testContacts(1), nil); a.Stop != contact.StopUnauthorized || a.Outcome.Kind != contact.Released {
						t.Errorf("%+v", a)
					}
				})
			}
			tasks.Wait()
			if n := network.count(submitPath) + network.count(pollPath); n != 1 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

// A wait for the rate of an endpoint is shown, and a stop ends it.
func TestAWaitOfAJobIsShownAndEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := &jobNetwork{answer: func(path string, n int) fakeResponse {
			a := usual(path)
			a.header = http.Header{"Rate_limit": {"1"}}
			if path == pollPath && n == 2 {
				a = apiError(403)
			}
			return a
		}}
		c := jobClient(t, network, Options{})
		c.Submit(t.Context(), t.Context(), testContacts(1), nil)
		c.Poll(t.Context(), t.Context(), &contact.Job{ID: testJobID}, nil)
		began := time.Now()
		var tasks conc.WaitGroup
		tasks.Go(func() {
			if a := c.Submit(t.Context(), t.Context(), testContacts(1), nil); a.Stop != contact.StopForbidden {
				t.Errorf("%+v", a)
			}
		})
		synctest.Wait()
		if w, waits := c.Waiting(); !waits || w.Reason != WaitingRate || w.Until.Sub(began) < 55*time.Second {
			t.Errorf("waits %t: %+v", waits, w)
		}
		c.jobs.polls = newLimiter(Rate{}) // it need not wait
		c.Poll(t.Context(), t.Context(), &contact.Job{ID: testJobID}, nil)
		tasks.Wait()
		if took := time.Since(began); took > time.Second {
			t.Errorf("the stop took %v", took)
		}
	})
}

// Backoff and probes are those of a row: a submission that fails is sent again after a delay, and the API counts as down after
// --max-attempts.
func TestAJobBacksOffAndGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := &jobNetwork{answer: func(string, int) fakeResponse { return apiError(503) }}
		c := jobClient(t, network, Options{})
		began := time.Now()
		a := c.Submit(t.Context(), t.Context(), testContacts(2), nil)
		if a.Stop != contact.StopAPIDown || a.Outcome.Kind != contact.Released || !strings.Contains(a.StopDetail, "503") {
			t.Errorf("%+v", a)
		}
		if took := time.Since(began); took < defaultMaxElapsed || took > defaultMaxElapsed+time.Minute {
			t.Errorf("gave up after %v", took)
		}
		if n := network.count(submitPath); n > 40 || n < defaultMaxAttempts {
			t.Errorf("%d submissions", n)
		}
		network.gaps(t, submitPath, 200*time.Millisecond)
		if by := c.Stats().Retried; by["server_error"] != int64(a.Outcome.Attempts-1) {
			t.Errorf("retried %v of %d", by, a.Outcome.Attempts)
		}
	})
}

// A cap ends the retries.
func TestEachRetryOfAJobIsReserved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := &jobNetwork{answer: func(string, int) fakeResponse { return apiError(500) }}
		left := 2
		reserve := func() string {
			if left == 0 {
				return "reached --max-calls (3)"
			}
			left--
			return ""
		}
		c := jobClient(t, network, Options{})
		a := c.Submit(t.Context(), t.Context(), testContacts(2), reserve)
		if a.Stop != contact.StopCap || a.StopDetail != "reached --max-calls (3)" || a.Outcome.Kind != contact.Released || network.count(submitPath) != 3 || a.Outcome.Attempts != 3 {
			t.Errorf("%+v after %d requests", a, network.count(submitPath))
		}
		left = 1
		p := c.Poll(t.Context(), t.Context(), &contact.Job{ID: testJobID}, reserve)
		if p.Stop != contact.StopCap || p.State != contact.PollStopped || p.Sent != 2 || network.count(pollPath) != 2 {
			t.Errorf("%+v after %d requests", p, network.count(pollPath))
		}
	})
}
