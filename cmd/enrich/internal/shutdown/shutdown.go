// Package shutdown ends a command in two stages.
//
// The first signal ends new work: [Shutdown.Interrupted] is done. Work that has begun may be finished until the grace is
// over: then [Shutdown.Deadline] is done. A second signal exits at once, and so does the first one before [Shutdown.Begin].
// A command that does not return two seconds after the grace, because a system call hangs, is ended as well: nothing is
// lost by that, as everything that must last has been synced.
package shutdown

import (
	"context"
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"enrich/cmd/enrich/internal/console"
)

// exitTime is how long a command may take to return after the grace.
const exitTime = 2 * time.Second

// copyWindow is the time after the first signal in which the same signal is taken for a copy of it. timeout(1) and some
// shells and supervisors send a signal to the process and, a moment later, to its process group; nobody presses Ctrl-C
// twice that fast.
const copyWindow = 20 * time.Millisecond

// lateMessage is how long the message of a late command may take: nobody may be reading it.
const lateMessage = 250 * time.Millisecond

// An Interruption is the error of a command that a signal ended.
type Interruption struct{ Signal os.Signal }

func (i Interruption) Error() string {
	names := map[os.Signal]string{syscall.SIGHUP: " by SIGHUP", os.Interrupt: " by Ctrl-C", syscall.SIGTERM: " by SIGTERM"}
	return "interrupted" + names[i.Signal]
}

// ExitCode returns 128 + the signal's number, as a shell does.
func (i Interruption) ExitCode() int {
	if s, ok := i.Signal.(syscall.Signal); ok {
		return 128 + int(s)
	}
	return 128 + int(syscall.SIGINT)
}

// Signals is where signals come from, and how to exit at once.
type Signals struct {
	C <-chan os.Signal
	// Notify starts to send signals to C until release is called; nil: they are sent anyway.
	Notify func() (release func())
	Exit   func(code int)
}

// A Shutdown waits for signals.
type Shutdown struct {
	// Interrupted is done at the first signal; its cause is the [Interruption].
	Interrupted context.Context
	// Deadline is done when the grace after the first signal is over, with the same cause.
	Deadline context.Context

	begun atomic.Bool
	close func()
}

// Listen starts to listen; Close must be called. late, if not nil, prints that the command does not end in time.
func Listen(s Signals, grace time.Duration, late func(Interruption)) *Shutdown {
	release := func() {}
	if s.Notify != nil {
		release = s.Notify()
	}
	interrupted, interrupt := context.WithCancelCause(context.Background())
	deadline, end := context.WithCancelCause(context.Background())
	done := make(chan struct{})
	sh := &Shutdown{Interrupted: interrupted, Deadline: deadline}
	var owner sync.WaitGroup
	owner.Go(func() {
		var first Interruption
		select {
		case sig := <-s.C:
			first = Interruption{sig}
		case <-done:
			return
		}
		if !sh.begun.Load() {
			s.Exit(first.ExitCode())
		}
		interrupt(first)
		if outlasted(s.C, first, grace, func() { end(first) }, done) && late != nil {
			console.Within(lateMessage, func() { late(first) })
		}
		select {
		case <-done: // the command has returned
		default:
			s.Exit(first.ExitCode())
		}
	})
	sh.close = func() {
		close(done)
		owner.Wait()
		release()
		interrupt(context.Canceled)
		end(context.Canceled)
	}
	return sh
}

// outlasted waits for a second signal, for the command to return, or for the time in which it should have; it reports
// whether that time is over. graceOver is called at the end of the grace.
func outlasted(signals <-chan os.Signal, first Interruption, grace time.Duration, graceOver func(), done <-chan struct{}) bool {
	began := time.Now()
	graceEnd, exit := time.NewTimer(grace), time.NewTimer(grace+exitTime)
	defer graceEnd.Stop()
	defer exit.Stop()
	for {
		select {
		case sig := <-signals:
			if sig == first.Signal && time.Since(began) < copyWindow {
				continue
			}
			return false
		case <-graceEnd.C:
			graceOver()
		case <-exit.C:
			return true
		case <-done:
			return false
		}
	}
}

// Begin says that from now on there is something to finish after a signal.
func (s *Shutdown) Begin() { s.begun.Store(true) }

// Close stops listening: a signal ends the process again.
func (s *Shutdown) Close() { s.close() }

// Signal returns the first signal, or nil.
func (s *Shutdown) Signal() os.Signal {
	var i Interruption
	if errors.As(context.Cause(s.Interrupted), &i) {
		return i.Signal
	}
	return nil
}
