package pipeline

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/sourcegraph/conc"

	"enrich/contact"
	"enrich/internal/phrase"
)

// A stopper ends the pass in two steps: when soft is done no new call is made; when hard is done calls in flight are ended too.
// The first cause counts.
type stopper struct {
	soft, hard       context.Context
	endSoft, endHard context.CancelFunc
	grace            time.Duration
	endWatches       []func() // end what may still call stop
	followers        conc.WaitGroup

	mu     sync.Mutex
	cause  contact.Stop
	detail string
	err    error
	timer  *time.Timer // ends calls in flight; nil: not stopped
	ends   time.Time   // when it does
}

// writeShare is the part of the grace after a signal that calls in flight leave to the write pass.
const writeShare = 10

// newStopper returns a stopper that stops softly when soft is done (a signal) and, as a cap, after maxDuration (0: never). When
// hard is done it ends everything.
func newStopper(soft, hard context.Context, grace, maxDuration time.Duration) *stopper {
	s := &stopper{grace: grace}
	s.soft, s.endSoft = context.WithCancel(hard)
	s.hard, s.endHard = context.WithCancel(hard)
	s.watch(soft, s.interrupt)
	if maxDuration > 0 {
		limit, cancel := context.WithTimeout(s.hard, maxDuration)
		s.watch(limit, func() {
			if errors.Is(limit.Err(), context.DeadlineExceeded) {
				s.stop(contact.StopCap, fmt.Sprintf("reached --max-duration (%s)", phrase.Duration(maxDuration)))
			}
		})
		s.endWatches = append(s.endWatches, cancel)
	}
	return s
}

// watch calls f when ctx is done, unless the stopper was closed before.
func (s *stopper) watch(ctx context.Context, f func()) {
	end := context.AfterFunc(ctx, f)
	s.endWatches = append(s.endWatches, func() { end() })
}

// follow stops when another run of the account stops; nil: there are none.
func (s *stopper) follow(account Account) {
	if account == nil {
		return
	}
	s.followers.Go(func() {
		if cause, detail := account.Stopped(s.soft); cause != "" {
			s.stop(cause, detail)
		}
	})
}

// note sets the cause without ending anything: after a cap, admitted contacts are finished.
func (s *stopper) note(cause contact.Stop, detail string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cause == "" {
		s.cause, s.detail = cause, detail
	}
}

// stop ends new calls at once and, after the grace, calls in flight.
func (s *stopper) stop(cause contact.Stop, detail string) { s.stopWithin(s.grace, cause, detail) }

// interrupt is the stop after a signal. Its grace bounds the write pass too, so calls in flight have a part of it: if they had all,
// an API that hangs would leave no time to publish anything.
func (s *stopper) interrupt() {
	s.stopWithin(s.grace-s.grace/writeShare, contact.StopInterrupted, "")
}

// stopWithin ends new calls at once, and calls in flight after d, unless an earlier stop ends them before.
func (s *stopper) stopWithin(d time.Duration, cause contact.Stop, detail string) {
	s.note(cause, detail)
	s.endSoft()
	s.mu.Lock()
	defer s.mu.Unlock()
	ends := time.Now().Add(d)
	if s.timer != nil && !ends.Before(s.ends) {
		return
	}
	if s.timer != nil {
		s.timer.Stop()
	}
	s.timer, s.ends = time.AfterFunc(d, s.endHard), ends
}

// fail ends everything at once with an internal error after which nothing can be committed.
func (s *stopper) fail(err error) {
	s.setError(err)
	s.endSoft()
	s.endHard()
}

// abandon ends the run with an error after which outcomes can still be committed: calls in flight are allowed to finish,
// because they may have been charged.
func (s *stopper) abandon(err error) {
	s.setError(err)
	s.stop("", "")
}

// setError keeps the first error.
func (s *stopper) setError(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
}

// guard calls f, and turns a panic into an internal error, so that nobody waits for a goroutine that is gone. It reports
// whether f returned.
func (s *stopper) guard(f func()) (ok bool) {
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

// result returns how the pass ended.
func (s *stopper) result() (contact.Stop, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cause, s.detail, s.err
}

// close ends the timers and watches.
func (s *stopper) close() {
	for _, end := range s.endWatches {
		end()
	}
	s.mu.Lock()
	if s.timer != nil {
		s.timer.Stop()
	}
	s.mu.Unlock()
	s.endSoft()
	s.endHard()
	s.followers.Wait()
}
