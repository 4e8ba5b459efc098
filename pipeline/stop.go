package pipeline

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"enrich/client"
)

// Causes of a stop that the client does not know; with client's own they are what the summary's "stopped" can hold.
const (
	// StopInterrupted: a signal.
	StopInterrupted client.Stop = "interrupted"
	// StopInput: the input ended early in the middle.
	StopInput client.Stop = "input"
)

// A stopper ends the asking: soft ends what has not been sent, hard what is in flight. The first cause wins.
type stopper struct {
	soft, hard         context.Context
	endSoft, endHard   context.CancelFunc
	grace              time.Duration
	mu                 sync.Mutex
	cause              client.Stop
	detail             string
	err                error
	timer              *time.Timer
	forgetSignal       func() bool
	forgetMaxDuration  func() bool
	maxDurationElapsed context.CancelFunc
}

// newStopper stops softly when ctx is done (a signal), and after maxDuration (0: never) as a cap; it ends everything
// when deadline is done.
func newStopper(ctx, deadline context.Context, grace, maxDuration time.Duration) *stopper {
	s := &stopper{grace: grace}
	s.soft, s.endSoft = context.WithCancel(deadline)
	s.hard, s.endHard = context.WithCancel(deadline)
	s.forgetSignal = context.AfterFunc(ctx, func() { s.stop(StopInterrupted, "") })
	limit, cancel := s.hard, context.CancelFunc(func() {})
	if maxDuration > 0 {
		limit, cancel = context.WithTimeout(s.hard, maxDuration)
	}
	s.maxDurationElapsed = cancel
	s.forgetMaxDuration = context.AfterFunc(limit, func() {
		if errors.Is(limit.Err(), context.DeadlineExceeded) {
			s.stop(client.StopCap, "--max-duration is over")
		}
	})
	return s
}

// note keeps the cause without ending what has been admitted: a cap lets it finish.
func (s *stopper) note(why client.Stop, detail string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cause == "" {
		s.cause, s.detail = why, detail
	}
}

// stop ends the asking: no further request is written; after the grace, what is in flight is ended too.
func (s *stopper) stop(why client.Stop, detail string) {
	s.note(why, detail)
	s.end()
}

// end ends what has not been sent and, after the grace, what is in flight.
func (s *stopper) end() {
	s.endSoft()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.timer == nil {
		s.timer = time.AfterFunc(s.grace, s.endHard)
	}
}

// fail ends everything at once: an error of ours, after which nothing can be kept.
func (s *stopper) fail(err error) {
	s.setError(err)
	s.endSoft()
	s.endHard()
}

// failLater ends the run with an error after which answers can still be kept: calls in flight are allowed to finish.
func (s *stopper) failLater(err error) {
	s.setError(err)
	s.end()
}

// setError keeps the first error.
func (s *stopper) setError(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
}

// abandon ends the run with an error that is not the ledger's: nothing is published, but calls in flight are allowed to
// finish and their answers are committed, because they may have been charged.
func (s *stopper) abandon(err error) {
	s.mu.Lock()
	if s.err == nil {
		s.err = err
	}
	s.mu.Unlock()
	s.stop("", "")
}

// guard makes a panic an error of ours, so that nobody waits for one who is gone. It says whether all went well.
func (s *stopper) guard(f func()) (well bool) {
	defer func() {
		if bug := recover(); bug != nil {
			s.fail(fmt.Errorf("internal error, please report it: %v\n%s", bug, debug.Stack()))
		}
	}()
	f()
	return true
}

func (s *stopper) stopped() bool { return s.soft.Err() != nil }

func (s *stopper) failed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err != nil
}

// result is how the asking ended.
func (s *stopper) result() (client.Stop, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cause, s.detail, s.err
}

// close gives back what the stopper holds.
func (s *stopper) close() {
	s.forgetSignal()
	s.forgetMaxDuration()
	s.maxDurationElapsed()
	s.mu.Lock()
	if s.timer != nil {
		s.timer.Stop()
	}
	s.mu.Unlock()
	s.endSoft()
	s.endHard()
}
