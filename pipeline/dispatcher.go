package pipeline

import (
	"fmt"
	"time"

	"github.com/sourcegraph/conc"

	"enrich/contact"
	"enrich/internal/phrase"
	"enrich/ledger"
)

// A callDispatcher sends each contact by a call of its own. The commits and the calls meet in the queue and in ready; neither
// makes the committer wait, because the queue has room for each slot and ready for each permit.
type callDispatcher struct {
	*askPass
	queue *commitQueue
	ready chan *inFlight // durable intents, to the workers; closed by the committer when no contact is with them
	// delayed are contacts that wait for their backoff, or for a reservation to be sent again.
	delayed conc.WaitGroup

	// The committer's alone:
	intents   []ledger.Intent   // reused by each commit
	outcomes  []contact.Outcome // so are these
	undecided []contact.Result  // 404s that came before any usable answer; in the ledger they are released
}

// maxUndecided bounds the 404s that wait for the first answer, at about 1 kB each. Those beyond it are decided at once: a later
// run sends them again if need be, and knows by then what a 404 means.
const maxUndecided = 2048

func newCallDispatcher(p *askPass) *callDispatcher {
	q := newCommitQueue(p.Workers)
	return &callDispatcher{askPass: p, queue: q, ready: make(chan *inFlight, q.permits)}
}

// run sends what admission admits, until it has closed the queue and every contact has its outcome.
func (d *callDispatcher) run() {
	var tasks conc.WaitGroup
	tasks.Go(d.callAll)
	tasks.Go(func() { d.stop.guard(d.commitAll) })
	tasks.Wait()
	d.delayed.Wait()
}

// reserve implements [dispatcher]: a slot, and then a call and its credits.
func (d *callDispatcher) reserve() (reached string, ok bool) {
	if !d.queue.acquire(d.stop.soft.Done()) {
		return "", false
	}
	if reached = d.Budget.Reserve(d.stop.soft, 1); reached != "" {
		d.queue.release(1)
	}
	return reached, true
}

// admit implements [dispatcher].
func (d *callDispatcher) admit(q contact.Question, state *ledger.State) {
	q.Retry = d.reserveCall
	d.queue.admit(&inFlight{lost: state.Lost, seen: state.Version(), question: q})
}

// close implements [dispatcher].
func (d *callDispatcher) close() { d.queue.close() }

// commitAll commits until nothing is left to commit and nothing is under way. After an error, or a bug, it commits nothing
// more, but still takes what the workers finish, so that they end, and so that a shared ledger can keep it elsewhere.
func (d *callDispatcher) commitAll() {
	defer close(d.ready)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	var b commitBatch
	for failed := false; ; {
		b = d.queue.take(b, timer)
		if failed {
			d.keepOutcomes(b)
		}
		failed = failed || !d.tryCommit(b)
		for _, c := range b.outcomes {
			c.result.Release() // even after an error: a worker may wait for the memory
		}
		for _, c := range b.intents {
			if failed && !c.handed {
				d.drop(c)
			}
		}
		if b.empty() {
			return
		}
	}
}

// tryCommit reports whether a batch was committed. If not, the run ends with the error or the bug.
func (d *callDispatcher) tryCommit(b commitBatch) bool {
	var err error
	ok := d.stop.guard(func() { err = d.commit(b) })
	if err != nil {
		d.stop.fail(err)
	}
	return ok && err == nil
}

// keepOutcomes hands outcomes to a shared ledger that has failed, because it may keep them outside the database. That it fails again
// is known.
func (d *callDispatcher) keepOutcomes(b commitBatch) {
	if !d.isShared() || len(b.outcomes) == 0 {
		return
	}
	d.outcomes = d.outcomes[:0]
	for _, c := range b.outcomes {
		d.outcomes = append(d.outcomes, c.result.Outcome)
	}
	d.stop.guard(func() { _, _ = d.Ledger.Commit(d.uncancelled, d.Run, nil, d.outcomes) })
	clear(d.outcomes)
}

// commit is where the order that protects money is kept. Before the ledger has returned, no contact of the batch is sent, no
// outcome is counted, and no permit, slot or reservation is returned.
func (d *callDispatcher) commit(b commitBatch) error {
	resolved := d.collect(b)
	claimed, err := d.Ledger.Commit(d.uncancelled, d.Run, d.intents, d.outcomes)
	clear(d.outcomes) // they would keep their answers in memory until the next commit
	if err != nil {
		return err
	}
	slots := d.send(b.intents, claimed) + d.count(b.outcomes)
	for i := range resolved {
		d.Counters.add(&resolved[i])
	}
	d.queue.release(slots)
	return nil
}

// collect fills d.intents and d.outcomes. It returns the outcomes of earlier 404s that are decided now, which are among them.
func (d *callDispatcher) collect(b commitBatch) (resolved []contact.Outcome) {
	d.intents, d.outcomes = d.intents[:0], d.outcomes[:0]
	for _, c := range b.intents {
		d.intents = append(d.intents, c.intent())
	}
	waiting := len(d.undecided)
	for _, c := range b.outcomes {
		if r := &c.result; r.Undecided {
			if waiting++; waiting > maxUndecided {
				r.Outcome, r.Undecided = r.Decide(d.API.Answered()), false
			}
		}
		d.outcomes = append(d.outcomes, c.result.Outcome)
	}
	resolved = d.resolveNotFound(b.empty())
	d.outcomes = append(d.outcomes, resolved...)
	return resolved
}

