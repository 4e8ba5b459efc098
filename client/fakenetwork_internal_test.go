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

	"enrich/internal/jsonscan"
)

// A fakeNetwork replaces the network in a synctest bubble. It calls answer for each request, waits, and records the arrival.
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

// A fakeRequest is one arrival: the nth of all, and the nth of its row.
type fakeRequest struct {
	n, ofRow int
	email    string
}

// A fakeResponse is a status and a body, or an error.
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

func (network *fakeNetwork) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	email, _ := jsonscan.ToText(jsonscan.Get(body, "email"))
	in := network.arrive(email)
	s := network.answer(in)
	defer network.leave()
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

func (network *fakeNetwork) arrive(email string) fakeRequest {
	network.mu.Lock()
	defer network.mu.Unlock()
	network.arrivals = append(network.arrivals, arrival{time.Now(), email})
	network.inFlight++
	network.maxInFlight = max(network.maxInFlight, network.inFlight)
	in := fakeRequest{n: len(network.arrivals), email: email}
	for _, a := range network.arrivals {
		if a.email == email {
			in.ofRow++
		}
	}
	return in
}

func (network *fakeNetwork) leave() {
	network.mu.Lock()
	defer network.mu.Unlock()
	network.inFlight--
}

// calls returns how many requests arrived.
func (network *fakeNetwork) calls() int {
	network.mu.Lock()
	defer network.mu.Unlock()
	return len(network.arrivals)
}

// arrivedBetween returns how many requests arrived in an interval.
func (network *fakeNetwork) arrivedBetween(from, to time.Time) (n int) {
	network.mu.Lock()
	defer network.mu.Unlock()
	for _, a := range network.arrivals {
		if !a.at.Before(from) && a.at.Before(to) {
			n++
		}
	}
	return n
}
