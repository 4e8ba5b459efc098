package pipeline

import (
	"fmt"
	"slices"
	"time"

	"enrich/contact"
	"enrich/ledger"
)

// A group is contacts to submit as one job. If the API refuses the job, its halves are groups of their own.
type group struct {
	contacts []*inFlight
	parent   *group // the refused group that this is a part of; nil: it is not
	parts    int    // its parts that have no result yet
	fits     int    // the contacts of the largest part that was accepted
	rejected int    // contacts that were refused alone
	unclear  bool   // a part was lost
	again    bool   // its contacts were submitted before, in another job
}

// nextGroup returns the contacts of the next job; nil: there are not enough yet.
func (d *jobDispatcher) nextGroup() *group {
	limit := d.size
	if d.small {
		limit = min(limit, firstJobContacts)
	}
	last := len(d.groups) - 1
	if last < 0 {
		if contacts := d.queue.take(limit); contacts != nil {
			return &group{contacts: contacts}
		}
		return nil
	}
	g := d.groups[last]
	d.groups = d.groups[:last]
	if len(g.contacts) <= limit {
		return g
	}
	if g.parent != nil {
		g.parent.parts++
	}
	d.groups = append(d.groups, &group{contacts: g.contacts[limit:], parent: g.parent, again: g.again})
	return &group{contacts: g.contacts[:limit:limit], parent: g.parent, again: g.again}
}

// submit sends a group as one job. Each step is durable before the next begins.
func (d *jobDispatcher) submit(g *group) {
	if reached := d.Budget.Calls(CallsPerJob); reached != "" {
		d.groups = append(d.groups, g)
		d.stop.note(contact.StopCap, fmt.Sprintf("%s, and a bulk job takes at least %d calls", reached, CallsPerJob))
		d.giveUp()
		return
	}
	job, ok := d.commitJob(g)
	if !ok {
		d.Budget.Return(CallsPerJob)
		return
	}
	questions := make([]*contact.Question, len(g.contacts))
	for i, c := range g.contacts {
		questions[i] = &c.question
	}
	submitted := time.Now()
	a := d.Jobs.API.Submit(d.stop.soft, d.stop.hard, questions, d.reserveCall)
	d.observe(a.Remaining)
	d.applyStop(a.Stop, a.StopDetail)
	d.first.observe(a.Outcome.Kind == 0 || provesKey(&a.Outcome))
	if a.Outcome.Kind != 0 {
		d.Budget.Return(1) // for the results
	}
	if a.Outcome.Attempts == 0 {
		d.Budget.Return(1)
	}
	switch a.Outcome.Kind {
	case 0:
		d.handleAccepted(g, job, &a, submitted)
	case contact.Refused:
		d.handleRefused(g, job, &a)
	case contact.Lost:
		d.handleLost(g, job, a.Outcome)
	default:
		d.handleReleased(g, job, &a)
	}
}

// commitJob makes the intents of a group durable. Contacts that another run has leave the group. It returns false if none is
// left, or the commit failed.
func (d *jobDispatcher) commitJob(g *group) (job int64, ok bool) {
	if g.again {
		d.refreshVersions(g.contacts)
	}
	intents := make([]ledger.Intent, len(g.contacts))
	for i, c := range g.contacts {
		intents[i] = c.intent()
	}
	job, claimed, err := d.Jobs.Ledger.CommitJob(d.uncancelled, d.Run, intents)
	if err != nil {
		d.groups = append(d.groups, g)
		d.stop.fail(err)
		return 0, false
	}
	var left []*inFlight
	for i, c := range g.contacts {
		if claimed[i] {
			left = append(left, c)
		} else {
			d.drop(c)
			d.markUnclaimed(c.question.Keys)
		}
	}
	g.contacts = left
	d.Counters.Admitted.Add(int64(len(left)))
	if len(left) == 0 {
		d.conclude(g)
	}
	return job, len(left) > 0
}

// handleAccepted makes the name of a job durable, so that a crash loses nothing any more, and waits for its results.
func (d *jobDispatcher) handleAccepted(g *group, job int64, a *contact.Acceptance, submitted time.Time) {
	if err := d.Jobs.Ledger.OpenJob(d.uncancelled, job, a.ID, a.Expires); err != nil {
		d.stop.fail(fmt.Errorf("record the bulk job %.100q: %w", a.ID, err))
		return
	}
	d.rememberJob(job)
	d.Counters.JobsSubmitted.Add(1)
	d.lostInARow = 0
	now := time.Now()
	j := &openJob{
		Job: contact.Job{Number: job, Run: d.Run, ID: a.ID, Contacts: len(g.contacts), Submitted: submitted, Expires: a.Expires},
		own: true, callReserved: true, delay: minPollDelay, until: now.Add(d.Jobs.Wait),
	}
	j.pollAgain(now, 0)
	d.jobs = append(d.jobs, j)
	if d.small {
		d.trial = j
	}
	g.fits = len(g.contacts)
	d.conclude(g)
}

// handleRefused halves a job that the API rejects as a whole, until it fits or one contact is at fault.
func (d *jobDispatcher) handleRefused(g *group, job int64, a *contact.Acceptance) {
	alone, o := len(g.contacts) == 1, a.Outcome
	d.refusal = describeResponse(o.Status, o.Message)
	if a.StopDetail != "" {
		d.refusal += "; " + a.StopDetail
	}
	if !alone {
		o.Kind, o.Failure = contact.Released, ""
	}
	switch {
	case !d.record(g, job, o, ledger.JobRefused):
	case alone:
		d.settleGroup(g, o)
		g.rejected = 1
		d.conclude(g)
	default: // the contacts keep their reservations
		g.parts = 2
		half := (len(g.contacts) + 1) / 2
		d.groups = append(d.groups, &group{contacts: g.contacts[half:], parent: g, again: true}, &group{contacts: g.contacts[:half:half], parent: g, again: true})
	}
}

