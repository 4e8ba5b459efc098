package pipeline

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"

	"enrich/contact"
)

// firstCalls lets this run make its first calls only while no other run of the account makes any, so that a bad key costs one
// call over all runs. The turn is given back once the API has accepted the key, between two passes, or at the end of the run. A stop
// was recorded by then. nil: there are no other runs.
type firstCalls struct {
	account  Account
	stop     *stopper
	counters *Counters

	begun   atomic.Bool   // somebody waits for the turn, or did
	decided chan struct{} // closed when this run has its turn, or needs none
	over    atomic.Bool   // the turn was given back, or none is needed
	release func(proved bool)
}

func newFirstCalls(a *Ask, stop *stopper) *firstCalls {
	if a.Account == nil {
		return nil
	}
	return &firstCalls{account: a.Account, stop: stop, counters: a.Counters, decided: make(chan struct{})}
}

// await waits until a call may be made, or the run is stopped.
func (f *firstCalls) await() {
	switch {
	case f == nil || f.over.Load():
	case f.begun.CompareAndSwap(false, true):
		f.begin()
	default:
		select {
		case <-f.decided:
		case <-f.stop.soft.Done():
		}
	}
}

// begin waits for the turn. A stop of another run that was recorded meanwhile counts before any call is made.
func (f *firstCalls) begin() {
	defer close(f.decided)
	f.counters.OthersWait.Store(&OthersWait{Reason: WaitAlone})
	defer f.counters.OthersWait.Store(nil)
	release, err := f.account.Alone(f.stop.soft)
	if err != nil {
		if !f.stop.stopped() {
			f.stop.abandon(fmt.Errorf("wait to make the first call: %w", err))
		}
		f.over.Store(true)
		return
	}
	f.release = release
	known, cancel := context.WithCancel(f.stop.soft)
	cancel()
	if cause, detail := f.account.Stopped(known); cause != "" {
		f.stop.stop(cause, detail)
	}
}

// observe takes whether a response shows that the API accepts the key.
func (f *firstCalls) observe(proved bool) {
	if f != nil && proved && !f.over.Swap(true) {
		f.release(true)
	}
}

// yield gives the turn back if it has proved nothing when a pass ends: other runs may wait for it, and this run may wait for them
// before it sends anything again. The next call waits for the turn again. Nobody else uses f meanwhile.
func (f *firstCalls) yield() {
	if f == nil || f.over.Load() || f.release == nil {
		return
	}
	f.release(false)
	f.release, f.decided = nil, make(chan struct{})
	f.begun.Store(false)
}

// end gives the turn back at the end of the run.
func (f *firstCalls) end() {
	if f != nil && !f.over.Swap(true) && f.release != nil {
		f.release(false)
	}
}

// provesKey reports whether an outcome shows that the API accepts the key: an answer, or a rejection of the request itself.
func provesKey(o *contact.Outcome) bool {
	return o.Kind.Answered() || o.Kind == contact.Refused && (o.Status == http.StatusBadRequest || o.Status == http.StatusUnprocessableEntity)
}
