package pipeline

import (
	"fmt"
	"slices"
	"time"

	"enrich/contact"
	"enrich/internal/phrase"
	"enrich/ledger"
)

// An openJob is a job whose results are waited for.
type openJob struct {
	contact.Job
	own          bool          // this run submitted it, and has reservations for its contacts
	callReserved bool          // the call of the next poll was reserved with the submission
	delay        time.Duration // before the next poll, if the API does not state it
	next         time.Time     // of the next poll
	until        time.Time     // then it is not polled any more
	incomplete   bool          // its results were fetched once, and contacts would have been lost by them
	classified   bool          // admission has ended, and contacts of the input are in it
	failing      time.Time     // since when the requests for its results fail; zero: the last one did not
	failure      string        // of the last request, in words
	leftBecause  string        // why it is not polled any more; "": it is polled
	leftFor      contact.Stop  // the same, as the cause of a stop
}

// isPolled reports whether the job is still polled.
func (j *openJob) isPolled() bool { return j.leftBecause == "" }

// pollAgain sets the time of the next poll. stated is what the API asks for; 0: nothing.
func (j *openJob) pollAgain(now time.Time, stated time.Duration) {
	if stated <= 0 {
		stated = j.delay
		j.delay = min(2*j.delay, maxPollDelay)
	}
	j.next = now.Add(stated)
	if now.Before(j.until) && j.next.After(j.until) {
		j.next = j.until
	}
}

// nextPoll returns the job that is polled next; nil: there is none.
func (d *jobDispatcher) nextPoll() (next *openJob) {
	for _, j := range d.jobs {
		if j.isPolled() && (next == nil || j.next.Before(next.next)) {
			next = j
		}
	}
	return next
}

// polled reports whether jobs of this run, and of others, are polled.
func (d *jobDispatcher) polled() (own, others bool) {
	for _, j := range d.jobs {
		if j.isPolled() {
			own, others = own || j.own, others || !j.own
		}
	}
	return own, others
}

// poll asks for the results of a job once.
func (d *jobDispatcher) poll(j *openJob) {
	if !j.callReserved {
		if reached := d.Budget.Calls(1); reached != "" {
			d.leave(j, contact.StopCap, reached)
			return
		}
	}
	j.callReserved = false
	d.first.await()
	began := time.Now()
	p := d.Jobs.API.Poll(d.stop.soft, d.stop.hard, &j.Job, d.reserveCall)
	if p.Sent == 0 {
		d.Budget.Return(1)
	}
	if p.Err != nil {
		d.stop.abandon(p.Err)
	}
	d.first.observe(p.State != contact.PollStopped && p.State != contact.PollFailed)
	now := time.Now()
	if p.State != contact.PollFailed {
		j.failing, j.failure = time.Time{}, ""
	}
	switch p.State {
	case contact.PollFailed:
		d.handleFailed(j, &p, began, now)
	case contact.PollReady:
		d.handleResults(j, p.Results)
	case contact.PollGone:
		d.handleNotFound(j, &p, now)
	case contact.PollRunning:
		d.handleRunning(j, &p, now)
	case contact.PollStopped:
		d.handleStopped(j, &p)
	}
}

// handleRunning waits for a job that is not done, unless --bulk-wait is over.
func (d *jobDispatcher) handleRunning(j *openJob, p *contact.JobPoll, now time.Time) {
	if !now.Before(j.until) {
		d.leave(j, contact.StopCap, fmt.Sprintf("bulk job %.100q has no results after %s (--bulk-wait)", j.ID, phrase.Duration(d.Jobs.Wait)))
		return
	}
	j.pollAgain(now, p.Retry)
}

// handleFailed asks for the results later, unless they could not be fetched for too long: then the job stays open, and all else goes on.
// began is when this request began.
func (d *jobDispatcher) handleFailed(j *openJob, p *contact.JobPoll, began, now time.Time) {
	if j.failing.IsZero() {
		j.failing = began
	}
	j.failure = describeResponse(p.Status, p.Message)
	end := d.endOfWait(j)
	if !now.Before(end) {
		d.leave(j, contact.StopAPIDown, fmt.Sprintf("the results of bulk job %.100q cannot be fetched: %s", j.ID, j.failure))
		return
	}
	if j.pollAgain(now, p.Retry); j.next.After(end) {
		j.next = end
	}
}

