package client

import (
	"container/list"
	"fmt"
	"net/http"
	"sync/atomic"
)

// When a run gives up whose first requests are all refused: after so many alike, or so many of any kind. Responses that are
// not answers may each have been charged: so many in a row stop the run at any time.
const (
	maxSameRejections = 20
	maxUnusableInARow = 10
	maxRejections     = 40
)

// Where a question is while the first calls go alone.
type callState uint8

const (
	stateQueued callState = iota // its Do has not begun: the ones behind it wait for it
	stateAside                   // it waits for its own backoff: the ones behind it may go
	stateReady                   // it wants to send
	stateInFlight
)

// first keeps the first calls in order, one at a time, until a response of the API itself has proved the key. Until the first
// usable answer it gives up if all are refused alike.
type firstCalls struct {
	keyProved atomic.Bool // the key is proved: all workers may send
	answered  atomic.Bool // a usable answer has come
	order     list.List   // of *question, in the order of Queue; empty once opened

	rejected, sameGroup, withEmail int
	inFlight                       int // calls in flight whose refusal would count
	group                          string
}

// delay is the asking whose turn it is; nil: whoever it is is not here yet.
func (f *firstCalls) next() *question {
	for at := f.order.Front(); at != nil; at = at.Next() {
		a := at.Value.(*question)
		switch a.state {
		case stateReady:
			return a
		case stateQueued, stateInFlight:
			return nil
		}
	}
	return nil
}

// A rejection is an answer that refuses a request, as far as giving up is concerned.
type rejection struct {
	status    int
	unusable  bool // a 2xx that is not an answer
	withEmail bool // an address was sent
	message   string
}

// group is what makes refusals alike.
func (r rejection) group() string {
	switch {
	case r.unusable:
		return "without a usable answer"
	case r.status == http.StatusBadRequest || r.status == http.StatusUnprocessableEntity:
		return "400 or 422"
	}
	return fmt.Sprintf("%d", r.status)
}

// reject counts a refusal, and says whether it is time to give up.
func (f *firstCalls) reject(r rejection) bool {
	if c := r.group(); c != f.group {
		f.group, f.sameGroup, f.withEmail = c, 0, 0
	}
	f.rejected++
	f.sameGroup++
	if r.withEmail {
		f.withEmail++
	}
	return f.sameGroup >= maxSameRejections || f.rejected >= maxRejections
}

// full reports whether one more call in flight could be refused after the run has given up.
func (f *firstCalls) full() bool {
	return !f.answered.Load() && (f.sameGroup+f.inFlight >= maxSameRejections || f.rejected+f.inFlight >= maxRejections)
}

// checkURLAdvice is the advice if the URL looks wrong.
func checkURLAdvice(o *Options) string {
	return fmt.Sprintf("check --url: %s/contact does not look like the API", o.URL)
}

// advice says what was refused, and which flag to look at.
func (f *firstCalls) advice(r rejection, o *Options) string {
	what := fmt.Sprintf("the last %d of the first %d requests were answered %s", f.sameGroup, f.rejected, f.group)
	if f.sameGroup == f.rejected {
		what = fmt.Sprintf("each of the first %d requests was answered %s", f.rejected, f.group)
	}
	if r.message != "" {
		what += fmt.Sprintf(" (%q)", r.message)
	}
	switch {
	case r.unusable || r.status == http.StatusNotFound || r.status >= 300 && r.status < 400 || r.status == http.StatusMethodNotAllowed:
		return what + "; " + checkURLAdvice(o)
	case r.status != http.StatusBadRequest && r.status != http.StatusUnprocessableEntity:
		return what + "; check --url, and what --set adds to each request"
	case f.withEmail > 0:
		other := "business_email"
		if o.EmailAs == other {
			other = "email"
		}
		return what + fmt.Sprintf("; the address was sent as %q: try --email-as %s, and check what --map and --set send", o.EmailAs, other)
	}
	return what + "; check which column --map sends as which field, and what --set adds"
}
