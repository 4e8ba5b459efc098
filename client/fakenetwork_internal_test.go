package client

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"time"

	"github.com/tidwall/gjson"
)

// A wire stands in for the network in a synctest bubble: it answers by a function, after a time, and notes what arrived.
type fakeNetwork struct {
	answer func(fakeRequest) fakeResponse

	mu          sync.Mutex
	arrivals    []arrival
	inFlight    int
	maxInFlight int // in flight at once
}

// An arrival is a request that was on the wire.
type arrival struct {
	at    time.Time
	email string
}

// fakeRequest is a call as the wire sees it: the how manyeth of all, and of its row.
type fakeRequest struct {
	n, ofRow int
	email    string
}

// fakeResponse is an answer: a status and a body, or an error.
type fakeResponse struct {
	status int
	body   string
	header http.Header
	after  time.Duration
	err    error
	sent   bool // the error came after the request was written
}

var (
	errRefused = errors.New("connection refused")
	errReset   = errors.New("connection reset by peer")
)

const matchBody = `{"contact":{"credit_charged":true,"first_name":"Ann"},"remaining_credits":9}`

func ok() fakeResponse {
	return fakeResponse{status: 200, body: matchBody, after: 10 * time.Millisecond}
}
func status(n int) fakeResponse {
	return fakeResponse{status: n, body: `{"message":"no"}`, after: 10 * time.Millisecond}
}

// apiError is an error in the API's own format.
func apiError(n int) fakeResponse {
	return fakeResponse{status: n, body: ownError(n), after: 10 * time.Millisecond}
}

func notConnected() fakeResponse { return fakeResponse{err: errRefused, after: time.Millisecond} }
func connectionReset() fakeResponse {
	return fakeResponse{err: errReset, sent: true, after: 10 * time.Millisecond}
}
func throttled(s string) fakeResponse {
	return fakeResponse{status: 429, header: http.Header{"Retry-After": {s}}, after: 10 * time.Millisecond}
}

func (w *fakeNetwork) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	in := w.arrive(gjson.GetBytes(body, "email").Str)
	s := w.answer(in)
	defer w.leave()
	trace := httptrace.ContextClientTrace(r.Context())
	if s.err == nil || s.sent {
		trace.GotConn(httptrace.GotConnInfo{Conn: &net.TCPConn{}})
		trace.WroteHeaders()
	}
	timer := time.NewTimer(s.after)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	if s.err != nil {
		return nil, s.err
	}
	header := s.header
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{StatusCode: s.status, Header: header, Body: io.NopCloser(strings.NewReader(s.body))}, nil
}

func (w *fakeNetwork) arrive(email string) fakeRequest {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.arrivals = append(w.arrivals, arrival{time.Now(), email})
	w.inFlight++
	w.maxInFlight = max(w.maxInFlight, w.inFlight)
	in := fakeRequest{n: len(w.arrivals), email: email}
	for _, a := range w.arrivals {
		if a.email == email {
			in.ofRow++
		}
	}
	return in
}

func (w *fakeNetwork) leave() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.inFlight--
}

// calls is how many requests arrived.
func (w *fakeNetwork) calls() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.arrivals)
}

// arrivedBetween is how many arrived from one moment until another.
func (w *fakeNetwork) arrivedBetween(from, to time.Time) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range w.arrivals {
		if !a.at.Before(from) && a.at.Before(to) {
			n++
		}
	}
	return n
}
