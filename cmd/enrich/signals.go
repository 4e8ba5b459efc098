package main

import (
	"context"
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"enrich/cmd/enrich/internal/console"
)

// A patience turns signals into a stop in two stages: the first ends the asking and starts the grace, the second
// leaves now. So does the first one before begin was called, when there is nothing to end well yet.
type patience struct {
	ctx      context.Context // done at the first signal, with the interruption as its cause
	deadline context.Context // done when the grace after it is over
	begin    func()
	close    func()
}

// leaving is how long a command may take to exit after the grace. Whatever waits for a pipe ends with the grace; this is for
// a system call that nothing ends, such as a sync on a file server that hangs. Nothing is lost by exiting then, as with a
// second signal.
const leaving = 2 * time.Second

// sameSignal is how long after the first signal the same one, once more, is taken for its copy. timeout(1) and some shells and supervisors
// send a signal to the process and, a moment later, to its process group; nobody presses Ctrl-C twice as fast.
const sameSignal = 20 * time.Millisecond

// lateMessage is how long the message may take that a command did not end in time: its reader may be gone.
const lateMessage = 250 * time.Millisecond

// watch is listen for a command that begins at once, and has nothing to finish after a signal: its standard output ends too.
func watch(w world, late func(interruption)) *patience {
	p := listen(w, 0, late)
	w.out.Until(p.ctx)
	p.begin()
	return p
}

// listen begins to listen; close must be called, and waits for the listener. w.exit is called on the second signal, and if the
// command is still there some time after the grace: late, if not nil, then says what is left undone.
func listen(w world, grace time.Duration, late func(interruption)) *patience {
	release := w.takeSignals()
	ctx, interrupt := context.WithCancelCause(context.Background())
	deadline, end := context.WithCancelCause(context.Background())
	done := make(chan struct{})
	var begun atomic.Bool
	var owner sync.WaitGroup
	owner.Go(func() {
		var first interruption
		select {
		case s := <-w.signals:
			first = interruption{s}
			if !begun.Load() {
				w.exit(first.code())
			}
			interrupt(first)
		case <-done:
			return
		}
		if outlasted(w, first, grace, func() { end(first) }, done) && late != nil {
			console.Within(lateMessage, func() { late(first) })
		}
		w.exitUnless(done, first.code())
	})
	return &patience{ctx: ctx, deadline: deadline, begin: func() { begun.Store(true) }, close: func() {
		close(done)
		owner.Wait()
		release()
		interrupt(context.Canceled)
		end(context.Canceled)
	}}
}

// outlasted waits for a second signal, for the command to end, or for the time in which it should have ended; it reports
// whether that is over. over is called at the end of the grace.
func outlasted(w world, first interruption, grace time.Duration, over func(), done <-chan struct{}) bool {
	began := time.Now()
	graceEnd, leave := time.NewTimer(grace), time.NewTimer(grace+leaving)
	defer graceEnd.Stop()
	defer leave.Stop()
	for {
		select {
		case s := <-w.signals:
			if s == first.signal && time.Since(began) < sameSignal {
				continue
			}
			return false
		case <-graceEnd.C:
			over()
		case <-leave.C:
			return true
		case <-done:
			return false
		}
	}
}

// exitUnless exits, unless the command has ended.
func (w world) exitUnless(done <-chan struct{}, code int) {
	select {
	case <-done:
	default:
		w.exit(code)
	}
}

// takeSignals begins to receive signals, if they are not received yet; release gives them back: before and after, a signal
// ends the process at once, also if it waits for a reader of its standard output.
func (w world) takeSignals() (release func()) {
	if w.notify == nil {
		return func() {}
	}
	return w.notify()
}

// signal is the one that came, or nil.
func (p *patience) signal() os.Signal {
	var i interruption
	if errors.As(context.Cause(p.ctx), &i) {
		return i.signal
	}
	return nil
}
