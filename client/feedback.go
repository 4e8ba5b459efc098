package client

import (
	"fmt"
	"net/http"
	"time"

	"enrich/contact"
	"enrich/internal/phrase"
)

// A signal says what a call means for the whole account.
type signal uint8

const (
	signalNone         signal = iota // nothing: the client ended the call
	signalAnswer                     // an answer: the key is right and the API is up
	signalNotFound                   // a 404 that is an answer; the first calls may still give up
	signalRejected                   // the API is up, and rejected this request
	signalUnusable                   // a 2xx that is not an answer
	signalFailed                     // a transient failure
	signalNoConnection               // no connection was made
	signalThrottled                  // 429
	signalStop                       // the run must stop
)

// feedback is what the account learns from a call.
type feedback struct {
	signal     signal
	row        int64
	failure    string        // in words; "": there was none
	retryAfter time.Duration // 0: the response did not say
	rate       Rate          // zero: the response did not say
	rejection  rejection
	stop       contact.Stop
	// fromAPI: the API itself sent the response, not a gateway. knownRejected: an earlier run saw this contact rejected.
	fromAPI, knownRejected bool
	unsent                 bool // no request was on the wire
	unreachable            bool // the run stops because no connection can be made
}

// release gives a turn back, with the result of the call. It reports whether the API is down: then the call was not
// an attempt of its row.
func (ac *account) release(s *sender, t turn, f feedback) (down bool) {
	ac.mu.Lock()
	defer ac.mu.Unlock()
	defer ac.wakeNext()
	now := time.Now()
	s.state = stateAside
	ac.inFlight--
	if t.epoch == ac.epoch {
		ac.epochInFlight--
	}
	if !s.knownRejected {
		ac.first.inFlight--
	}
	if f.rate != (Rate{}) {
		ac.limiterOf(s).SetRate(now, f.rate.calls, f.rate.per)
	}
	if f.fromAPI && f.signal != signalUnusable {
		ac.unusableInARow = 0
	}
	switch f.signal {
	case signalAnswer:
		ac.first.answered.Store(true)
		ac.verifyKey()
		ac.recordAnswer(t)
	case signalNotFound:
		ac.verifyKey()
		ac.recordAnswer(t)
	case signalRejected:
		ac.recordRejection(f)
		ac.recordAnswer(t)
	case signalUnusable:
		ac.recordUnusable(now, t, f)
	case signalThrottled:
		ac.recordThrottled(now, t, f.retryAfter)
	case signalFailed, signalNoConnection:
		ac.recordFailure(now, t, f)
	case signalStop:
		ac.unreachable = ac.unreachable || f.unreachable && ac.cause == ""
		ac.stop(f.stop, f.failure)
	case signalNone:
	}
	return ac.breaker.open
}

// verifyKey lets all workers send.
func (ac *account) verifyKey() {
	if !ac.first.keyVerified.Swap(true) {
		ac.first.order.Init()
	}
}

// recordAnswer records that the API is up. Each answer lets one more call be in flight (slow start).
func (ac *account) recordAnswer(t turn) {
	if t.epoch != ac.epoch {
		return // the call was sent before the pause or the outage began
	}
	ac.breaker.reset()
	ac.pause.Reset()
	if ac.window > 0 {
		if ac.window++; ac.window >= ac.o.Workers {
			ac.window = 0
		}
	}
}

// recordRejection counts a rejection. A 400 or 422 of the API itself verifies the key, because the API has looked at the
// request's body.
func (ac *account) recordRejection(f feedback) {
	if s := f.rejection.status; f.fromAPI && (s == http.StatusBadRequest || s == http.StatusUnprocessableEntity) {
		ac.verifyKey()
	}
	if !f.knownRejected && !ac.first.answered.Load() && ac.first.reject(f.rejection) {
		ac.stop(contact.StopRejectedAll, ac.first.advice(ac.o))
	}
}

// recordUnusable counts a 2xx that is not an answer. Each may have been charged, so some in a row stop the run.
func (ac *account) recordUnusable(now time.Time, t turn, f feedback) {
	ac.unusableInARow++
	answered := ac.first.answered.Load()
	if ac.unusableInARow >= maxUnusableInARow {
		cause, prefix := contact.StopRejectedAll, ""
		if answered {
			cause, prefix = contact.StopAPIDown, apiKeptFailing
		}
		ac.stop(cause, fmt.Sprintf("%s%d responses in a row were not answers of the API, the last %s; %s",
			prefix, ac.unusableInARow, f.failure, checkURLAdvice(ac.o)))
	}
	if answered {
		ac.recordFailure(now, t, f)
		return
	}
	ac.recordRejection(f)
	ac.recordAnswer(t)
}

// recordThrottled pauses the account after a 429. Only a call that was sent after the last pause began makes the next pause
// longer.
func (ac *account) recordThrottled(now time.Time, t turn, retryAfter time.Duration) {
	var total time.Duration
	if t.epoch == ac.epoch {
		total = ac.pause.Begin(now, retryAfter)
		ac.throttle()
	} else {
		total = ac.pause.Extend(now, retryAfter)
	}
	if total > ac.o.MaxElapsed {
		what := "the pauses since the last answer add up to"
		if retryAfter > ac.o.MaxElapsed {
			what = "the API asks to wait"
		}
		ac.stop(contact.StopAPIDown, fmt.Sprintf("rate limited: %s %s (429), longer than --max-elapsed (%s)",
			what, phrase.Duration(total.Round(100*time.Millisecond)), phrase.Duration(ac.o.MaxElapsed)))
	}
}

// recordFailure counts a transient failure.
func (ac *account) recordFailure(now time.Time, t turn, f feedback) {
	wasOpen := ac.breaker.open
	ac.breaker.fail(now, failure{
		row: f.row, noConnection: f.signal == signalNoConnection, unsent: f.unsent, probe: t.probe && t.epoch == ac.epoch, text: f.failure,
	})
	if ac.breaker.open && !wasOpen {
		ac.throttle()
	}
}

// throttle allows only one call at a time, and begins a new epoch.
func (ac *account) throttle() {
	ac.window, ac.epochInFlight = 1, 0
	ac.epoch++
}

// declareDown opens the breaker because a row could not be sent for as long as it may take.
func (ac *account) declareDown(now time.Time, text string) {
	ac.mu.Lock()
	defer ac.mu.Unlock()
	if !ac.breaker.open {
		ac.breaker.declareDown(now, text)
		ac.throttle()
		ac.wakeNext()
	}
}
