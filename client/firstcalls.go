package client

import (
	"container/list"
	"fmt"
	"net/http"
	"sync/atomic"
)

// Until the first usable answer, the run gives up after maxSameRejections rejections of one group in a row, or after maxRejections
// of any group. At any time, maxUnusableInARow unusable responses in a row stop the run, because each may have been charged.
const (
	maxSameRejections = 20
	maxRejections     = 40
	maxUnusableInARow = 10
)

// A callState says where a sender is during the first calls.
type callState uint8

const (
	stateQueued   callState = iota // its Ask has not begun: those behind it wait
	stateAside                     // it waits for its own backoff: those behind it may go
	stateReady                     // it waits for its turn
	stateInFlight                  // its call is in flight: those behind it wait
)

// firstCalls sends the first calls one at a time, in input order, until a response of the API itself verifies the key. Until the
// first usable answer it also counts the rejections, and gives up after too many of them.
type firstCalls struct {
	keyVerified atomic.Bool // all workers may send
	answered    atomic.Bool // a usable answer has come
	order       list.List   // of *sender, in the order of Queue; empty once the key is verified

	rejected  int // rejections so far
	latest    rejection
	inFlight  int // calls in flight whose rejection would count
	sameGroup int // rejections of the latest one's group in a row
	withEmail int // how many of those had an e-mail address
}

// next returns the sender whose turn it is; nil if it is not ready.
func (f *firstCalls) next() *sender {
	for at := f.order.Front(); at != nil; at = at.Next() {
		s := at.Value.(*sender)
		switch s.state {
		case stateReady:
			return s
		case stateQueued, stateInFlight:
			return nil
		}
	}
	return nil
}

// join puts a sender at the end of the order of the first calls, until the key is verified.
func (ac *account) join(s *sender) {
	if ac.first.keyVerified.Load() {
		return
	}
	ac.mu.Lock()
	defer ac.mu.Unlock()
	if !ac.first.keyVerified.Load() {
		s.elem = ac.first.order.PushBack(s)
	}
}

// leave takes a sender out of the order of the first calls.
func (ac *account) leave(s *sender) {
	if ac.first.keyVerified.Load() {
		return
	}
	ac.mu.Lock()
	defer ac.mu.Unlock()
	if !ac.first.keyVerified.Load() && s.elem != nil {
		ac.first.order.Remove(s.elem)
		ac.wakeNext()
	}
}

// stepAside lets the senders behind this one go, while it waits for its own backoff.
func (ac *account) stepAside(s *sender) {
	ac.mu.Lock()
	defer ac.mu.Unlock()
	s.state = stateAside
	ac.wakeNext()
}

// A rejection is a response that rejects a request.
type rejection struct {
	status    int
	unusable  bool   // a 2xx that is not an answer
	withEmail bool   // the request had an e-mail address
	emailAs   string // the field of the address
	message   string
}

// group names the rejections that count as the same.
func (r rejection) group() string {
	switch {
	case r.unusable:
		return "without a usable answer"
	case r.status == http.StatusBadRequest || r.status == http.StatusUnprocessableEntity:
		return "400 or 422"
	}
	return fmt.Sprintf("%d", r.status)
}

// reject counts a rejection, and reports whether to give up.
func (f *firstCalls) reject(r rejection) (giveUp bool) {
	if r.group() != f.latest.group() {
		f.sameGroup, f.withEmail = 0, 0
	}
	f.rejected++
	f.latest = r
	f.sameGroup++
	if r.withEmail {
		f.withEmail++
	}
	return f.sameGroup >= maxSameRejections || f.rejected >= maxRejections
}

// isFull reports whether the calls in flight are enough to give up if all of them are rejected.
func (f *firstCalls) isFull() bool {
	return !f.answered.Load() && (f.sameGroup+f.inFlight >= maxSameRejections || f.rejected+f.inFlight >= maxRejections)
}

// checkURLAdvice is the advice if the URL looks wrong.
func checkURLAdvice(o *Options) string {
	return fmt.Sprintf("check --url: %s/contact does not look like the API", o.URL)
}

// advice says what was rejected, and which flags to check.
func (f *firstCalls) advice(o *Options) string {
	r := f.latest
	what := fmt.Sprintf("the last %d of the first %d requests were answered %s", f.sameGroup, f.rejected, r.group())
	switch {
	case f.rejected == 1:
		what = "the first request was answered " + r.group()
	case f.sameGroup == f.rejected:
		what = fmt.Sprintf("each of the first %d requests was answered %s", f.rejected, r.group())
	}
	if r.message != "" {
		what += fmt.Sprintf(" (%q)", r.message)
	}
	isInvalid := r.status == http.StatusBadRequest || r.status == http.StatusUnprocessableEntity
	switch {
	case r.unusable || r.status == http.StatusNotFound || r.status >= 300 && r.status < 400 || r.status == http.StatusMethodNotAllowed:
		return what + "; " + checkURLAdvice(o)
	case !isInvalid:
		return what + "; check --url, and what --set adds to each request"
	}
	return what + "; " + fieldAdvice(f.withEmail > 0, r.emailAs)
}

// fieldAdvice says which flags to check if the API rejects the fields of a request.
func fieldAdvice(withEmail bool, emailAs string) string {
	if !withEmail {
		return "check which column --map sends as which field, and what --set adds"
	}
	other := "business_email"
	if emailAs == other {
		other = "email"
	}
	return fmt.Sprintf("the address was sent as %q: try --email-as %s, and check what --map and --set send", emailAs, other)
}
