package pipeline

import (
	"context"
	"sync"
	"time"

	"enrich/contact"
	"enrich/ledger"
)

// Jobs configure the bulk jobs of a run.
type Jobs struct {
	// API and Ledger send and keep jobs; nil: there are none.
	API    JobAPI
	Ledger JobLedger
	// URL is the normalised base URL whose open jobs the run takes over.
	URL string
	// Size is how many contacts a job has at most; 0: contacts are sent by single calls.
	Size int
	// Wait is how long the results of a job are waited for. Then it stays open.
	Wait time.Duration
	// GiveUp is how long the requests for the results of a job may fail. Then it stays open.
	GiveUp time.Duration
}

const (
	// firstJobContacts is the size of the first job, which proves the key, the format of the results and that they have our ids
	// before more is spent.
	firstJobContacts = 10
	// maxOpenJobs is how many jobs of one run are open at most.
	maxOpenJobs = 8
	// maxLostJobs is how many submissions in a row may be lost. Each may have been charged for all of its contacts.
	maxLostJobs = 3
	// CallsPerJob is how many calls are reserved before a job is submitted: the submission, and one request for the results.
	CallsPerJob = 2
)

// ContactsIn returns how many contacts a number of jobs of a size have at most. The first one is smaller.
func ContactsIn(jobs, size int64) int64 {
	if jobs == 0 {
		return 0
	}
	return min(firstJobContacts, size) + (jobs-1)*size
}

// JobsFor returns how many jobs of a size are needed for a number of contacts.
func JobsFor(contacts, size int64) int64 {
	if contacts == 0 {
		return 0
	}
	rest := max(0, contacts-ContactsIn(1, size))
	return 1 + (rest+size-1)/size
}

// Bounds of the time between two requests for the results of a job, if the API does not state it.
const (
	minPollDelay = 2 * time.Second
	maxPollDelay = 30 * time.Second
)

// A jobDispatcher sends contacts in bulk jobs, and fetches the results of all open jobs of the ledger. One goroutine, run, does
// everything but the admission, so that there is one submission at a time, and one results file in memory.
//
// The order is: the intents of a job are committed with the job, it is submitted, its name is committed, its results are
// fetched, the outcomes are committed, and then counted. A crash before the name is committed leaves at most Size contacts in
// doubt. A crash after it leaves none: the next run fetches the results.
type jobDispatcher struct {
	*askPass
	queue          *jobQueue
	noWait         context.Context // done: a reservation is made at once or not at all
	firstPollsDone chan struct{}   // closed when each job of earlier runs was polled once

	// The rest belongs to run:
	jobs   []*openJob  // also those that are not polled any more
	groups []*group    // contacts to submit before those in the queue; the last one is next
	again  []*inFlight // contacts of lost submissions, which need a new reservation
	// size is how many contacts fit into a job. small: the next job is a first one.
	size  int
	small bool
	// trial is a first job whose results were not read yet: meanwhile nothing is submitted. proved: the results of one were read.
	trial     *openJob
	proved    bool
	over      bool // nothing more can be submitted
	takenOver bool // each job of earlier runs was polled once
	later     bool // the pass is not the first of this run
	// refusal is the last response that refused a job, in words; lostInARow counts submissions.
	refusal    string
	lostInARow int
	// submitAfter is when the next job may be submitted: after a lost one the API may need a moment.
	submitAfter time.Time
	buffer      resultBuffer
}

// newJobDispatcher returns the dispatcher of a pass. It goes on with what that of the pass before has learned.
func newJobDispatcher(p *askPass) *jobDispatcher {
	done, cancel := context.WithCancel(context.Background())
	cancel()
	d := &jobDispatcher{
		askPass: p, queue: newJobQueue(p.Jobs.Size), noWait: done,
		firstPollsDone: make(chan struct{}), size: p.Jobs.Size, small: true,
	}
	if before := p.jobs; before != nil {
		d.later = true
		d.jobs, d.size, d.small, d.proved = before.jobs, before.size, before.small, before.proved
		d.refusal, d.lostInARow, d.submitAfter = before.refusal, before.lostInARow, before.submitAfter
	}
	return d
}

// reserve implements [dispatcher]. If the credits are used up, what is in the queue is submitted, because it may return some.
func (d *jobDispatcher) reserve() (reached string, ok bool) {
	if !d.queue.awaitRoom(d.stop.soft.Done()) {
		return "", false
	}
	if reached = d.Budget.Reserve(d.noWait, 0); reached != "" {
		d.queue.flush()
		wakeUp(d.queue.wake)
		reached = d.Budget.Reserve(d.stop.soft, 0)
	}
	return reached, true
}

// admit implements [dispatcher].
func (d *jobDispatcher) admit(q contact.Question, state *ledger.State) {
	if c := (&inFlight{lost: state.Lost, seen: state.Version(), question: q}); !d.queue.add(c) {
		d.drop(c)
	}
}

// close implements [dispatcher].
func (d *jobDispatcher) close() { d.queue.close() }

