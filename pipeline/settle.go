package pipeline

import (
	"time"

	"enrich/client"
	"enrich/contact"
	"enrich/ledger"
)

// linger is how long a commit waits for more to commit: a synced commit costs the same for one outcome as for fifty.
const linger = 3 * time.Millisecond

// An asking is a contact on its way: admitted, committed as an intent, asked, committed as an outcome.
type asking struct {
	ticket client.Ticket
	turn   *client.Asking
	result client.Result
	// dropped: a bug ended the asking, and nothing is known of it. Its intent stays open, and is lost.
	dropped bool
}

// A desk stands between admission, workers and ledger. Its channels hold every asking that has a permit, so that
// nobody who sends to one ever waits.
type desk struct {
	*Ask
	stop    *stopper
	budget  *budget
	retry   func() bool
	permits chan struct{} // 2 × workers: taken before an intent, given back after its outcome's commit
	intents chan *asking  // from admission, which closes it
	jobs    chan *asking  // to the workers; settle closes it
	results chan *asking  // from the workers

	out     int // askings that are with the workers
	pending struct {
		intents, results []*asking
	}
	absent []client.Result // 404s that came before any usable answer; in the ledger they are released
}

func newDesk(a *Ask, stop *stopper) *desk {
	n := 2 * a.Workers
	d := &desk{
		Ask: a, stop: stop, budget: newBudget(a.Caps),
		permits: make(chan struct{}, n), intents: make(chan *asking, n), jobs: make(chan *asking, n), results: make(chan *asking, n),
	}
	if a.Caps.MaxCalls > 0 {
		d.retry = d.budget.retry
	}
	return d
}

// work is one worker: it knows nothing of files or the ledger.
func (d *desk) work() {
	for a := range d.jobs {
		if !d.stop.guard(func() { a.result = a.turn.Do(d.stop.soft, d.stop.hard) }) {
			a.dropped = true
			d.results <- a
			continue
		}
		switch s := a.result.Stop; s {
		case "":
		case client.StopCap: // for this contact alone: what is in flight is let go on
			d.stop.note(s, a.result.StopDetail)
		default:
			d.stop.stop(s, a.result.StopDetail)
		}
		d.results <- a
	}
}

// settle commits intents and outcomes in groups, on one goroutine, and lets each go on when it is durable.
func (d *desk) settle() {
	defer close(d.jobs)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	admitting := d.intents
	for {
		admitting = d.gather(admitting, timer)
		done := len(d.pending.intents)+len(d.pending.results) == 0
		if err := d.commit(done); err != nil {
			d.stop.fail(err)
			d.drain(admitting)
			return
		}
		if done {
			return
		}
	}
}

// gather waits for the next group: until it is large, nothing more can join it, or it has lingered. It returns the
// channel of intents, nil once that is closed; an empty group means that all is done.
func (d *desk) gather(admitting chan *asking, timer *time.Timer) chan *asking {
	var lingered <-chan time.Time
	for {
		if lingered == nil && len(d.pending.intents)+len(d.pending.results) > 0 {
			timer.Reset(linger)
			lingered = timer.C
		}
		if d.full(admitting) {
			return admitting
		}
		select {
		case a, ok := <-admitting:
			if !ok {
				admitting = nil
				continue
			}
			d.pending.intents = append(d.pending.intents, a)
		case a := <-d.results:
			d.out--
			if !a.dropped {
				d.pending.results = append(d.pending.results, a)
			}
		case <-lingered:
			return admitting
		}
	}
}

// full says that a group need not wait: it holds as many outcomes as there are workers, or nothing else can come.
func (d *desk) full(admitting chan *asking) bool {
	here := len(d.pending.intents) + len(d.pending.results)
	switch {
	case len(d.pending.results) >= d.Workers:
		return true
	case d.out > 0:
		return false
	}
	return admitting == nil || here == cap(d.permits)
}

// commit makes the group durable, then lets go: intents to the workers, permits back to admission.
func (d *desk) commit(last bool) error {
	intents := make([]ledger.Intent, 0, len(d.pending.intents))
	for _, a := range d.pending.intents {
		intents = append(intents, ledger.Intent{Contact: a.ticket.Contact, Keys: a.ticket.Keys})
	}
	outcomes := make([]contact.Outcome, 0, len(d.pending.results)+len(d.absent))
	for _, a := range d.pending.results {
		outcomes = append(outcomes, a.result.Outcome)
	}
	decided := d.decide(last)
	if err := d.Ledger.Commit(d.Run, intents, append(outcomes, decided...)); err != nil {
		return err
	}
	for i := range decided {
		d.Counters.outcome(&decided[i])
	}
	d.Counters.Admitted.Add(int64(len(intents)))
	for _, a := range d.pending.intents {
		a.turn = d.Queue.Queue(a.ticket)
		d.out++
		d.jobs <- a
	}
	d.pending.intents = d.pending.intents[:0]
	for _, a := range d.pending.results {
		d.close(a)
	}
	d.pending.results = d.pending.results[:0]
	return nil
}

// decide says what the 404s were that waited for it: no match once the run has seen a usable answer; rejected where it
// came to its end without one. After a stop nothing is known, and they stay released, as if they had not been asked.
func (d *desk) decide(last bool) []contact.Outcome {
	if len(d.absent) == 0 {
		return nil
	}
	proved := d.Queue.Proved()
	if cause, _, _ := d.stop.result(); !proved && (!last || cause != "") {
		return nil
	}
	outcomes := make([]contact.Outcome, 0, len(d.absent))
	for i := range d.absent {
		outcomes = append(outcomes, d.absent[i].Decide(proved))
	}
	d.absent = nil
	return outcomes
}

// close counts a durable outcome and gives its permit back, or asks again where the answer was cut.
func (d *desk) close(a *asking) {
	d.budget.settle(&a.result.Outcome, a.result.Outcome.Attempts-a.ticket.Attempts)
	if a.result.Absent {
		d.absent = append(d.absent, a.result)
		<-d.permits
		return
	}
	d.Counters.outcome(&a.result.Outcome)
	if d.again(a) {
		d.pending.intents = append(d.pending.intents, &asking{ticket: client.Ticket{
			Row: a.ticket.Row, Contact: a.ticket.Contact, Keys: a.ticket.Keys, Retry: a.ticket.Retry,
			Attempts: a.result.Outcome.Attempts, Elapsed: a.result.Elapsed,
		}})
		return
	}
	<-d.permits
}

// again says whether a lost contact is asked again in this run, and reserves for it.
func (d *desk) again(a *asking) bool {
	if !a.result.Again || d.stop.stopped() || d.held(d.Ledger.State(a.ticket.Keys)) {
		return false
	}
	reached, _ := d.budget.tryReserve()
	if reached != "" {
		d.stop.note(client.StopCap, reached+" is reached")
	}
	return reached == ""
}

// drain takes what still comes after the ledger failed, so that nobody waits for ever. It can keep nothing.
func (d *desk) drain(admitting chan *asking) {
	for d.out > 0 || admitting != nil {
		select {
		case _, ok := <-admitting:
			if !ok {
				admitting = nil
			}
		case <-d.results:
			d.out--
		}
	}
}
