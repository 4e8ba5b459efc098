package pipeline

import (
	"context"

	"enrich/contact"
	"enrich/ledger"
)

// A dispatcher takes admitted contacts through the order that protects money: their intents are committed, they are sent, their
// outcomes are committed and then counted. A [callDispatcher] sends each by a call of its own, a [jobDispatcher] many in a job.
type dispatcher interface {
	// reserve takes a place for one more contact and what sending it may cost, and waits for both. It returns which cap is
	// reached, or false if no more contacts can be sent.
	reserve() (reached string, ok bool)
	// admit takes a contact after a reservation. state is why it is sent.
	admit(q contact.Question, state *ledger.State)
	// close says that admission has ended: no more contacts come.
	close()
}

// An admission decides row by row, on one goroutine and in input order, what is sent.
type admission struct {
	*askPass
	lookup
	to     dispatcher
	capped bool
}

func (a *admission) run(hard context.Context) error {
	a.unfinished.forget() // those of an earlier pass
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

// row admits the contact of a row, or skips it: if it is another run's to send, cannot be sent, has a fresh answer, is in an open
// job, was lost too often, was sent in this run before, is in flight in another run, or cannot be sent any more.
func (a *admission) row(e *entry) {
	if !a.scope.again {
		a.Counters.Read.Add(1)
	}
	if e.skipped || e.defect != nil || a.isFresh(e.state) {
		return
	}
	key := a.contactKey(e)
	switch {
	case e.state.InJob:
		a.await(e, key)
	case a.isUncertain(e.state.Lost), a.unfinished.has(key), a.isDone(key, &e.state):
	case a.Limit > 0 && e.row.Number > a.Limit, a.capped:
		a.unsent = true
	case e.state.ClaimedElsewhere:
		a.await(e, key)
	case !a.stop.stopped():
		a.admit(e, key)
	}
}

// await remembers a contact that another run has, or that is in an open job, unless this run has submitted it.
func (a *admission) await(e *entry, key contact.Key) {
	if !a.unfinished.has(key) {
		a.awaited.add(key, awaitedContact{keys: e.keys, inJob: e.state.InJob})
	}
}

// admit passes a contact on if there is a place for it, and a reservation can be made.
func (a *admission) admit(e *entry, key contact.Key) {
	a.first.await()
	reached, ok := a.to.reserve()
	switch {
	case reached != "":
		if !a.stop.stopped() {
			a.capped, a.unsent = true, true
			a.stop.note(contact.StopCap, reached)
		}
	case !ok:
		a.unsent = a.unsent || !a.stop.stopped()
	default:
		delete(a.lostBefore, key)
		a.unfinished.add(key)
		a.to.admit(contact.Question{
			Row: e.row.Number, Contact: e.row.Contact.Clone(), Keys: e.keys, Refused: e.state.Kind == contact.Refused,
		}, &e.state)
	}
}
