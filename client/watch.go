package client

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// A watch gives calls, one after the other, their context: it ends when the call takes too long, or when everything is
// ended, and tells what was written. To make one for each call would cost a fifteenth of a row, for the lock of all
// calls' parent above all; so one whose call came to a good end is used again.
type watch struct {
	hard   context.Context
	ctx    context.Context // nil: the next call needs a new one
	cancel context.CancelFunc
	forget func() bool // keeps the call's connection from being closed under it
	timer  *time.Timer
	over   *atomic.Bool // the call took too long
	sent   *call
}

// begin starts the time of a call.
func (w *watch) begin(hard context.Context, timeout time.Duration) {
	if w.ctx != nil && w.hard == hard {
		w.sent.reset()
		w.timer.Reset(timeout)
		return
	}
	w.end(false)
	w.hard, w.over, w.sent = hard, new(atomic.Bool), new(call)
	ctx, cancel := context.WithCancel(hard)
	over, sent := w.over, w.sent
	w.cancel = cancel
	w.ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: sent.gotConn, WroteHeaders: func() { sent.wroteHeaders.Store(true) },
	})
	w.forget = context.AfterFunc(ctx, func() { time.AfterFunc(abandonAfter, sent.abandon) })
	w.timer = time.AfterFunc(timeout, func() {
		over.Store(true)
		cancel()
	})
}

// abandonAfter is how long a call that was ended may take to return before its connection is closed under it. The transport
// ends calls by their context itself, but not in every state (an upgrade, a body that is not its own): our own clock
// bounds those.
const abandonAfter = time.Second

// end stops it. Only after an answer that came whole is it certain that nobody looks at this context any more.
func (w *watch) end(whole bool) {
	if w.sent != nil {
		w.sent.release()
	}
	if w.ctx == nil || w.timer.Stop() && whole {
		return
	}
	w.forget()
	w.cancel()
	w.ctx = nil
}

// why is a call's error, which the transport may tell in other words where we ended the call.
func (w *watch) why(err error) error {
	if err == nil || !w.over.Load() || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%w: %w", context.DeadlineExceeded, err)
}
