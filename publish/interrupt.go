package publish

import (
	"context"
	"fmt"
	"io"
	"time"
)

// await calls f and returns its result, or the context's cause if that is done first. Nothing ends a system call on a pipe that
// nobody reads or on a file server that hangs: its goroutine is then left behind, and ends with the call or the process.
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
	// A call that has ended, but whose goroutine has not said so yet, was not interrupted.
	last := time.NewTimer(justEnded)
	defer last.Stop()
	select {
	case r := <-done:
		return r.value, r.err
	case <-last.C:
		return none, context.Cause(ctx)
	}
}

// justEnded is how long a result may take from the end of a call to the one who waits for it, on a busy machine.
const justEnded = 100 * time.Millisecond

// awaitError is await for a function that returns only an error.
func awaitError(ctx context.Context, f func() error) error {
	_, err := await(ctx, func() (struct{}, error) { return struct{}{}, f() })
	return err
}

// Interruptible returns a writer to w, a pipe or a terminal, whose Write returns when ctx is done although nobody reads. The
// error then wraps the context's cause. name tells people what w is. Each Write is one write to w; after an interrupted
// one, w must not be used.
func Interruptible(ctx context.Context, name string, w io.Writer) io.Writer {
	return &interruptible{ctx: ctx, name: name, w: w}
}

type interruptible struct {
	ctx  context.Context
	name string
	w    io.Writer
	copy []byte // of what is written: the caller may reuse its buffer after an interrupted Write
}

func (i *interruptible) Write(p []byte) (int, error) {
	b := append(i.copy[:0], p...)
	n, err := await(i.ctx, func() (int, error) { return i.w.Write(b) })
	if i.ctx.Err() != nil && err != nil {
		i.copy = nil
		return n, fmt.Errorf("%s was not read: %w", i.name, err)
	}
	i.copy = b
	return n, err
}