// endOfWait returns when a job is left at the latest.
func (d *jobDispatcher) endOfWait(j *openJob) time.Time {
	if end := j.failing.Add(d.Jobs.GiveUp); !j.failing.IsZero() && end.Before(j.until) {
		return end
	}
	return j.until
}

// handleStopped leaves a job of which nothing is known: the run is stopped, or a cap is reached.
func (d *jobDispatcher) handleStopped(j *openJob, p *contact.JobPoll) {
	switch {
	case p.Stop == contact.StopCap:
		d.leave(j, p.Stop, p.StopDetail)
	case p.Stop != "":
		d.applyStop(p.Stop, p.StopDetail)
	case !d.stop.stopped():
		d.stop.stop(contact.StopAPIDown, fmt.Sprintf("the results of bulk job %.100q cannot be fetched: %s", j.ID, describeResponse(p.Status, p.Message)))
	}
}

// handleNotFound loses the contacts of a job that the API does not know. If the job has not expired, the API does not do what it says, and
// the run stops.
func (d *jobDispatcher) handleNotFound(j *openJob, p *contact.JobPoll, now time.Time) {
	expired := !j.Expires.IsZero() && !now.Before(j.Expires)
	end := ledger.JobLost
	if expired {
		end = ledger.JobExpired
	}
	o := contact.Outcome{Kind: contact.Lost, Failure: contact.Exhausted, Status: p.Status, Message: p.Message}
	trial := j == d.trial
	contacts, err := d.contactsOf(j)
	if err != nil {
		d.stop.abandon(err)
		return
	}
	if !d.commitRest(j, contacts, o, outcomeTime(now), end) {
		return
	}
	d.small = d.small || j.own
	d.remove(j)
	if expired {
		d.Counters.JobsExpired.Add(1)
	}
	if !expired || trial {
		d.stop.stop(contact.StopAPIDown, fmt.Sprintf("the API does not know bulk job %.100q, which it accepted at %s: %s",
			j.ID, j.Submitted.UTC().Format(time.RFC3339), describeResponse(p.Status, p.Message)))
	}
}

// leave stops polling a job. It stays open, and the next run polls it.
func (d *jobDispatcher) leave(j *openJob, cause contact.Stop, why string) {
	j.leftBecause, j.leftFor = why, cause
	if j.own {
		d.keepReservations(j)
	}
	if j.own || j.classified {
		d.stop.note(cause, why)
	}
}

// keepReservations counts the contacts of a job that stays open as charged: they may be, and nothing returns their credits.
func (d *jobDispatcher) keepReservations(j *openJob) {
	for j.own && j.Contacts > 0 {
		d.Budget.Settle(&contact.Outcome{Kind: contact.Lost}, 0)
		j.Contacts--
	}
	if j.callReserved {
		d.Budget.Return(1)
		j.callReserved = false
	}
}

// remove ends the wait for a job.
func (d *jobDispatcher) remove(j *openJob) {
	d.jobs = slices.DeleteFunc(d.jobs, func(other *openJob) bool { return other == j })
	if d.trial == j {
		d.trial = nil
	}
}

// classify stops polling the jobs of earlier runs in which no contact of the input is. Their results are another run's.
func (d *jobDispatcher) classify() {
	for _, j := range slices.Clone(d.jobs) {
		if j.own || j.classified {
			continue
		}
		var err error
		if j.classified, err = d.isAwaited(&j.Job); err == nil && !j.classified {
			d.remove(j)
			delete(d.knownJobs, j.Number)
			err = d.Jobs.Ledger.LeaveJob(d.uncancelled, d.Run, j.Number)
		}
		switch {
		case err != nil:
			d.stop.abandon(fmt.Errorf("read the ledger: %w", err))
			return
		case j.classified && !j.isPolled():
			d.stop.note(j.leftFor, j.leftBecause)
		}
	}
}

// outcomeTime is a time as the ledger keeps it.
func outcomeTime(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
