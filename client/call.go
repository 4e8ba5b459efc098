package client

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"enrich/client/internal/connect"
)

// maxBody is how much of an answer is read, decompressed. An answer above it is of no use.
const maxBody = 1 << 20

// errorBodyTime is how long the words of an error are waited for: a 401 whose body never ends must stop the run at once.
const errorBodyTime = 2 * time.Second

// A delivery is how far a call came that has no answer.
type delivery uint8

const (
	deliveryAnswered     delivery = iota // there is an answer
	deliveryNoConnection                 // no connection came about: nothing was sent
	deliveryNotSent                      // there was a connection, and the server certainly did not take the request
	deliveryCut                          // it may have been charged, and the answer did not come or was cut
	deliveryUndecodable                  // it may have been charged, and the answer is whole but cannot be decoded
)

// A reply is what came of one call.
type reply struct {
	delivery delivery
	onWire   bool // a request was on the wire, wholly or in part
	status   int
	header   http.Header
	body     []byte // decompressed, at most maxBody+1 bytes, valid until the exchange is used again; the key redacted
	err      error
	took     time.Duration
	at       time.Time // when it ended
}

// A trace is one request on its way. Its hooks tell what was written.
type trace struct {
	info          httptrace.GotConnInfo
	conn          *connect.Conn
	writtenBefore int64 // what was written to the connection before
	wroteHeaders  atomic.Bool

	mu      sync.Mutex
	closers []io.Closer // what abandon closes
}

func (t *trace) gotConn(info httptrace.GotConnInfo) {
	t.info = info
	if t.conn = connect.Unwrap(info.Conn); t.conn == nil {
		return
	}
	t.writtenBefore = t.conn.Written()
	t.conn.Ready()
	if !t.overHTTP2() { // a connection of HTTP/2 has the calls of others on it
		t.closeOnAbandon(t.conn)
	}
}

// uses names something of this call alone that keeps it from returning until it is closed.
func (t *trace) closeOnAbandon(x io.Closer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closers = append(t.closers, x)
}

// endReleased lets go of what the call used: it has returned, and its connection may be another call's by now.
func (t *trace) release() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.closers)
	t.closers = t.closers[:0]
}

// abandon closes what a call still uses.
func (t *trace) abandon() {
	t.mu.Lock()
	open := slices.Clone(t.closers)
	t.mu.Unlock()
	for _, x := range open {
		_ = x.Close() // it is closed to end the call, which tells its own error
	}
}

func (t *trace) overHTTP2() bool {
	tc, ok := t.info.Conn.(*tls.Conn)
	return ok && tc.ConnectionState().NegotiatedProtocol == "h2"
}

// connectionReset is for the next call.
func (t *trace) reset() {
	t.info, t.conn, t.writtenBefore = httptrace.GotConnInfo{}, nil, 0
	t.wroteHeaders.Store(false)
}

// trace makes one call and reads the answer.
func (c *Client) call(hard context.Context, x *exchange) reply {
	x.deadline.begin(hard, c.o.Timeout)
	r := c.roundTrip(x)
	x.deadline.end(r.err == nil && r.delivery == deliveryAnswered && needsBody(r.status))
	if r.status != 0 {
		c.decode(x, &r)
	}
	return r
}

// decode fills in the body of a reply, and what its end means. Nothing more is read here, so it can wait for memory.
func (c *Client) decode(x *exchange, r *reply) {
	deflated := strings.EqualFold(strings.TrimSpace(r.header.Get("Content-Encoding")), "deflate")
	unzipped, err := c.memory.load(x, deflated)
	if r.err == nil {
		r.err = err
	}
	body, undecodable := decodeBody(r.header, unzipped)
	r.body = c.redactBody(body)
	switch {
	case !needsBody(r.status):
	case r.err != nil && !isObject(r.body): // an object that came whole is an answer, however the connection ended
		r.delivery = bodyDelivery(r.err)
	case undecodable != nil:
		r.err, r.delivery = undecodable, deliveryUndecodable
	}
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

func (c *Client) roundTrip(x *exchange) reply {
	started := time.Now()
	resp, err := c.transport.RoundTrip(c.request(x.deadline.ctx, x.request))
	if err != nil {
		r := reply{err: x.deadline.errorOf(err)}
		r.at, r.took = ended(started)
		r.delivery, r.onWire = x.deadline.trace.delivery(r.err)
		return r
	}
	x.deadline.trace.closeOnAbandon(resp.Body)
	r := reply{onWire: true, status: resp.StatusCode, header: resp.Header}
	if resp.StatusCode < 200 { // 101: what follows is no body, and the transport no longer ends it with the call's context
		_ = resp.Body.Close() // which closes the connection
		resp.Body = http.NoBody
	}
	if !needsBody(resp.StatusCode) {
		defer time.AfterFunc(errorBodyTime, x.deadline.cancel).Stop()
	}
	r.err = x.deadline.errorOf(c.memory.readBody(resp, &x.body))
	r.at, r.took = ended(started)
	return r
}

// results is now, and how long ago a call started.
func ended(started time.Time) (time.Time, time.Duration) {
	now := time.Now()
	return now, now.Sub(started)
}

// request is made anew for each call, of what all have alike. The transport reads a Body of this type without flushing
// the header by itself. There is no GetBody: the transport cannot send it again.
func (c *Client) request(ctx context.Context, body []byte) *http.Request {
	r := c.template.WithContext(ctx)
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return r
}

// needsBody: only what a 2xx means stands in its body; any other status says enough, also when its body was cut.
func needsBody(status int) bool {
	return status >= 200 && status <= 299 && status != http.StatusAccepted
}

// readBody reads an answer and ends it. What follows the bound is not waited for.
func (m *answerMemory) readBody(resp *http.Response, b *body) error {
	err := m.read(b, resp.Body, resp.ContentLength)
	if cerr := resp.Body.Close(); err == nil && b.size() <= maxBody {
		err = cerr
	}
	return err
}

// bodyDelivery tells an answer that cannot be decoded, which came whole, from one that was cut.
func bodyDelivery(err error) delivery {
	var corrupt flate.CorruptInputError
	if errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || errors.As(err, &corrupt) {
		return deliveryUndecodable
	}
	return deliveryCut
}

// delivery says what a call's error means for the money, and errs to the side of "may have been charged".
func (t *trace) delivery(err error) (f delivery, onWire bool) {
	switch {
	case t.info.Conn == nil:
		return deliveryNoConnection, false
	case notProcessed(err):
		return deliveryNotSent, true
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return deliveryCut, true // the transport may still have been writing when it was ended
	}
	if t.overHTTP2() || t.conn == nil {
		if !t.wroteHeaders.Load() {
			return deliveryNotSent, false
		}
		return deliveryCut, true
	}
	if t.conn.Written() == t.writtenBefore {
		return deliveryNotSent, false
	}
	return deliveryCut, true
}

// notProcessed: by HTTP/2's own rules (RFC 9113, 8.7) the server has not begun with the request: it went
// away with a smaller last stream, or refused the stream. net/http does not export these errors; where its words
// change, such a call counts as lost, and a test fails.
func notProcessed(err error) bool {
	s, ok := strings.CutPrefix(err.Error(), "http2: Transport: cannot retry err [")
	if !ok {
		return false
	}
	return strings.HasPrefix(s, "http2: Transport received Server's graceful shutdown GOAWAY]") ||
		strings.HasPrefix(s, "stream error: ") && strings.Contains(s, "; REFUSED_STREAM")
}
