package client

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// A deadline gives calls, one after the other, their context: it ends when the call takes too long, or when everything is
// results, and tells what was written. To make one for each call would cost a fifteenth of a row, for the lock of all
// calls' parent above all; so one whose call came to a good end is used again.
type deadline struct {
	hard        context.Context
	ctx         context.Context // nil: the next call needs a new one
	cancel      context.CancelFunc
	stopAbandon func() bool // keeps the call's connection from being closed under it
	timer       *time.Timer
	expired     *atomic.Bool // the call took too long
	trace       *trace
}

// begin starts the time of a call.
func (d *deadline) begin(hard context.Context, timeout time.Duration) {
	if d.ctx != nil && d.hard == hard {
		d.trace.reset()
		d.timer.Reset(timeout)
		return
	}
	d.end(false)
	d.hard, d.expired, d.trace = hard, new(atomic.Bool), new(trace)
	ctx, cancel := context.WithCancel(hard)
	over, sent := d.expired, d.trace
	d.cancel = cancel
	d.ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: sent.gotConn, WroteHeaders: func() { sent.wroteHeaders.Store(true) },
	})
	d.stopAbandon = context.AfterFunc(ctx, func() { time.AfterFunc(abandonAfter, sent.abandon) })
	d.timer = time.AfterFunc(timeout, func() {
		over.Store(true)
		cancel()
	})
}

// abandonAfter is how long a call that was ended may take to return before its connection is closed under it. The transport
// ends calls by their context itself, but not in every state (an upgrade, a body that is not its own): our own clock
// bounds those.
const abandonAfter = time.Second

// leaveOrder stops it. Only after an answer that came whole is it certain that nobody looks at this context any more.
func (d *deadline) end(whole bool) {
	if d.trace != nil {
		d.trace.release()
	}
	if d.ctx == nil || d.timer.Stop() && whole {
		return
	}
	d.stopAbandon()
	d.cancel()
	d.ctx = nil
}

// reason is a call's error, which the transport may tell in other words where we ended the call.
func (d *deadline) errorOf(err error) error {
	if err == nil || !d.expired.Load() || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%w: %w", context.DeadlineExceeded, err)
}
