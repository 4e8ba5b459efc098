package pipeline

import (
	"context"
	"time"

	"github.com/sourcegraph/conc"

	"enrich/client"
	"enrich/contact"
	"enrich/ledger"
)

// An asking is a contact on its way: admitted, committed as an intent, asked, committed as an outcome.
type asking struct {
	ticket client.Ticket
	turn   *client.Asking // nil until the workers have it
	result *client.Result // nil until it has ended
	// dropped: a bug ended the asking, and nothing is known of it. Its intent stays open, and is lost.
	dropped bool
}

// answerSize is the length of the answer that waits for its commit.
func (a *asking) answerSize() int {
	if a.result == nil {
		return 0
	}
	return len(a.result.Outcome.Body)
}

// A desk stands between admission, workers and ledger. Nobody who puts an asking on its tray or into its channel ever
// waits: the one holds every asking that has a place, the other every one that has a permit.
type desk struct {
	*Ask
	stop   *stopper
	budget *budget
	retry  func() bool
	tray   *tray        // from admission and the workers
	jobs   chan *asking // to the workers; settle closes it, when none is with them
	// waiting are the askings that wait for their own backoff. They count as with the workers.
	waiting conc.WaitGroup

	intents  []ledger.Intent   // reused by each commit
	outcomes []contact.Outcome // so are these
	absent   []client.Result   // 404s that came before any usable answer; in the ledger they are released
	deferred []*asking         // lost calls to repeat, when a reservation for them is given back
}

// maxAbsent bounds the 404s that wait for the first answer, at about 1 kB each. The ones beyond it are rejected at once: a later
// run sends them again, and knows by then what a 404 means.
const maxAbsent = 2048

func newDesk(a *Ask, stop *stopper) *desk {
	t := newTray(a.Workers)
	d := &desk{
		Ask: a, stop: stop, budget: newBudget(a.Caps),
		tray: t, jobs: make(chan *asking, t.permits),
	}
	if a.Caps.MaxCalls > 0 {
		d.retry = d.budget.retry
	}
	return d
}

// work is one worker: it knows nothing of files or the ledger. A contact that waits for its own backoff keeps no worker: it
// comes back as a job, behind those that are there.
func (d *desk) work() {
	for a := range d.jobs {
		var wait time.Duration
		if !d.stop.guard(func() { a.result, wait = a.turn.Do(d.stop.soft, d.stop.hard) }) {
			d.drop(a)
			continue
		}
		if wait > 0 {
			d.waiting.Go(func() { d.later(a, wait) })
			continue
		}
		if a.result.Remaining != nil {
			d.budget.observe(*a.result.Remaining)
		}
		switch s := a.result.Stop; s {
		case "":
		case client.StopCap: // for this contact alone: what is in flight is let go on
			d.stop.note(s, a.result.StopDetail)
		default:
			d.stop.stop(s, a.result.StopDetail)
		}
		if err := a.result.Err; err != nil {
			d.stop.failLater(err)
		}
		d.tray.finish(a)
	}
}

// later gives an asking back to the workers after a time, or at the stop.
func (d *desk) later(a *asking, wait time.Duration) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-d.stop.soft.Done():
	}
	d.jobs <- a
}

// drop lets go of an asking of which nothing is known.
func (d *desk) drop(a *asking) {
	a.dropped = true
	d.tray.finish(a)
}

// settle commits intents and outcomes in groups, on one goroutine, and lets each go on when it is durable. After an error, or a bug, it
// keeps nothing more, and only sees to it that no asking is left with the workers, who then have an end.
func (d *desk) settle() {
	defer close(d.jobs)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	var g group
	for broken := false; ; {
		g = d.tray.take(g, timer)
		broken = broken || !d.keep(g)
		for _, a := range g.results {
			a.result.Release() // also after an error: a worker may wait for the memory
		}
		for _, a := range g.intents {
			if a.turn == nil { // the workers did not get it
				d.drop(a)
			}
		}
		if g.empty() {
			return
		}
	}
}

