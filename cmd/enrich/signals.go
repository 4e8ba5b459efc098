package main

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"
)

// A patience turns signals into a stop in two stages: the first ends the asking and starts the grace, the second
// leaves now.
type patience struct {
	ctx      context.Context // done at the first signal, with the interruption as its cause
	deadline context.Context // done when the grace after it is over
	close    func()
}

// watch begins to listen; close must be called, and waits for the listener. exit is called on the second signal.
func watch(signals <-chan os.Signal, grace time.Duration, exit func(int)) *patience {
	ctx, interrupt := context.WithCancelCause(context.Background())
	deadline, end := context.WithCancelCause(context.Background())
	done := make(chan struct{})
	var owner sync.WaitGroup
	owner.Go(func() {
		var first interruption
		select {
		case s := <-signals:
			first = interruption{s}
			interrupt(first)
		case <-done:
			return
		}
		over := time.NewTimer(grace)
		defer over.Stop()
		for {
			select {
			case <-signals:
				exit(first.code())
			case <-over.C:
				end(first)
			case <-done:
				return
			}
		}
	})
	return &patience{ctx: ctx, deadline: deadline, close: func() {
		close(done)
		owner.Wait()
		interrupt(context.Canceled)
		end(context.Canceled)
	}}
}

// signal is the one that came, or nil.
func (p *patience) signal() os.Signal {
	var i interruption
	if errors.As(context.Cause(p.ctx), &i) {
		return i.signal
	}
	return nil
}