// awaitFirstPolls waits until the jobs of earlier runs were polled once: a bad key costs one call, and contacts whose results are
// there are answered when admission looks them up.
func (d *jobDispatcher) awaitFirstPolls() { <-d.firstPollsDone }

// setRowsDone says that all rows were looked at, so it is known which contacts of the input are in jobs of earlier runs.
func (d *jobDispatcher) setRowsDone() { d.queue.setRowsDone() }

// run submits and polls until every contact has an outcome, or nothing more can be done.
func (d *jobDispatcher) run() {
	done := sync.OnceFunc(func() { close(d.firstPollsDone) })
	defer done()
	defer d.abandonRest()
	d.takeOver()
	done()
	for d.step() {
	}
}

// takeOver polls each open job of earlier runs once. If the results of one cannot be fetched, contacts do not wait for the others.
func (d *jobDispatcher) takeOver() {
	if !d.later {
		d.findJobs(func(*contact.Job) (bool, error) { return true, nil })
	}
	jobs := d.orphans
	d.orphans = nil
	d.Counters.JobsResumed.Add(int64(len(jobs)))
	now := time.Now()
	var taken []*openJob
	for i := range jobs {
		taken = append(taken, &openJob{Job: jobs[i], delay: minPollDelay, next: now, until: now.Add(d.Jobs.Wait)})
	}
	d.jobs = append(d.jobs, taken...)
	for _, j := range taken {
		if d.stop.stopped() {
			return
		}
		if d.poll(j); !j.failing.IsZero() {
			break
		}
	}
	d.takenOver = true
}

// step does the next thing: it polls a job that is due, or submits one, or waits. It reports whether anything is left to do.
func (d *jobDispatcher) step() (more bool) {
	if d.stop.stopped() {
		return false
	}
	now := time.Now()
	if j := d.nextPoll(); j != nil && !now.Before(j.next) {
		d.poll(j)
		return true
	}
	d.reserveAgain()
	if d.canSubmit() && !now.Before(d.submitAfter) {
		if g := d.nextGroup(); g != nil {
			d.submit(g)
			return true
		}
	}
	if d.isFinished() {
		return false
	}
	d.wait(now)
	return true
}

// canSubmit reports whether another job may be submitted now.
func (d *jobDispatcher) canSubmit() bool {
	own := 0
	for _, j := range d.jobs {
		if j.own {
			own++
		}
	}
	return !d.over && d.trial == nil && own < maxOpenJobs
}

// isFinished reports whether nothing is left to do: no contact can be submitted, and no results are waited for.
func (d *jobDispatcher) isFinished() bool {
	own, _ := d.polled()
	drained := len(d.groups)+len(d.again) == 0 && d.queue.isDrained()
	switch {
	case own:
		return false
	case !drained && d.canSubmit(): // admission will add contacts, or close the queue
		return false
	case !drained: // jobs that are left open keep others from being submitted
		d.giveUp()
	}
	if len(d.jobs) == 0 {
		return true
	}
	if !d.queue.areRowsDone() {
		return false
	}
	d.classify()
	_, others := d.polled()
	return !others
}

// giveUp ends the submissions. The contacts that are left have no intent: they are pending.
func (d *jobDispatcher) giveUp() {
	d.over = true
	for _, c := range d.queue.giveUp() {
		d.drop(c)
	}
	for _, g := range d.groups {
		for _, c := range g.contacts {
			d.drop(c)
		}
	}
	d.groups, d.again = nil, nil
}

// drop returns the reservation of a contact that is not submitted.
func (d *jobDispatcher) drop(c *inFlight) {
	d.Budget.Settle(&contact.Outcome{Kind: contact.Released}, 0)
	d.markFinished(c.question.Keys)
}

// abandonRest returns what is left at the end of the run. Jobs that are open stay so, and may still be charged.
func (d *jobDispatcher) abandonRest() {
	d.giveUp()
	for _, j := range d.jobs {
		d.keepReservations(j)
	}
}

// wait waits until the next poll or submission is due, or something changes.
func (d *jobDispatcher) wait(now time.Time) {
	var due <-chan time.Time
	if w := d.nextWait(now); w != nil {
		timer := time.NewTimer(w.Next.Sub(now))
		defer timer.Stop()
		due = timer.C
		d.Counters.JobWait.Store(w)
		defer d.Counters.JobWait.Store(nil)
	}
	select {
	case <-due:
	case <-d.queue.wake:
	case <-d.stop.soft.Done():
	}
}

// nextWait returns what is waited for; nil: only for contacts.
func (d *jobDispatcher) nextWait(now time.Time) *JobWait {
	j := d.nextPoll()
	switch {
	case d.canSubmit() && now.Before(d.submitAfter) && (j == nil || d.submitAfter.Before(j.next)):
		return &JobWait{Next: d.submitAfter, End: d.submitAfter}
	case j == nil:
		return nil
	}
	w := &JobWait{Next: j.next, End: d.endOfWait(j), Failure: j.failure}
	for _, j := range d.jobs {
		if j.isPolled() {
			w.Jobs++
			w.Contacts += j.Contacts
		}
	}
	return w
}