// keep commits a group, and says whether that went well. If not, the run ends with the error, or with the bug.
func (d *desk) keep(g group) bool {
	var err error
	well := d.stop.guard(func() { err = d.commit(g) })
	if err != nil {
		d.stop.fail(err)
	}
	return well && err == nil
}

// commit makes a group durable, then lets go: intents to the workers, places back to admission.
func (d *desk) commit(g group) error {
	d.intents, d.outcomes = d.intents[:0], d.outcomes[:0]
	for _, a := range g.intents {
		d.intents = append(d.intents, ledger.Intent{Contact: a.ticket.Contact, Keys: a.ticket.Keys})
	}
	waiting := len(d.absent)
	for _, a := range g.results {
		if r := a.result; r.Absent {
			if waiting++; waiting > maxAbsent {
				r.Outcome, r.Absent = r.Decide(d.Queue.Proved()), false
			}
		}
		d.outcomes = append(d.outcomes, a.result.Outcome)
	}
	decided := d.decide(g.empty())
	d.outcomes = append(d.outcomes, decided...)
	_, err := d.Ledger.Commit(context.Background(), d.Run, d.intents, d.outcomes)
	clear(d.outcomes) // they would keep their answers in memory until the next commit
	if err != nil {
		return err
	}
	for i := range decided {
		d.Counters.outcome(&decided[i])
	}
	d.Counters.Admitted.Add(int64(len(g.intents)))
	for _, a := range g.intents {
		a.turn = d.Queue.Queue(a.ticket)
		d.jobs <- a
	}
	places := 0
	for _, a := range g.results {
		if d.close(a) {
			places++
		}
	}
	d.tray.free(places + d.repeatDeferred())
	return nil
}

// decide says what the 404s were that waited for it: no match once the run has seen a usable answer; rejected where it
// came to its end without one. After a stop nothing is known, and they stay released, as if they had not been asked.
func (d *desk) decide(last bool) []contact.Outcome {
	if len(d.absent) == 0 {
		return nil
	}
	proved := d.Queue.Proved()
	if cause, _, err := d.stop.result(); !proved && (!last || cause != "" || err != nil) {
		return nil
	}
	outcomes := make([]contact.Outcome, 0, len(d.absent))
	for i := range d.absent {
		outcomes = append(outcomes, d.absent[i].Decide(proved))
	}
	d.absent = nil
	return outcomes
}

// close counts a durable outcome, and says that its place is free; or asks again in it where the answer was cut.
func (d *desk) close(a *asking) (free bool) {
	d.budget.settle(&a.result.Outcome, a.result.Outcome.Attempts-a.ticket.Attempts)
	if a.result.Absent {
		d.absent = append(d.absent, *a.result)
		return true
	}
	d.Counters.outcome(&a.result.Outcome)
	return d.repeat(a)
}

// repeat sends a lost contact again, if it may be and a reservation can be made; while others are in flight that may give theirs
// back, it waits for them. It reports whether the contact's place is free.
func (d *desk) repeat(a *asking) (free bool) {
	if !a.result.Again || d.stop.stopped() {
		return true
	}
	state, err := stateOf(d.stop.hard, d.Ledger, a.ticket.Keys)
	if err != nil {
		d.stop.failLater(err)
	}
	if err != nil || d.held(state) {
		return true
	}
	reached, wait := d.budget.tryReserve()
	switch {
	case wait:
		d.deferred = append(d.deferred, a)
		return false
	case reached != "":
		d.stop.note(client.StopCap, reached)
		return true
	}
	d.tray.admit(&asking{ticket: client.Ticket{
		Row: a.ticket.Row, Contact: a.ticket.Contact, Keys: a.ticket.Keys, Retry: a.ticket.Retry,
		Attempts: a.result.Outcome.Attempts, Elapsed: a.result.Elapsed,
	}})
	return false
}

// repeatDeferred tries again what repeat deferred, and returns how many places became free. The last call in flight decides:
// after it nothing is waited for.
func (d *desk) repeatDeferred() (free int) {
	deferred := d.deferred
	d.deferred = nil
	for _, a := range deferred {
		if d.repeat(a) {
			free++
		}
	}
	return free
}
