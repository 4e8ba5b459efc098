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
	giveUpAlike    = 20
	giveUpUnusable = 10
	giveUpAny      = 40
)

// Where an asking is while the first calls go alone.
type place uint8

const (
	placeQueued  place = iota // its Do has not begun: the ones behind it wait for it
	placeAside                // it waits for its own backoff: the ones behind it may go
	placeWaiting              // it wants to send
	placeFlying
)

// early keeps the first calls in order, one at a time, until a response of the API itself has proved the key. Until the first
// usable answer it gives up if all are refused alike.
type early struct {
	opened   atomic.Bool // the key is proved: all workers may send
	answered atomic.Bool // a usable answer has come
	order    list.List   // of *Asking, in the order of Queue; empty once opened

	refused, alike, addressed int
	flying                    int // calls in flight whose refusal would count
	class                     string
}

// next is the asking whose turn it is; nil: whoever it is is not here yet.
func (e *early) next() *Asking {
	for at := e.order.Front(); at != nil; at = at.Next() {
		a := at.Value.(*Asking)
		switch a.place {
		case placeWaiting:
			return a
		case placeQueued, placeFlying:
			return nil
		}
	}
	return nil
}

// A refusal is an answer that refuses a request, as far as giving up is concerned.
type refusal struct {
	status    int
	unusable  bool // a 2xx that is not an answer
	addressed bool // an address was sent
	message   string
}

// class is what makes refusals alike.
func (r refusal) class() string {
	switch {
	case r.unusable:
		return "without a usable answer"
	case r.status == http.StatusBadRequest || r.status == http.StatusUnprocessableEntity:
		return "400 or 422"
	}
	return fmt.Sprintf("%d", r.status)
}

// refuse counts a refusal, and says whether it is time to give up.
func (e *early) refuse(r refusal) bool {
	if c := r.class(); c != e.class {
		e.class, e.alike, e.addressed = c, 0, 0
	}
	e.refused++
	e.alike++
	if r.addressed {
		e.addressed++
	}
	return e.alike >= giveUpAlike || e.refused >= giveUpAny
}

// crowded reports whether one more call in flight could be refused after the run has given up.
func (e *early) crowded() bool {
	return !e.answered.Load() && (e.alike+e.flying >= giveUpAlike || e.refused+e.flying >= giveUpAny)
}

// notTheAPI is the advice if the URL looks wrong.
func notTheAPI(o *Options) string {
	return fmt.Sprintf("check --url: %s/contact does not look like the API", o.URL)
}

// advice says what was refused, and which flag to look at.
func (e *early) advice(r refusal, o *Options) string {
	what := fmt.Sprintf("the last %d of the first %d requests were answered %s", e.alike, e.refused, e.class)
	if e.alike == e.refused {
		what = fmt.Sprintf("each of the first %d requests was answered %s", e.refused, e.class)
	}
	if r.message != "" {
		what += fmt.Sprintf(" (%q)", r.message)
	}
	switch {
	case r.unusable || r.status == http.StatusNotFound || r.status >= 300 && r.status < 400 || r.status == http.StatusMethodNotAllowed:
		return what + "; " + notTheAPI(o)
	case r.status != http.StatusBadRequest && r.status != http.StatusUnprocessableEntity:
		return what + "; check --url, and what --set adds to each request"
	case e.addressed > 0:
		other := "business_email"
		if o.EmailAs == other {
			other = "email"
		}
		return what + fmt.Sprintf("; the address was sent as %q: try --email-as %s, and check what --map and --set send", o.EmailAs, other)
	}
	return what + "; check which column --map sends as which field, and what --set adds"
}
