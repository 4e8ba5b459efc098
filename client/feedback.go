package client

import (
	"fmt"
	"net/http"
	"time"

	"enrich/contact"
)

// A signal is what a call means for the whole account.
type signal uint8

const (
	signalNone         signal = iota // nothing: it was ended by us
	signalAnswer                     // an answer: the key is right and the API is up
	signalNotFound                   // a 404 that is an answer: it does not end the giving up
	signalRejected                   // the API is up, and refused this request
	signalUnusable                   // a 2xx that is not an answer
	signalFailed                     // it failed in a way that passes
	signalNoConnection               // no connection came about
	signalThrottled                  // 429
	signalStop                       // the run must stop
)

// feedback is what a call is reported with.
type feedback struct {
	signal     signal
	row        int64
	failure    string // what failed, in words
	retryAfter time.Duration
	rate       Rate
	stop       contact.Stop
	rejection  rejection
	// fromAPI: the API itself sent it. expected: an earlier run saw the contact refused.
	fromAPI, knownRejected bool
	unsent                 bool // no request was on the wire
	// unreachable: the run stops because no connection to the API can be made.
	unreachable bool
}

// endReleased gives a permit back and tells what came of the call. It says whether the API counts as down, so that the call
// was no attempt of its row.
func (ac *account) release(a *question, p permit, n feedback) (down bool) {
	ac.mu.Lock()
	defer ac.mu.Unlock()
	defer ac.wakeNext()
	now := time.Now()
	a.state = stateAside
	ac.inFlight--
	if p.epoch == ac.epoch {
		ac.epochInFlight--
	}
	if !a.Refused {
		ac.first.inFlight--
	}
	if !ac.limiter.fixed {
		ac.adoptRate(n.rate, now)
	}
	if n.fromAPI && n.signal != signalUnusable {
		ac.unusableInARow = 0
	}
	switch n.signal {
	case signalAnswer:
		ac.first.answered.Store(true)
		ac.proveKey()
		ac.recordAnswer(p)
	case signalNotFound:
		ac.proveKey()
		ac.recordAnswer(p)
	case signalRejected:
		ac.recordRejection(n)
		ac.recordAnswer(p)
	case signalUnusable:
		return ac.recordUnusable(now, p, n)
	case signalThrottled:
		ac.recordThrottled(now, p, n.retryAfter)
	case signalFailed, signalNoConnection:
		return ac.recordFailure(now, p, n)
	case signalStop:
		ac.unreachable = ac.unreachable || n.unreachable && ac.stop == ""
		ac.halt(n.stop, n.failure)
	case signalNone:
	}
	return ac.breaker.open
}

// adoptRate takes the rate that an answer told. The call that told it is the first that counts.
func (ac *account) adoptRate(r Rate, now time.Time) {
	first := ac.limiter.bucket == nil
	ac.limiter.set(r, now)
	if first && ac.limiter.bucket != nil {
		ac.limiter.bucket.AllowN(now, 1)
	}
}

// proveKey ends the time in which calls go alone.
func (ac *account) proveKey() {
	if !ac.first.keyProved.Swap(true) {
		ac.first.order.Init()
	}
}

// recordAnswer: the API is up. Whoever waited comes back gradually: each answer lets one more call fly.
func (ac *account) recordAnswer(p permit) {
	if p.epoch != ac.epoch {
		return // it was sent before the pause or the outage began: it says nothing about it
	}
	ac.breaker.reset()
	ac.pause.reset()
	if ac.window > 0 {
		if ac.window++; ac.window >= ac.o.Workers {
			ac.window = 0
		}
	}
}

// rejected counts towards giving up, until the first usable answer. A 400 or 422 of the API itself proves the key: the API
// looked at the request, not only at the header.
func (ac *account) recordRejection(n feedback) {
	if s := n.rejection.status; n.fromAPI && (s == http.StatusBadRequest || s == http.StatusUnprocessableEntity) {
		ac.proveKey()
	}
	if !n.knownRejected && !ac.first.answered.Load() && ac.first.reject(n.rejection) {
		ac.halt(contact.StopRejectedAll, ac.first.advice(n.rejection, ac.o))
	}
}

// recordUnusable counts a 2xx that is not an answer, each of which may have been charged: some in a row stop the run.
func (ac *account) recordUnusable(now time.Time, p permit, n feedback) (down bool) {
	ac.unusableInARow++
	answered := ac.first.answered.Load()
	if ac.unusableInARow >= maxUnusableInARow {
		why := contact.StopRejectedAll
		if answered {
			why = contact.StopAPIDown
		}
		ac.halt(why, fmt.Sprintf("%d responses in a row were not answers of the API, the last %s; %s", ac.unusableInARow, n.failure, checkURLAdvice(ac.o)))
	}
	if answered {
		return ac.recordFailure(now, p, n)
	}
	ac.recordRejection(n)
	ac.recordAnswer(p)
	return ac.breaker.open
}

// throttled pauses everybody. Only a call that was sent after the last pause began makes the next one longer.
func (ac *account) recordThrottled(now time.Time, p permit, hint time.Duration) {
	var total time.Duration
	if p.epoch == ac.epoch {
		total = ac.pause.begin(now, hint, ac.o.MaxElapsed)
		ac.throttle()
	} else {
		total = ac.pause.extend(now, hint)
	}
	if total > ac.o.MaxElapsed {
		ac.halt(contact.StopAPIDown, "it asks to wait (429) for longer than --max-elapsed: "+total.Round(time.Second).String())
	}
}

// recordFailure counts a failure of any worker's call.
func (ac *account) recordFailure(now time.Time, p permit, n feedback) (down bool) {
	was := ac.breaker.open
	if n.unsent {
		ac.breaker.unsent++
	}
	down = ac.breaker.fail(now, n.row, n.signal == signalNoConnection, p.probe && p.epoch == ac.epoch, n.failure, ac.o.MaxElapsed)
	if down && !was {
		ac.throttle()
	}
	return down
}

// throttled lets calls fly one at a time, and begins a new epoch.
func (ac *account) throttle() {
	ac.window, ac.epochInFlight = 1, 0
	ac.epoch++
}

// declareDown begins one because of a row that could not be sent for as long as it may take.
func (ac *account) declareDown(now time.Time, what string) {
	ac.mu.Lock()
	defer ac.mu.Unlock()
	if !ac.breaker.open {
		ac.breaker.trip(now, what, ac.o.MaxElapsed)
		ac.throttle()
		ac.wakeNext()
	}
}
