package client

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"enrich/client/internal/connect"
)

// A delivery says how far a call got. It decides whether a call without an answer may have been charged.
type delivery uint8

const (
	deliveryResponse     delivery = iota // there is a response
	deliveryNoConnection                 // no connection was made: nothing was sent
	deliveryNotSent                      // the server certainly did not begin with the request
	deliveryCut                          // it may have been charged; the answer did not come or was cut
	deliveryCorrupt                      // it may have been charged; the answer is complete but cannot be decoded
)

// A trace records how far one call got: which connection it used and what was written.
type trace struct {
	info          httptrace.GotConnInfo
	conn          *connect.Conn
	writtenBefore int64 // bytes written to the connection by earlier calls
	wroteHeaders  atomic.Bool
	refused       bool          // the connection must not be used, and was closed before anything of the request was written
	waited        time.Duration // for the connection to be silent

	mu      sync.Mutex
	closers []io.Closer // what abandon closes
}

func (t *trace) hooks() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{GotConn: t.gotConn, WroteHeaders: func() { t.wroteHeaders.Store(true) }, PutIdleConn: t.putIdleConn}
}

func (t *trace) gotConn(info httptrace.GotConnInfo) {
	t.info = info
	if t.conn = connect.Unwrap(info.Conn); t.conn == nil {
		t.refused = false
		return
	}
	if t.isHTTP2() { // other calls share it
		t.refused = !t.conn.Share()
		return
	}
	waited, ok := t.conn.Take()
	t.waited, t.refused = waited, !ok
	if ok {
		t.writtenBefore = t.conn.Written()
		t.closeOnAbandon(t.conn)
	}
}

// putIdleConn is called by the transport's reader of a connection of HTTP/1, while the call waits for the end of its answer.
func (t *trace) putIdleConn(err error) {
	if err == nil && t.conn != nil {
		t.conn.Pooled()
	}
}

// reset prepares the trace for the next call.
func (t *trace) reset() {
	t.info, t.conn, t.writtenBefore, t.refused, t.waited = httptrace.GotConnInfo{}, nil, 0, false, 0
	t.wroteHeaders.Store(false)
}

// closeOnAbandon adds something that only this call uses, and that keeps it from returning until it is closed.
func (t *trace) closeOnAbandon(c io.Closer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closers = append(t.closers, c)
}

// release forgets what the call used: it has returned, and another call may use its connection now.
func (t *trace) release() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.closers)
	t.closers = t.closers[:0]
}

// abandon closes what the call still uses.
func (t *trace) abandon() {
	t.mu.Lock()
	open := slices.Clone(t.closers)
	t.mu.Unlock()
	for _, c := range open {
		_ = c.Close() // this only ends the call, which returns its own error
	}
}

func (t *trace) isHTTP2() bool {
	c, ok := t.info.Conn.(*tls.Conn)
	return ok && c.ConnectionState().NegotiatedProtocol == "h2"
}

// delivery returns how far a call got that ended with an error. If in doubt, it may have been charged. onWire reports whether
// a request was written, at least in part.
func (t *trace) delivery(err error) (d delivery, onWire bool) {
	switch {
	case t.info.Conn == nil, isHandshakeRefused(err):
		return deliveryNoConnection, false
	case t.refused:
		return deliveryNotSent, false
	case isUnprocessed(err):
		return deliveryNotSent, true
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return deliveryCut, true // the transport may still have been writing when the call was ended
	case t.isHTTP2() || t.conn == nil:
		if !t.wroteHeaders.Load() {
			return deliveryNotSent, false
		}
	case !t.wroteRequest():
		return deliveryNotSent, false
	}
	return deliveryCut, true
}

// wroteRequest reports whether some of the request was written to a connection of HTTP/1, not only what closes the connection.
func (t *trace) wroteRequest() bool {
	written := t.conn.Written() - t.writtenBefore
	if _, ok := t.info.Conn.(*tls.Conn); ok {
		return written > connect.MaxClosing
	}
	return written > 0
}

// isHandshakeRefused reports whether the server requires a certificate of the client. With TLS 1.3 it says so after the client has
// finished its handshake and begun to write, but it has not read a request.
func isHandshakeRefused(err error) bool {
	var alert *net.OpError
	return errors.As(err, &alert) && alert.Op == "remote error" && alert.Err.Error() == "tls: certificate required"
}

// isUnprocessed reports whether the server has not begun with the request, by the rules of HTTP/2 (RFC 9113, 8.7): it closed
// the connection with a smaller last stream, or refused the stream. net/http does not export these errors. If their texts
// change, such a call counts as lost, and a test fails.
func isUnprocessed(err error) bool {
	if strings.HasPrefix(err.Error(), "http2: Transport received GOAWAY from server ErrCode:") {
		return true // the first stream of a connection is above the last one that the server has begun with
	}
	s, ok := strings.CutPrefix(err.Error(), "http2: Transport: cannot retry err [")
	if !ok {
		return false
	}
	return strings.HasPrefix(s, "http2: Transport received Server's graceful shutdown GOAWAY]") ||
		strings.HasPrefix(s, "stream error: ") && strings.Contains(s, "; REFUSED_STREAM")
}
