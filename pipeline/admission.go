package pipeline

import (
	"context"

	"enrich/contact"
)

// An admission decides row by row, on one goroutine and in input order, what is sent.
type admission struct {
	*dispatcher
	lookup
	unsent bool
	capped bool
}

func (a *admission) run(hard context.Context) error {
	for entries, err := range a.batches(hard) {
		if err != nil {
			return err
		}
		for i := range entries {
			a.row(&entries[i])
		}
		if a.stop.failed() {
			return nil
		}
		a.unfinished.forget()
	}
	return nil
}

// row admits the contact of a row, or skips it: if it cannot be sent, has a fresh answer, was lost too often, was sent in this
// run before, or cannot be sent any more.
func (a *admission) row(e *entry) {
	a.Counters.Read.Add(1)
	if e.defect != nil || a.fresh(e.state) || a.uncertain(e.state.Lost) {
		return
	}
	key := a.contactKey(e)
	switch {
	case e.state.DoneThisRun || a.unfinished.has(key):
	case e.state.ClaimedElsewhere, a.Limit > 0 && e.row.Number > a.Limit, a.capped:
		a.unsent = true
	case !a.stop.stopped():
		a.admit(e, key)
	}
}

// admit takes a slot, then a reservation, and then queues the intent.
func (a *admission) admit(e *entry, key contact.Key) {
	if !a.queue.acquire(a.stop.soft.Done()) {
		return
	}
	if reached := a.Budget.Reserve(a.stop.soft); reached != "" {
		a.queue.release(1)
		if !a.stop.stopped() {
			a.capped, a.unsent = true, true
			a.stop.note(contact.StopCap, reached)
		}
		return
	}
	a.unfinished.add(key)
	a.queue.admit(&inFlight{
		lost: e.state.Lost,
		question: contact.Question{
			Row: e.row.Number, Contact: e.row.Contact.Clone(), Keys: e.keys, Refused: e.state.Kind == contact.Refused,
			Retry: a.retry,
		},
	})
}
