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
)

// maxBody is how much of an answer is read, decompressed. An answer above it is of no use.
const maxBody = 1 << 20

// errorBodyTime is how long the words of an error are waited for: a 401 whose body never ends must stop the run at once.
const errorBodyTime = 2 * time.Second

// A fate is how far a call came that has no answer.
type fate uint8

const (
	fateAnswered  fate = iota // there is an answer
	fateUnreached             // no connection came about: nothing was sent
	fateUnsent                // there was a connection, and the server certainly did not take the request
	fateCut                   // it may have been charged, and the answer did not come or was cut
	fateSpoilt                // it may have been charged, and the answer is whole but cannot be decoded
)

// A reply is what came of one call.
type reply struct {
	fate   fate
	onWire bool // a request was on the wire, wholly or in part
	status int
	header http.Header
	body   []byte // decompressed, at most maxBody+1 bytes, valid until the exchange is used again; the key redacted
	err    error
	took   time.Duration
	at     time.Time // when it ended
}

// A call is one request on its way. Its hooks tell what was written.
type call struct {
	conn         httptrace.GotConnInfo
	counted      *countedConn
	before       int64 // what was written to the connection before
	wroteHeaders atomic.Bool

	mu   sync.Mutex
	open []io.Closer // what abandon closes
}

func (c *call) gotConn(info httptrace.GotConnInfo) {
	c.conn = info
	if c.counted = counted(info.Conn); c.counted == nil {
		return
	}
	c.before = c.counted.written.Load()
	c.counted.ready()
	if !c.overHTTP2() { // a connection of HTTP/2 has the calls of others on it
		c.uses(c.counted)
	}
}

// uses names something of this call alone that keeps it from returning until it is closed.
func (c *call) uses(x io.Closer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open = append(c.open, x)
}

// release lets go of what the call used: it has returned, and its connection may be another call's by now.
func (c *call) release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.open)
	c.open = c.open[:0]
}

// abandon closes what a call still uses.
func (c *call) abandon() {
	c.mu.Lock()
	open := slices.Clone(c.open)
	c.mu.Unlock()
	for _, x := range open {
		_ = x.Close() // it is closed to end the call, which tells its own error
	}
}

func (c *call) overHTTP2() bool {
	tc, ok := c.conn.Conn.(*tls.Conn)
	return ok && tc.ConnectionState().NegotiatedProtocol == "h2"
}

// reset is for the next call.
func (c *call) reset() {
	c.conn, c.counted, c.before = httptrace.GotConnInfo{}, nil, 0
	c.wroteHeaders.Store(false)
}

// call makes one call and reads the answer.
func (c *Client) call(hard context.Context, x *exchange) reply {
	x.watch.begin(hard, c.o.Timeout)
	r := c.roundTrip(x)
	x.watch.end(r.err == nil && r.fate == fateAnswered && needsBody(r.status))
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
	r.body = c.redactor.redactBody(body)
	switch {
	case !needsBody(r.status):
	case r.err != nil && !isObject(r.body): // an object that came whole is an answer, however the connection ended
		r.fate = fateOfBody(r.err)
	case undecodable != nil:
		r.err, r.fate = undecodable, fateSpoilt
	}
}

func (c *Client) roundTrip(x *exchange) reply {
	started := time.Now()
	resp, err := c.carrier.RoundTrip(c.request(x.watch.ctx, x.request))
	if err != nil {
		r := reply{err: x.watch.why(err)}
		r.at, r.took = ended(started)
		r.fate, r.onWire = x.watch.sent.fate(r.err)
		return r
	}
	x.watch.sent.uses(resp.Body)
	r := reply{onWire: true, status: resp.StatusCode, header: resp.Header}
	if resp.StatusCode < 200 { // 101: what follows is no body, and the transport no longer ends it with the call's context
		_ = resp.Body.Close() // which closes the connection
		resp.Body = http.NoBody
	}
	if !needsBody(resp.StatusCode) {
		defer time.AfterFunc(errorBodyTime, x.watch.cancel).Stop()
	}
	r.err = x.watch.why(c.memory.readBody(resp, &x.body))
	r.at, r.took = ended(started)
	return r
}

// ended is now, and how long ago a call started.
func ended(started time.Time) (time.Time, time.Duration) {
	now := time.Now()
	return now, now.Sub(started)
}

// request is made anew for each call, of what all have alike. The transport reads a Body of this type without flushing
// the header by itself. There is no GetBody: the transport cannot send it again.
func (c *Client) request(ctx context.Context, body []byte) *http.Request {
	r := c.alike.WithContext(ctx)
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

// fateOfBody tells an answer that cannot be decoded, which came whole, from one that was cut.
func fateOfBody(err error) fate {
	var corrupt flate.CorruptInputError
	if errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || errors.As(err, &corrupt) {
		return fateSpoilt
	}
	return fateCut
}

// fate says what a call's error means for the money, and errs to the side of "may have been charged".
func (c *call) fate(err error) (f fate, onWire bool) {
	switch {
	case c.conn.Conn == nil:
		return fateUnreached, false
	case notProcessed(err):
		return fateUnsent, true
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return fateCut, true // the transport may still have been writing when it was ended
	}
	if c.overHTTP2() || c.counted == nil {
		if !c.wroteHeaders.Load() {
			return fateUnsent, false
		}
		return fateCut, true
	}
	if c.counted.written.Load() == c.before {
		return fateUnsent, false
	}
	return fateCut, true
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
