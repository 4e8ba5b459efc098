package client

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v4"

	"enrich/contact"
)

// jobs is what the requests of bulk jobs share.
type jobs struct {
	format jobFormat
	// The API limits each endpoint on its own. With --rate all requests share the account's limiter, and these are nil.
	submissions, polls Limiter
	submitted          atomic.Int64 // how many submissions were begun
}

func (j *jobs) init(o *Options) {
	j.format = newJobFormat(o)
	if o.Rate == (Rate{}) {
		j.submissions, j.polls = newLimiter(Rate{}), newLimiter(Rate{})
	}
}

// A jobCall is a request of a bulk job in progress: a submission, or a request for results.
type jobCall struct {
	sender
	name       string // for the log
	contacts   int    // of the job
	row        int64  // stands for a row in the breaker: below 0 for a submission, 0 for all requests for results
	withEmail  bool   // a contact has an e-mail address
	decide     func(r *reply, a attempt) decision
	down       bool          // the API was declared down because this request used up its attempts
	storage    error         // the results could not be stored
	retryAfter time.Duration // of the last response
}

func (c *Client) newJobCall(soft, hard context.Context, name string, limiter Limiter, contacts int, reserve func() string) *jobCall {
	return &jobCall{name: name, contacts: contacts, sender: sender{
		c: c, soft: soft, hard: hard, limiter: limiter, reserve: reserve, reserved: 1, retries: retryState{o: &c.o},
	}}
}

// run makes attempts until one decides, and returns its decision. ended: no attempt may be made any more, because the run is
// stopped or reached names a cap. While the request waits for its backoff, other requests of the account go on.
func (j *jobCall) run(request *jobRequest) (d decision, ended bool, reached string) {
	ac := j.c.account
	ac.join(&j.sender)
	defer ac.leave(&j.sender)
	j.x = j.c.exchanges.borrow()
	defer j.c.giveBack(j.x)
	j.x.job = request
	for {
		if reached = j.reserveCall(); reached != "" {
			return d, true, reached
		}
		if !ac.awaitRate(j.soft, &j.sender) {
			return d, true, ""
		}
		t, ok := ac.acquire(j.soft, &j.sender)
		if !ok {
			return d, true, ""
		}
		var wait time.Duration
		if d, wait, ended = j.attempt(t); ended || wait == 0 && d.isFinal() {
			return d, ended, ""
		}
		if wait > 0 && !ac.wait(j.soft, &j.sender, wait, waitBackoff) {
			return d, true, ""
		}
	}
}

// isFinal reports whether no further attempt follows a decision.
func (d *decision) isFinal() bool { return d.action != actionRetry && d.action != actionPause }

// attempt makes one call. wait is the delay before the next. ended: the run was ended, or the results could not be stored.
func (j *jobCall) attempt(t turn) (d decision, wait time.Duration, ended bool) {
	r := j.send()
	defer j.x.body.Free()
	if r.storageErr == nil {
		d = j.decide(&r, attempt{last: j.retries.isLast()})
	}
	if r.storageErr != nil { // decide reads the results, and may set it
		j.storage = r.storageErr
		j.c.account.release(&j.sender, t, feedback{signal: signalNone})
		return d, 0, true
	}
	j.record(&r, &d)
	f := j.feedback(&r, &d)
	j.retryAfter = f.retryAfter
	isDown := j.c.account.release(&j.sender, t, f)
	if j.c.o.Log != nil {
		j.log(t, &r, &d, slog.String("request", j.name), slog.Int("contacts", j.contacts), slog.Int("attempt", max(j.sent, 1)))
	}
	j.waited = 0
	switch d.action {
	case actionPause: // release has paused the account
		j.reason = "rate_limited"
		if j.throttled++; j.throttled >= maxThrottled {
			d.action = actionExhausted
		}
	case actionRetry, actionExhausted:
		j.reason = retryReason(&r, d.status)
		if j.ended(&r) {
			return d, 0, true
		}
		if d.action = actionRetry; !isDown {
			wait = j.retry(&r, &d, f.retryAfter)
		}
	}
	return d, wait, false
}

