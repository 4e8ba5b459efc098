package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"enrich/client/internal/body"
	"enrich/client/internal/jobresults"
	"enrich/contact"
)

// errorBodyTimeout bounds the wait for the body of an error: a 401 whose body never ends must stop the run at once.
const errorBodyTimeout = 2 * time.Second

// A reply is the result of one call.
type reply struct {
	delivery delivery
	onWire   bool // a request was written, at least in part
	status   int  // 0: there is no response
	header   http.Header
	body     []byte // decoded and without the key; valid until the exchange is used again. Above maxBody bytes it is too long
	err      error
	took     time.Duration
	at       time.Time // when the call ended
	// results are the body of a 2xx to a request for the results of a job, instead of body. The receiver closes them.
	// storageErr: they could not be stored.
	results    *jobresults.File
	storageErr error
}

// call makes one call and reads the answer.
func (c *Client) call(soft, hard context.Context, x *exchange) reply {
	x.deadline.begin(soft, hard, c.o.Timeout)
	r := c.roundTrip(x)
	// The transport may still read the request of a job.
	x.deadline.end(x.job == nil && r.err == nil && r.delivery == deliveryResponse && needsBody(r.status))
	if r.status != 0 && r.results == nil && r.storageErr == nil {
		c.decode(x, &r)
	}
	return r
}

func (c *Client) roundTrip(x *exchange) reply {
	started := time.Now()
	resp, err := c.transportFor(x).RoundTrip(c.newRequest(x))
	for err != nil && x.deadline.trace.refused { // nothing was written, and that connection is closed
		x.deadline.trace.reset()
		resp, err = c.transportFor(x).RoundTrip(c.newRequest(x))
	}
	if err != nil {
		r := reply{err: x.deadline.errorOf(err), at: time.Now()}
		r.took = r.at.Sub(started)
		r.delivery, r.onWire = x.deadline.trace.delivery(r.err)
		if !r.onWire && x.deadline.soft.Err() != nil {
			r.err = fmt.Errorf("%w: %w", context.Canceled, r.err)
		}
		return r
	}
	x.deadline.trace.closeOnAbandon(resp.Body)
	r := reply{onWire: true, status: resp.StatusCode, header: resp.Header}
	if resp.StatusCode < 200 { // 101: the connection is no longer HTTP, and the transport does not end it with the call's context
		_ = resp.Body.Close() // this closes the connection
		resp.Body = http.NoBody
	}
	if !needsBody(resp.StatusCode) {
		cancel := x.deadline.cancel
		defer time.AfterFunc(errorBodyTimeout, func() { cancel(nil) }).Stop()
	}
	if x.job.isForResults(resp.StatusCode) {
		c.receive(x, resp, &r)
	} else {
		r.err = x.deadline.errorOf(readBody(resp, x.body))
	}
	r.at = time.Now()
	r.took = r.at.Sub(started) - x.deadline.trace.waited
	return r
}

// transportFor returns the transport of a request.
func (c *Client) transportFor(x *exchange) http.RoundTripper {
	if x.job.isSubmission() || c.unsolicited.Load() {
		return c.unpooled
	}
	return c.transport
}

// newRequest returns a request with a body. The transport reads a body of this type without flushing the header first. There
// is no GetBody, so the transport cannot send it twice.
func (c *Client) newRequest(x *exchange) *http.Request {
	if x.job != nil {
		return x.job.newRequest(x.deadline.ctx)
	}
	r := x.deadline.requestFrom(c.template)
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(x.request)), int64(len(x.request))
	return r
}

// needsBody reports whether the meaning of a status is in the body: that of a 2xx. Any other status is enough, even if the
// body was cut.
func needsBody(status int) bool {
	return status >= 200 && status <= 299 && status != http.StatusAccepted
}

// readBody reads and closes a response's body. It does not wait for what follows the bound.
func readBody(resp *http.Response, b *body.Buffer) error {
	err := b.Read(resp.Body, resp.ContentLength)
	if cerr := resp.Body.Close(); err == nil && b.Len() <= maxBody {
		err = cerr
	}
	return err
}

// decode sets the body of a reply, and its delivery if the body was cut or is corrupt. Nothing more is read from the network,
// so it may wait for memory.
func (c *Client) decode(x *exchange, r *reply) {
	text, err := x.body.Decode(r.header)
	if r.err == nil {
		r.err = err
	}
	r.body = c.redactBody(text)
	switch {
	case !needsBody(r.status) || r.err == nil || isObject(r.body): // a complete object is an answer, however the connection ended
	case errors.Is(r.err, body.ErrCorrupt):
		r.delivery = deliveryCorrupt
	default:
		r.delivery = deliveryCut
	}
}

// isObject reports whether a body is one complete JSON object. No part of an object is one.
func isObject(body []byte) bool {
	if len(body) > maxBody {
		return false
	}
	_, err := contact.ParseAnswer(body)
	return err == nil
}

// maxRedactedOversize is how much is redacted of a body that is too long to be an answer: far more than a message shows.
const maxRedactedOversize = 64 << 10

// redactBody removes the key from a body. A body above maxBody keeps its length, which shows that it is too long, and the
// beginning that a message may show. The rest is cleared: to search all of it for the key would take too long.
func (c *Client) redactBody(body []byte) []byte {
	if len(body) <= maxBody {
		return c.redactor.Bytes(body)
	}
	n := copy(body, c.redactor.Bytes(body[:maxRedactedOversize]))
	clear(body[n:])
	return body
}

// freeMemory gives back the memory of a call, except that of the answer in the result, which [question.Release] gives back.
func (q *question) freeMemory() {
	if kept := q.x.body.Keep(cap(q.x.result.Outcome.Body)); kept > 0 {
		q.held, q.x.result.Memory = kept, q
	}
	q.x.body.Free()
}

// Release gives back the memory of the answer in the result. [contact.Result.Release] calls it once.
func (q *question) Release() {
	q.c.memory.Release(q.held)
	q.held = 0
}
