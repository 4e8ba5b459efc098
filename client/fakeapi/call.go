package fakeapi

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A call is one request and its answer.
type call struct {
	*Server
	w http.ResponseWriter
	r *http.Request

	number   int64 // from 1, over all contacts
	turn     int64 // from 1, over the calls of its contact; 0: not counted
	question question
	contact  string
	hash     uint64 // hash of the contact
	roll     uint64 // hash of the number
	out      []byte // the answer so far
}

// buffers are reused for the body of a request and its answer.
type buffers struct{ in, out []byte }

var pool = sync.Pool{New: func() any { return &buffers{make([]byte, 0, 4<<10), make([]byte, 0, 4<<10)} }}

// serveContact answers POST /contact. The order matters: the body is read, then the call is counted, then anything else is
// decided.
func (s *Server) serveContact(w http.ResponseWriter, r *http.Request) {
	b := pool.Get().(*buffers)
	defer pool.Put(b)
	var err error
	if b.in, err = readBody(b.in[:0], r.Body); err != nil {
		s.tally.unread.Add(1)
		s.refuse(w, http.StatusRequestEntityTooLarge, err.Error())
		return
	}
	c := call{Server: s, w: w, r: r, out: b.out[:0]}
	invalid := c.enter(b.in)
	defer s.tally.inFlight.Add(-1)
	c.answer(invalid)
	if cap(c.out) <= maxRequest {
		b.out = c.out
	}
}

// enter parses the request and counts the call. It returns why the request is invalid.
func (c *call) enter(body []byte) (invalid error) {
	c.question, invalid = parseQuestion(body)
	c.contact = c.question.contact()
	c.hash = hashOf(c.contact, c.options.Seed)
	c.number = c.tally.enter(c.contact)
	c.roll = mix(uint64(c.number) ^ mix(uint64(c.options.Seed)))
	if invalid == nil {
		invalid = c.question.check(c.options.RequireField)
	}
	return invalid
}

// answer checks the key, the rate and the request, in this order. Then the faults of the address apply, then those of the
// options.
func (c *call) answer(invalid error) {
	orders := ordersOf(c.contact)
	if c.contact != "" && (!c.options.Uncounted || counted(orders) || c.countedFaults()) {
		c.turn = c.tally.turn(c.contact)
	}
	authorization := c.r.Header.Get("Authorization")
	switch {
	case !c.account.knows(authorization):
		c.tally.refusedKeys.Add(1)
		c.fail(http.StatusUnauthorized, keyMessage(authorization))
	case c.options.RevokeAfter > 0 && c.number > c.options.RevokeAfter:
		c.tally.refusedKeys.Add(1)
		c.fail(http.StatusUnauthorized, "The API key you are using is invalid.")
	case c.window != nil && !c.window.take(time.Now()):
		c.tally.limited.Add(1)
		c.limited()
	case !isJSON(c.r.Header.Get("Content-Type")):
		c.fail(http.StatusBadRequest, "The Content-Type must be application/json.")
	case invalid != nil:
		c.fail(http.StatusBadRequest, invalid.Error())
	default:
		if o := c.order(orders); o != nil {
			c.tally.fault(o.name)
			o.kind.do(c, o)
			return
		}
		c.succeed(http.StatusOK, c.shape())
	}
}

// keyMessage returns one of the two documented texts of a 401.
func keyMessage(authorization string) string {
	if authorization == "" {
		return "The API key is missing."
	}
	return "The API key you are using is invalid."
}

func isJSON(contentType string) bool {
	return strings.HasPrefix(contentType, "application/json")
}

// countedFaults reports whether a fault of the options depends on the calls of its contact.
func (c *call) countedFaults() bool {
	for i := range c.faults {
		if counted(c.faults[i].orders) {
			return true
		}
	}
	return false
}

// order returns the order for this call, or nil for a normal answer.
func (c *call) order(orders []order) *order {
	if o := current(orders, c.turn); o != nil {
		return o
	}
	for i := range c.faults {
		if o := c.faults[i].at(c.number, c.turn, mix(c.roll+uint64(i))); o != nil {
			return o
		}
	}
	return nil
}

// limited answers a call above the rate limit.
func (c *call) limited() {
	if c.options.RetryAfter != "" {
		c.w.Header().Set("Retry-After", c.options.RetryAfter)
	}
	c.fail(http.StatusTooManyRequests, "You have made too many requests.")
}

// fail answers with an error in the documented format.
func (c *call) fail(status int, message string) {
	c.out = appendError(c.out, status, message)
	c.send(status)
}

// send counts the status, waits for the latency and writes the answer.
func (c *call) send(status int) {
	c.begin(status)
	c.writeHead(c.w, status, len(c.out))
	_, _ = c.w.Write(c.out) // the client may have left
}

// begin counts the status and waits for the latency. If the wait is cut short, the client or the server is gone.
func (c *call) begin(status int) {
	c.tally.statuses[status].Add(1)
	wait := c.options.Latency
	if jitter := c.options.LatencyJitter; jitter > 0 {
		wait += time.Duration(share(c.roll) * float64(jitter))
	}
	c.wait(wait)
}

// wait waits until the time is over, the client leaves or the server ends.
func (c *call) wait(d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.r.Context().Done(): // also ends with the server
	}
}

// maxRequest is the largest body of a request, in bytes; seven fields of 255 characters are far smaller.
const maxRequest = 256 << 10

var errTooLarge = errors.New("the body is too large")

// readBody appends a body to b.
func readBody(b []byte, r io.Reader) ([]byte, error) {
	for {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case errors.Is(err, io.EOF):
			return b, nil
		case err != nil:
			return b, err
		case len(b) > maxRequest:
			return b, errTooLarge
		}
	}
}

// writeHead writes the header of every answer, without a Content-Length if length is -1.
func (s *Server) writeHead(w http.ResponseWriter, status, length int) {
	h := w.Header()
	if s.rate != nil {
		h["Rate_limit"] = s.rate
	}
	if h["Content-Type"] == nil {
		h["Content-Type"] = []string{"application/json; charset=utf-8"}
	}
	if length >= 0 && status != http.StatusNoContent && status != http.StatusNotModified {
		h["Content-Length"] = []string{strconv.Itoa(length)}
	}
	w.WriteHeader(status)
}

// refuse answers a request that is not counted as a call.
func (s *Server) refuse(w http.ResponseWriter, status int, message string) {
	s.writeHead(w, status, -1)
	_, _ = w.Write(appendError(nil, status, message)) // the client may have left
}
