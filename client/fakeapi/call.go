package fakeapi

import (
	"net/http"
	"strings"
	"sync"
	"time"
)

// A call is one request on its way to its answer.
type call struct {
	*Server
	w http.ResponseWriter
	r *http.Request

	number   int64 // from 1, over all contacts
	turn     int64 // which call of its contact it is, from 1; 0: not counted
	question question
	contact  string
	hash     uint64 // of the contact
	roll     uint64 // of the number
	out      []byte // the answer, as it grows
}

// buffers hold a request's body in their first part, and its answer behind it.
type buffers struct{ in, out []byte }

var pool = sync.Pool{New: func() any { return &buffers{make([]byte, 0, 4<<10), make([]byte, 0, 4<<10)} }}

// serveContact answers POST /contact. The order matters: the body is read, the call counted, and only then is
// anything decided.
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
	bad := c.enter(b.in)
	defer s.tally.inFlight.Add(-1)
	c.answer(bad)
	if cap(c.out) <= maxRequest {
		b.out = c.out
	}
}

// enter reads the question and counts the call. It returns why the question is bad.
func (c *call) enter(body []byte) (bad error) {
	c.question, bad = parseQuestion(body)
	c.contact = c.question.contact()
	c.hash = hashOf(c.contact, c.options.Seed)
	c.number = c.tally.enter(c.contact)
	c.roll = mix(uint64(c.number) ^ mix(uint64(c.options.Seed)))
	if bad == nil {
		bad = c.question.check(c.options.RequireField)
	}
	return bad
}

// answer decides what happens, in the order in which an API looks: the key, the rate, the question. Then come what the
// address orders and what the flags order.
func (c *call) answer(bad error) {
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
	case bad != nil:
		c.fail(http.StatusBadRequest, bad.Error())
	default:
		if o := c.order(orders); o != nil {
			c.tally.fault(o.name)
			o.kind.do(c, o)
			return
		}
		c.succeed(http.StatusOK, c.shape())
	}
}

// keyMessage is one of the two texts that are documented for a 401.
func keyMessage(authorization string) string {
	if authorization == "" {
		return "The API key is missing."
	}
	return "The API key you are using is invalid."
}

func isJSON(contentType string) bool {
	return strings.HasPrefix(contentType, "application/json")
}

func (c *call) countedFaults() bool {
	for i := range c.faults {
		if counted(c.faults[i].orders) {
			return true
		}
	}
	return false
}

// order is what is ordered for this call; nil: a good answer.
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

// limited is a 429 above the rate.
func (c *call) limited() {
	if c.options.RetryAfter != "" {
		c.w.Header().Set("Retry-After", c.options.RetryAfter)
	}
	c.fail(http.StatusTooManyRequests, "You have made too many requests.")
}

// fail answers with an error as it is documented.
func (c *call) fail(status int, message string) {
	c.out = appendError(c.out, status, message)
	c.send(status)
}

// send counts the status, waits the latency and writes what is in out.
func (c *call) send(status int) {
	c.begin(status)
	c.writeHead(c.w, status, len(c.out))
	_, _ = c.w.Write(c.out) // who left will not miss it
}

// begin counts what the call is answered, and waits the latency. A wait that is cut short is no matter: what follows
// goes nowhere then.
func (c *call) begin(status int) {
	c.tally.statuses[status].Add(1)
	wait := c.options.Latency
	if jitter := c.options.LatencyJitter; jitter > 0 {
		wait += time.Duration(share(c.roll) * float64(jitter))
	}
	c.wait(wait)
}

// wait waits, but not for a client that left nor beyond the server's end.
func (c *call) wait(d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.r.Context().Done(): // ends with the server as well
	}
}
