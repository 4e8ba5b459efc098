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
type wire struct {
	answer func(incoming) said

	mu       sync.Mutex
	arrivals []arrival
	flying   int
	most     int // in flight at once
}

// An arrival is a request that was on the wire.
type arrival struct {
	at    time.Time
	email string
}

// incoming is a call as the wire sees it: the how manyeth of all, and of its row.
type incoming struct {
	n, ofRow int
	email    string
}

// said is an answer: a status and a body, or an error.
type said struct {
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

func ok() said { return said{status: 200, body: matchBody, after: 10 * time.Millisecond} }
func status(n int) said {
	return said{status: n, body: `{"message":"no"}`, after: 10 * time.Millisecond}
}

// apiError is an error in the API's own format.
func apiError(n int) said { return said{status: n, body: ownError(n), after: 10 * time.Millisecond} }

func refused() said { return said{err: errRefused, after: time.Millisecond} }
func reset() said   { return said{err: errReset, sent: true, after: 10 * time.Millisecond} }
func throttle(s string) said {
	return said{status: 429, header: http.Header{"Retry-After": {s}}, after: 10 * time.Millisecond}
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	in := w.arrive(gjson.GetBytes(body, "email").Str)
	s := w.answer(in)
	defer w.gone()
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

func (w *wire) arrive(email string) incoming {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.arrivals = append(w.arrivals, arrival{time.Now(), email})
	w.flying++
	w.most = max(w.most, w.flying)
	in := incoming{n: len(w.arrivals), email: email}
	for _, a := range w.arrivals {
		if a.email == email {
			in.ofRow++
		}
	}
	return in
}

func (w *wire) gone() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.flying--
}

// calls is how many requests arrived.
func (w *wire) calls() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.arrivals)
}

// within is how many arrived from one moment until another.
func (w *wire) within(from, to time.Time) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range w.arrivals {
		if !a.at.Before(from) && a.at.Before(to) {
			n++
		}
	}
	return n
}
