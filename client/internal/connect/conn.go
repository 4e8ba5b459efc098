package connect

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"time"
)

// A Conn is a connection that counts the bytes written to it.
//
// Until the first request takes it, it has a deadline, because net/http finishes a dial in the background even if its request
// was cancelled, without a time limit. It is closed if the stop of the call that made it comes first: see [WithStop].
type Conn struct {
	net.Conn
	written     atomic.Int64
	state       atomic.Int32
	isTrusted   atomic.Bool // nothing followed the latest answer within quietTime
	endWatch    func() bool // of the stop; nil: there is none
	unsolicited func()      // is called if more than the responses came; nil: it is not
}

// The states of a connection. A connection of HTTP/2 stays in use, because several requests use it at once.
const (
	stateSetup  = iota // no request has used it
	stateInUse         // a request uses it
	statePooled        // net/http has read the whole answer, and has not looked yet whether more follows
	stateSilent        // net/http waits for bytes; nothing has followed the answer
	stateHeard         // a few bytes came: a message of TLS, perhaps that the server closes the connection
	stateSpoke         // more came than closes a connection
	stateClosed
)

// MaxClosing is how much a connection of TLS may write when it is closed. An encrypted alert has 23 to 69 bytes, and no part of a
// record can be decrypted. A request is longer, and so is an answer.
const MaxClosing = 100

// Bounds of [Conn.Take].
const (
	// quietTime is how long nothing may follow the first answer on a connection before a second request is written to it. Each
	// connection costs it once. It is twice the time after which Go's scheduler looks at the network even if it is busy.
	quietTime = 20 * time.Millisecond
	// A connection that is not silent in lookTime, checked each lookEvery, is not used.
	lookTime  = 100 * time.Millisecond
	lookEvery = 50 * time.Microsecond
)

// Written returns how many bytes were written to the connection.
func (c *Conn) Written() int64 { return c.written.Load() }

// Take gives the connection to a request of HTTP/1, which has not been written. If ok is false, the connection is closed, and
// nothing will be written to it. waited is how long the request was delayed.
//
// It refuses a connection on which bytes followed the latest answer. HTTP/1 does not say which request a response belongs to, and
// net/http puts a connection into its pool before it looks whether its buffer, or that of TLS, has more than the answer. It would
// take a second copy of an answer for that to the next request. When net/http waits for bytes, the buffers are empty.
//
// What comes after the request was written cannot be told from its answer. So the first answer on a connection must be followed by
// silence for quietTime: a server that sends more than its responses is found out before a second request is sent to it.
func (c *Conn) Take() (waited time.Duration, ok bool) {
	if c.isTrusted.Load() && c.state.CompareAndSwap(stateSilent, stateInUse) {
		return 0, true // nearly always
	}
	for began := time.Now(); waited < lookTime; waited = time.Since(began) {
		switch state := c.state.Load(); {
		case state == stateSetup:
			if c.endSetup() {
				return waited, true
			}
		case state == stateClosed:
			return waited, c.refuse()
		case state != stateSilent:
			time.Sleep(lookEvery)
		case !c.isTrusted.Swap(true):
			time.Sleep(quietTime)
		case c.state.CompareAndSwap(stateSilent, stateInUse):
			return waited, true
		}
	}
	return waited, c.refuse()
}

// Share gives the connection to a request of HTTP/2, as Take does for HTTP/1. The responses of HTTP/2 say to which request they
// belong.
func (c *Conn) Share() bool {
	return c.endSetup() || c.refuse()
}

// endSetup ends the setup if that has not happened. It returns false if the connection is closed.
func (c *Conn) endSetup() bool {
	if c.state.CompareAndSwap(stateSetup, stateInUse) {
		if c.endWatch != nil {
			c.endWatch()
		}
		_ = c.SetDeadline(time.Time{}) // it fails only on a closed connection
	}
	return c.state.Load() != stateClosed
}

// refuse returns false when it is sure that nothing more is written.
func (c *Conn) refuse() bool {
	c.state.Store(stateClosed)
	_ = c.Conn.Close() // the transport sees its own error
	return false
}

// Pooled is called when net/http has put the connection into its pool, and before it reads from it.
func (c *Conn) Pooled() { c.state.CompareAndSwap(stateInUse, statePooled) }

// Read notes what comes while no request uses the connection.
func (c *Conn) Read(b []byte) (int, error) {
	if state := c.state.Load(); state == statePooled || state == stateHeard || state == stateSpoke {
		c.state.CompareAndSwap(state, stateSilent)
	}
	n, err := c.Conn.Read(b)
	if c.state.Load() == stateSilent {
		heard := int32(stateHeard)
		if n > MaxClosing {
			heard = stateSpoke
		}
		if c.state.CompareAndSwap(stateSilent, heard) {
			c.isTrusted.Store(false)
		}
	}
	return n, err
}

// Write counts what was written.
func (c *Conn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.written.Add(int64(n))
	return n, err
}

// Close closes the connection. If net/http closes it because of what it read while no request used it, the server sent more than
// its responses.
func (c *Conn) Close() error {
	before := c.state.Swap(stateClosed)
	if c.endWatch != nil {
		c.endWatch()
	}
	if (before == statePooled || before == stateSpoke) && c.unsolicited != nil {
		c.unsolicited()
	}
	return c.Conn.Close()
}

// Unwrap returns the Conn below a connection, which may be TLS, through a proxy or not; nil if there is none.
func Unwrap(c net.Conn) *Conn {
	for c != nil {
		switch next := c.(type) {
		case *Conn:
			return next
		case interface{ NetConn() net.Conn }:
			c = next.NetConn()
		default:
			return nil
		}
	}
	return nil
}

type stopKey struct{}

// WithStop returns the context of a request whose dial ends when stop is done, in any step before the first request is written to
// the connection. What was begun to be written is not ended.
//
// The context of the request itself cannot do that: net/http does not say when the first byte is written. And it finishes a dial
// even if its request was cancelled.
func WithStop(ctx, stop context.Context) context.Context {
	return context.WithValue(ctx, stopKey{}, stop)
}

// A dialer makes connections.
type dialer struct {
	net.Dialer
	setup       time.Duration
	unsolicited func()
}

func (d *dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	stop, ok := ctx.Value(stopKey{}).(context.Context)
	if !ok {
		stop = context.Background()
	}
	if err := stop.Err(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(stop, cancel)()
	inner, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if err := inner.SetDeadline(time.Now().Add(d.setup)); err != nil {
		return nil, errors.Join(err, inner.Close())
	}
	c := &Conn{Conn: inner, unsolicited: d.unsolicited}
	c.endWatch = context.AfterFunc(stop, func() {
		if c.state.CompareAndSwap(stateSetup, stateClosed) {
			_ = c.Conn.Close() // the transport sees its own error
		}
	})
	return c, nil
}