// retry counts a failed attempt, and returns the delay before the next. If the attempts of a submission are used up, the API counts
// as down: it is probed until it answers, or the run stops. If it answers other requests but not this one, d becomes
// actionExhausted, and so it does for a request for results. A 404 to that becomes actionNotFound.
func (j *jobCall) retry(r *reply, d *decision, retryAfter time.Duration) (wait time.Duration) {
	j.retries.attempts++
	j.retries.elapsed += r.took
	wait = j.retries.nextDelay(retryAfter)
	switch {
	case wait != backoff.Stop:
		j.retries.elapsed += wait
		j.waited = max(wait, 1)
		return j.waited
	case !j.x.job.isSubmission() && isGone(d.status, false):
		d.action = actionNotFound
	case j.down || !j.x.job.isSubmission():
		d.action = actionExhausted
	default:
		j.down = true
		j.retries.attempts--
		j.c.account.declareDown(r.at, describe(d.status, d.message))
	}
	return 0
}

// feedback returns what a call means for the account.
func (j *jobCall) feedback(r *reply, d *decision) feedback {
	f := j.sender.feedback(r, d, j.row, j.withEmail)
	f.rejection.emailAs = j.c.o.jobEmailAs
	switch {
	case d.status == http.StatusNotFound && d.fromAPI:
		f.signal = signalNotFound // the API is up
	case d.action == actionNotFound:
		f.signal = signalFailed
	case d.action == actionStop && d.stop == "":
		f.stop = contact.StopRejectedAll
		if j.c.Answered() {
			f.stop = contact.StopAPIDown
		}
		f.failure = fmt.Sprintf("%s was answered %s; check --url: %s does not accept bulk jobs", j.name, describe(d.status, d.message), j.c.o.URL)
	}
	return f
}

// giveUp stops the run because the API keeps failing.
func (ac *account) giveUp(detail string) {
	ac.mu.Lock()
	defer ac.mu.Unlock()
	ac.stop(contact.StopAPIDown, detail)
	ac.wakeNext()
}

// stopCause returns why the run is stopped, and a sentence for the user; "" if it is not.
func (j *jobCall) stopCause(reached string) (contact.Stop, string) {
	if reached != "" {
		return contact.StopCap, reached
	}
	return j.c.account.stopCause()
}

// decideUndelivered decides about a call without a response.
func (j *jobCall) decideUndelivered(r *reply) decision {
	d := decision{action: actionRetry, message: j.c.errorText(r)}
	switch r.delivery {
	case deliveryNoConnection:
		return j.c.decideNoConnection(r)
	case deliveryCut:
		d.action = actionLost
	case deliveryCorrupt:
		d.action = actionUnusable
	}
	return d
}

// decideMissingResults decides about a call for results without a response. It was not charged, so nothing is lost.
func (j *jobCall) decideMissingResults(r *reply) decision {
	d := j.decideUndelivered(r)
	if d.action == actionLost || d.action == actionUnusable {
		d.action, d.message = actionRetry, "the results did not arrive: "+j.c.cause(r)
	}
	return d
}

// awaitRate waits until the endpoint's own limiter lets a request go. It waits outside of the queue, so that requests to other
// endpoints go on. It returns false if no request may be sent any more.
func (ac *account) awaitRate(soft context.Context, s *sender) bool {
	for s.limiter != nil {
		ac.mu.Lock()
		began := time.Now()
		after := s.limiter.Take(began)
		ac.mu.Unlock()
		if after == 0 {
			return true
		}
		ok := ac.wait(soft, s, after, waitRate)
		ac.mu.Lock()
		ac.waited += time.Since(began)
		ac.mu.Unlock()
		if !ok {
			return false
		}
	}
	return true
}

// wait waits for a delay of a sender's own. It returns false if the run is stopped first.
func (ac *account) wait(soft context.Context, s *sender, d time.Duration, reason waitReason) bool {
	ac.startDelay(s, d, reason)
	defer ac.endDelay(s)
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ac.stopped:
	case <-soft.Done():
	}
	return false
}
