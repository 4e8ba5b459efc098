package fakeapi

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A call is one request and its answer.
type call struct {
	*Server
	*endpoint
	person // of POST /contact
	w      http.ResponseWriter
	r      *http.Request

	bulk    bulkRequest // nil: POST /contact
	number  int64       // from 1, over all calls
	nth     int64       // from 1, over the calls of its endpoint
	turn    int64       // from 1, over the calls of its contact or the polls of its job; 0: not counted
	contact string
	roll    uint64 // hash of the number
	status  int    // of a normal answer
	out     []byte // the answer so far
}

// An endpoint is a path of the API. Each has a rate limit, counts its calls and has faults.
type endpoint struct {
	window *rateWindow // nil: no limit
	calls  atomic.Int64
	faults []fault
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
	if b.in, err = readBody(b.in[:0], r.Body, maxRequest); err != nil {
		s.tally.unread.Add(1)
		s.reject(w, http.StatusRequestEntityTooLarge, err.Error())
		return
	}
	c := call{Server: s, endpoint: &s.contact, w: w, r: r, status: http.StatusOK, out: b.out[:0]}
	var invalid error
	c.question, invalid = parseQuestion(b.in)
	c.identify(&c.options)
	c.enter(c.contact)
	defer s.tally.inFlight.Add(-1)
	if invalid == nil {
		invalid = c.question.check(c.options.RequireField)
	}
	orders := ordersOf(c.contact)
	if c.contact != "" && (!c.options.Uncounted || counted(orders) || c.countedFaults()) {
		c.turn = c.tally.turn(c.contact)
	}
	c.answer(orders, invalid)
	if cap(c.out) <= maxRequest {
		b.out = c.out
	}
}

// enter counts the call.
func (c *call) enter(label string) {
	c.nth = c.calls.Add(1)
	c.number = c.tally.enter(label)
	c.roll = mix(uint64(c.number) ^ mix(uint64(c.options.Seed)))
}

// answer checks the key, the rate and the request, in this order. Then the faults of the address apply, then those of the
// options.
func (c *call) answer(orders []order, invalid error) {
	authorization := c.r.Header.Get("Authorization")
	switch {
	case !c.account.knows(authorization):
		c.tally.refusedKeys.Add(1)
		c.fail(http.StatusUnauthorized, keyMessage(authorization))
	case c.options.RevokeAfter > 0 && c.number > c.options.RevokeAfter:
		c.tally.refusedKeys.Add(1)
		c.fail(http.StatusUnauthorized, "The API key you are using is invalid.")
	case c.window != nil && !c.window.take(c.now()):
		c.tally.limited.Add(1)
		c.limited()
	case c.r.Method == http.MethodPost && !isJSON(c.r.Header.Get("Content-Type")):
		c.fail(http.StatusBadRequest, "The Content-Type must be application/json.")
	case invalid != nil:
		c.refuse(invalid)
	default:
		if o := c.order(orders); o != nil {
			c.obey(o)
			return
		}
		c.serve()
	}
}

// refuse answers a request that is not valid.
func (c *call) refuse(invalid error) {
	status := http.StatusBadRequest
	if e, ok := errors.AsType[*statusError](invalid); ok {
		status = e.status
	}
	c.fail(status, invalid.Error())
}

// obey does what is ordered.
func (c *call) obey(o *order) {
	c.tally.fault(o.name)
	o.kind.do(c, o)
}

// serve answers as documented.
func (c *call) serve() {
	if c.bulk != nil {
		c.bulk.serve(c)
		return
	}
	c.succeed(http.StatusOK, c.shape(&c.options))
}

// buildNormal makes the documented answer and its status, and charges what it costs. It returns false if no credits are left.
func (c *call) buildNormal() bool {
	if c.bulk != nil {
		return c.bulk.build(c)
	}
	return c.build(c.shape(&c.options))
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
	if c.healed.Load() {
		return nil
	}
	for i := range c.faults {
		if o := c.faults[i].at(c.nth, c.turn, mix(c.roll+uint64(i))); o != nil {
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

// A statusError is a reason to refuse a request with another status than 400.
type statusError struct {
	status  int
	message string
}

func (e *statusError) Error() string { return e.message }

// readBody appends a body to b, of at most limit bytes.
func readBody(b []byte, r io.Reader, limit int) ([]byte, error) {
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
		case len(b) > limit:
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

// reject answers a request that is not counted as a call.
func (s *Server) reject(w http.ResponseWriter, status int, message string) {
	s.writeHead(w, status, -1)
	_, _ = w.Write(appendError(nil, status, message)) // the client may have left
}
