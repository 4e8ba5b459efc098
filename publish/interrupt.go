package publish

import (
	"context"
	"fmt"
	"io"
	"time"
)

// completionDelay is how long after ctx is done await still accepts a result: the call may have ended in time on a busy
// machine, without its goroutine having been scheduled.
const completionDelay = 100 * time.Millisecond

// await calls f and returns its result, or the context's cause if ctx is done first. A system call on a pipe without a reader,
// or on a file server that hangs, cannot be ended: its goroutine is left behind and ends with the call or the process.
func await[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	var none T
	if ctx.Err() != nil {
		return none, context.Cause(ctx)
	}
	done := make(chan result, 1)
	go func() {
		value, err := f()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
	}
	timer := time.NewTimer(completionDelay)
	defer timer.Stop()
	select {
	case r := <-done:
		return r.value, r.err
	case <-timer.C:
		return none, context.Cause(ctx)
	}
}

// Interruptible returns a writer to w, a pipe or a terminal, whose Write returns when ctx is done, even if nobody reads. Its
// error then wraps the context's cause. name is what messages call w. Each Write is one write to w. After an
// interrupted Write, w must not be used.
func Interruptible(ctx context.Context, name string, w io.Writer) io.Writer {
	return &interruptible{ctx: ctx, name: name, w: w}
}

type interruptible struct {
	ctx    context.Context
	name   string
	w      io.Writer
	buffer []byte // a copy of what is written: the caller may reuse its own after an interrupted Write
}

// Write implements [io.Writer].
func (i *interruptible) Write(p []byte) (int, error) {
	b := append(i.buffer[:0], p...)
	n, err := await(i.ctx, func() (int, error) { return i.w.Write(b) })
	if i.ctx.Err() != nil && err != nil {
		i.buffer = nil
		return n, fmt.Errorf("%s was not read: %w", i.name, err)
	}
	i.buffer = b
	return n, err
}