// handleLost records a job that may have been accepted, and cannot be polled. Its contacts are sent again within --lost-retries; but
// some such jobs in a row stop the run. The next is submitted a little later: the API may be about to answer, and each that is lost
// may have been charged.
func (d *jobDispatcher) handleLost(g *group, job int64, o contact.Outcome) {
	if !d.record(g, job, o, ledger.JobLost) {
		return
	}
	if d.lostInARow++; d.lostInARow >= maxLostJobs {
		d.stop.stop(contact.StopAPIDown, fmt.Sprintf("the API kept failing: %d bulk jobs in a row may have been accepted, without an answer, the last with %s",
			d.lostInARow, describeResponse(o.Status, o.Message)))
	}
	d.submitAfter = time.Now().Add(minPollDelay << (d.lostInARow - 1))
	for _, c := range g.contacts {
		d.Budget.Settle(&o, 0)
		if c.lost++; d.stop.stopped() || d.isUncertain(c.lost) {
			d.markFinished(c.question.Keys)
		} else {
			d.again = append(d.again, c)
		}
	}
	g.unclear, d.small = true, true
	d.conclude(g)
}

// handleReleased records a job that was not accepted because the run stops.
func (d *jobDispatcher) handleReleased(g *group, job int64, a *contact.Acceptance) {
	if !d.record(g, job, a.Outcome, ledger.JobReleased) {
		return
	}
	d.settleGroup(g, a.Outcome)
	switch {
	case d.stop.stopped():
	case a.Stop == contact.StopCap:
		d.giveUp()
	default: // it must not be submitted for ever
		d.stop.stop(contact.StopAPIDown, "a bulk job was not accepted: "+describeResponse(a.Outcome.Status, a.Outcome.Message))
	}
}

// record makes one outcome durable for each contact of a job that was not accepted, and then counts it.
func (d *jobDispatcher) record(g *group, job int64, o contact.Outcome, end ledger.JobState) bool {
	outcomes := make([]contact.Outcome, len(g.contacts))
	for i, c := range g.contacts {
		outcomes[i] = o
		outcomes[i].Contact, outcomes[i].Keys = c.question.Contact, c.question.Keys
	}
	if err := d.Jobs.Ledger.CommitResults(d.uncancelled, d.Run, job, outcomes, nil, end); err != nil {
		d.stop.fail(err)
		return false
	}
	for i := range outcomes {
		d.Counters.add(&outcomes[i])
	}
	return true
}

// settleGroup closes the reservations of a group whose outcomes are durable.
func (d *jobDispatcher) settleGroup(g *group, o contact.Outcome) {
	for _, c := range g.contacts {
		d.Budget.Settle(&o, 0)
		d.markFinished(c.question.Keys)
	}
}

// conclude passes the result of a group on to the groups that it is a part of. If all parts of a refused group were accepted in the
// end, it was too large: jobs are then as large as the largest part. If a contact was refused alone, it was the cause.
func (d *jobDispatcher) conclude(g *group) {
	for ; g.parent != nil; g = g.parent {
		p := g.parent
		p.parts--
		p.fits, p.rejected, p.unclear = max(p.fits, g.fits), p.rejected+g.rejected, p.unclear || g.unclear
		if p.parts > 0 {
			return
		}
		if p.rejected == 0 && !p.unclear && p.fits > 0 && p.fits < d.size {
			d.size = p.fits
			d.Counters.JobSize.Store(int64(d.size))
		}
	}
	if d.small && !d.proved && g.rejected == len(g.contacts) && g.hasNewRefusal() {
		d.stop.stop(contact.StopRejectedAll, fmt.Sprintf("each of the %d contacts of the first bulk job was refused alone, the last with %s",
			g.rejected, d.refusal))
	}
}

// hasNewRefusal reports whether earlier runs did not see all of the group's contacts refused.
func (g *group) hasNewRefusal() bool {
	return slices.ContainsFunc(g.contacts, func(c *inFlight) bool { return !c.question.Refused })
}

// reserveAgain makes new reservations for contacts of lost submissions. If the credits are used up, it waits for those of other
// contacts, and gives up when there are none.
func (d *jobDispatcher) reserveAgain() {
	n := 0
	reached := ""
	for ; n < len(d.again); n++ {
		if reached = d.Budget.Reserve(d.noWait, 0); reached != "" {
			break
		}
	}
	if n > 0 {
		d.groups = append(d.groups, &group{contacts: slices.Clone(d.again[:n]), again: true})
		d.again = append(d.again[:0], d.again[n:]...)
	}
	if reached == "" {
		return
	}
	d.queue.flush()
	if own, _ := d.polled(); !own && len(d.groups) == 0 && d.queue.isDrained() {
		d.stop.note(contact.StopCap, reached)
		for _, c := range d.again {
			d.markFinished(c.question.Keys)
		}
		d.again = nil
	}
}

// describeResponse returns a status with the API's words.
func describeResponse(status int, message string) string {
	switch {
	case status == 0:
		return fmt.Sprintf("%q", message)
	case message == "":
		return fmt.Sprintf("status %d", status)
	}
	return fmt.Sprintf("%d (%q)", status, message)
}
