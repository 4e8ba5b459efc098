package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"time"

	"enrich/client/internal/connect"
)

// A deadline gives each call of an exchange its context, which ends when the call takes too long or when hard is done, its
// trace, and a request with both. A connection that is made for the call ends when soft is done.
//
// It uses a context, and its request, again if the call before got its whole answer. A new [context.WithTimeoutCause], trace
// and request for each call would take 19 allocations and about a tenth of the client's CPU time (BenchmarkCall), mostly for
// the lock of the parent that all calls share.
type deadline struct {
	soft, hard  context.Context
	ctx         context.Context // nil: the next call needs a new one
	cancel      context.CancelCauseFunc
	timer       *time.Timer
	trace       *trace
	request     *http.Request // about a contact, with this context; nil: none was made yet
	stopAbandon func() bool
}

// abandonAfter is how long a call may take to return after its context ended; then its connection is closed. The transport
// ends calls by their context itself, except in some states (after an upgrade, or in a body that is not its own).
const abandonAfter = time.Second

// begin starts a call.
func (d *deadline) begin(soft, hard context.Context, timeout time.Duration) {
	if d.ctx != nil && d.soft == soft && d.hard == hard {
		d.trace.reset()
		d.timer.Reset(timeout)
		return
	}
	d.end(false)
	ctx, cancel := context.WithCancelCause(hard)
	t := new(trace)
	d.soft, d.hard, d.cancel, d.trace, d.request = soft, hard, cancel, t, nil
	d.ctx = httptrace.WithClientTrace(connect.WithStop(ctx, soft), t.hooks())
	d.stopAbandon = context.AfterFunc(ctx, func() { time.AfterFunc(abandonAfter, t.abandon) })
	d.timer = time.AfterFunc(timeout, func() { cancel(context.DeadlineExceeded) })
}

// requestFrom returns a request like a template, for the call that has begun.
func (d *deadline) requestFrom(template *http.Request) *http.Request {
	if d.request == nil {
		d.request = template.WithContext(d.ctx)
	}
	return d.request
}

// extend allows more time, because the call makes progress.
func (d *deadline) extend(timeout time.Duration) { d.timer.Reset(timeout) }

// end ends a call. Its context is used again only after a whole answer: only then can nothing look at it any more.
func (d *deadline) end(whole bool) {
	if d.trace != nil {
		d.trace.release()
	}
	if d.ctx == nil || d.timer.Stop() && whole {
		return
	}
	d.stopAbandon()
	d.cancel(nil)
	d.ctx = nil
}

// errorOf returns the error of a call. If the call took too long, it is a [context.DeadlineExceeded], whatever the transport
// says.
func (d *deadline) errorOf(err error) error {
	if err == nil || errors.Is(err, context.DeadlineExceeded) || !errors.Is(context.Cause(d.ctx), context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%w: %w", context.DeadlineExceeded, err)
}
