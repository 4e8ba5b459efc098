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
// It has a deadline until [Conn.Ready], because net/http finishes a dial in the background even if its request was cancelled,
// without a time limit.
type Conn struct {
	net.Conn
	written atomic.Int64
	isReady atomic.Bool
}

// Written returns how many bytes were written to the connection.
func (c *Conn) Written() int64 { return c.written.Load() }

// Ready removes the deadline: the first request can be sent.
func (c *Conn) Ready() {
	if !c.isReady.Swap(true) {
		_ = c.SetDeadline(time.Time{}) // it fails only on a closed connection
	}
}

// Write counts what was written.
func (c *Conn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.written.Add(int64(n))
	return n, err
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

func countingDial(d *net.Dialer, setup time.Duration) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := d.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		if err := c.SetDeadline(time.Now().Add(setup)); err != nil {
			return nil, errors.Join(err, c.Close())
		}
		return &Conn{Conn: c}, nil
	}
}
