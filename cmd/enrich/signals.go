package main

import (
	"context"
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// A patience turns signals into a stop in two stages: the first ends the asking and starts the grace, the second
// leaves now. So does the first one before begin was called, when there is nothing to end well yet.
type patience struct {
	ctx      context.Context // done at the first signal, with the interruption as its cause
	deadline context.Context // done when the grace after it is over
	begin    func()
	close    func()
}

// leaving is how long a command may take to leave after the grace. What takes longer is a pipe that nobody reads: no
// context ends that, and nothing is lost by leaving, as with a second signal.
const leaving = 5 * time.Second

// watch is listen for a command that begins at once.
func watch(signals <-chan os.Signal, grace time.Duration, exit func(int)) *patience {
	p := listen(signals, grace, exit)
	p.begin()
	return p
}

// listen begins to listen; close must be called, and waits for the listener. exit is called on the second signal.
func listen(signals <-chan os.Signal, grace time.Duration, exit func(int)) *patience {
	ctx, interrupt := context.WithCancelCause(context.Background())
	deadline, end := context.WithCancelCause(context.Background())
	done := make(chan struct{})
	var begun atomic.Bool
	var owner sync.WaitGroup
	owner.Go(func() {
		var first interruption
		select {
		case s := <-signals:
			first = interruption{s}
			if !begun.Load() {
				exit(first.code())
			}
			interrupt(first)
		case <-done:
			return
		}
		over, left := time.NewTimer(grace), time.NewTimer(grace+leaving)
		defer over.Stop()
		defer left.Stop()
		for {
			select {
			case <-signals:
				exit(first.code())
			case <-over.C:
				end(first)
			case <-left.C:
				exit(first.code())
			case <-done:
				return
			}
		}
	})
	return &patience{ctx: ctx, deadline: deadline, begin: func() { begun.Store(true) }, close: func() {
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