// resolveNotFound returns what the 404s were that came before any answer: no-match answers once the run has seen a usable answer. If it
// comes to its end (last) without one, they may be those of a wrong URL: it stops, and they stay released, as if never sent.
func (d *callDispatcher) resolveNotFound(last bool) []contact.Outcome {
	if len(d.undecided) == 0 {
		return nil
	}
	if !d.API.Answered() {
		if last && !d.stop.failed() {
			d.stop.note(contact.StopRejectedAll, fmt.Sprintf("the API answered %s with 404, which means a wrong URL unless it has answered others; check --url",
				phrase.Count(len(d.undecided), "contact")))
		}
		return nil
	}
	outcomes := make([]contact.Outcome, 0, len(d.undecided))
	for i := range d.undecided {
		outcomes = append(outcomes, d.undecided[i].Decide(true))
	}
	d.undecided = nil
	return outcomes
}

// send hands the claimed contacts to the workers. Another run has the others: they return their permits and reservations, and
// their number is returned as slots to release.
func (d *callDispatcher) send(intents []*inFlight, claimed []bool) (slots int) {
	for i, c := range intents {
		c.handed = true
		if !claimed[i] {
			d.Budget.Settle(&contact.Outcome{Kind: contact.Released}, 1)
			d.markUnclaimed(c.question.Keys)
			slots++
			continue
		}
		d.Counters.Admitted.Add(1)
		d.API.Queue(&c.question)
		d.ready <- c
	}
	if slots > 0 {
		d.queue.returnPermits(slots)
	}
	return slots
}

// count settles and counts durable outcomes, and returns how many slots are free. A contact that is to be sent again keeps
// its slot.
func (d *callDispatcher) count(outcomes []*inFlight) (slots int) {
	for _, c := range outcomes {
		r := &c.result
		d.Budget.Settle(&r.Outcome, c.unusedCalls())
		if r.Undecided {
			d.undecided = append(d.undecided, contact.Result{Outcome: r.Outcome})
		} else {
			d.Counters.add(&r.Outcome)
		}
		if r.Outcome.Kind == contact.Lost {
			c.lost++
		}
		if r.Again && !d.stop.stopped() && !d.isUncertain(c.lost) {
			d.queue.keepOpen()
			d.delayed.Go(func() { d.sendAgain(c) })
			continue
		}
		d.markFinished(c.question.Keys)
		slots++
	}
	return slots
}

// sendAgain sends a lost contact again, if a reservation can be made for it.
func (d *callDispatcher) sendAgain(c *inFlight) {
	reached := d.Budget.Reserve(d.stop.soft, 1)
	if reached != "" {
		if !d.stop.stopped() {
			d.stop.note(contact.StopCap, reached)
		}
		d.markFinished(c.question.Keys)
		d.queue.giveUp()
		d.queue.release(1)
		return
	}
	q := c.question
	next := &inFlight{lost: c.lost, seen: c.seen, question: contact.Question{
		Row: q.Row, Contact: q.Contact, Keys: q.Keys, Retry: q.Retry,
		Attempts: c.result.Outcome.Attempts, Elapsed: c.result.Elapsed,
	}}
	d.refreshVersions([]*inFlight{next})
	d.queue.requeue(next)
}

// callAll runs the calls of durable intents, at most Workers at a time.
func (d *callDispatcher) callAll() {
	var workers conc.WaitGroup
	for range d.Workers {
		workers.Go(func() {
			for c := range d.ready {
				d.call(c)
			}
		})
	}
	workers.Wait()
}

// call sends one contact. A contact that waits for its backoff takes no worker: it comes back behind those that are ready.
func (d *callDispatcher) call(c *inFlight) {
	var wait time.Duration
	switch {
	case !d.stop.guard(func() { wait = d.ask(c) }):
		d.drop(c)
	case wait > 0:
		d.delayed.Go(func() { d.callLater(c, wait) })
	default:
		d.queue.finish(c)
	}
}

// ask calls the API, and applies the result to the whole run.
func (d *callDispatcher) ask(c *inFlight) (wait time.Duration) {
	if c.result, wait = d.API.Ask(d.stop.soft, d.stop.hard, &c.question); wait > 0 {
		return wait
	}
	r := &c.result
	d.observe(r.Remaining)
	d.applyStop(r.Stop, r.StopDetail)
	d.first.observe(r.Undecided || provesKey(&r.Outcome))
	if r.Err != nil {
		d.stop.abandon(r.Err)
	}
	return 0
}

// callLater makes a contact ready again after a time, or at the stop.
func (d *callDispatcher) callLater(c *inFlight, wait time.Duration) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-d.stop.soft.Done():
	}
	d.ready <- c
}

// drop gives up a contact of which nothing is known, because of a bug or a failed commit.
func (d *callDispatcher) drop(c *inFlight) {
	c.dropped = true
	d.queue.finish(c)
}
