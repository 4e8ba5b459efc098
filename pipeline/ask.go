package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/sourcegraph/conc"
	"github.com/sourcegraph/conc/pool"

	"enrich/client"
	"enrich/contact"
	"enrich/reader"
)

// Ask is the first pass: it asks about each contact that has no fresh answer. Its zero value is not usable: every
// field but Caps and LostRetries must be set.
type Ask struct {
	Rules
	Rows   Rows
	Queue  Queue
	Ledger Ledger
	// Run is the ledger's number of this run.
	Run int64
	// Workers is how many calls are in flight at most.
	Workers int
	// Stopping says how long calls in flight may take after a stop, and what is spent at most.
	Stopping
	Caps     Caps
	Counters *Counters
}

// Asked is how the asking ended. A stop is no error.
type Asked struct {
	// Stop is the cause, or "" where every row was looked at.
	Stop client.Stop
	// Detail is a sentence for the user.
	Detail string
	// Unreachable: the stop's cause is that no connection to the API can be made, and a retry does not help. It is the
	// client's to know; Do leaves it false.
	Unreachable bool
	// Unasked: --limit or a cap left contacts unasked.
	Unasked bool
	// Broken is the error by which the input ended early, or nil.
	Broken error
}

// Do runs the pass to its end. When ctx is done (a signal) the asking stops, calls in flight are let finish, and the
// rest of the rows is read without asking, so that the input is known whole. When deadline is done all of it ends at
// once, with deadline's error: what was answered is in the ledger, and nothing can be published. Any other error is
// internal (the disk, the ledger, a bug), with the same consequence; if it came from reading the rows, calls in flight
// are allowed to finish first.
func (a *Ask) Do(ctx, deadline context.Context) (Asked, error) {
	stop := newStopper(ctx, deadline, a.Grace, a.Caps.MaxDuration)
	defer stop.close()
	desk := newDesk(a, stop)
	workers := pool.New().WithMaxGoroutines(a.Workers)
	for range a.Workers {
		workers.Go(desk.work)
	}
	var settling conc.WaitGroup
	settling.Go(func() { stop.guard(desk.settle) })

	admit := admission{Ask: a, desk: desk, stop: stop}
	err := admit.run(deadline)
	desk.tray.end()
	if err != nil {
		stop.abandon(err)
	}
	settling.Wait()
	workers.Wait()
	desk.waiting.Wait()

	asked := Asked{Unasked: admit.unasked, Broken: admit.broken}
	asked.Stop, asked.Detail, err = stop.result()
	if asked.Stop == "" && asked.Broken != nil {
		asked.Stop = StopInput
	}
	return asked, err
}

// An admission decides, row by row and on one goroutine, what is asked.
type admission struct {
	*Ask
	desk    *desk
	stop    *stopper
	unasked bool
	capped  bool
	broken  error
}

func (a *admission) run(deadline context.Context) error {
	rows := make([]reader.Row, batch)
	for {
		n, err := a.Rows.Read(rows)
		for i := range rows[:n] {
			if serr := a.row(deadline, &rows[i]); serr != nil {
				return serr
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, reader.ErrBroken):
			a.broken = err
			return nil
		case err != nil:
			return fmt.Errorf("read the input: %w", err)
		case deadline.Err() != nil:
			return deadline.Err()
		case a.stop.failed():
			return nil
		}
	}
}

// row admits one row, or not. Skipped are: a row that cannot be asked, a contact with a fresh answer, one that is
// held, one already asked in this run; and everything after a stop.
func (a *admission) row(ctx context.Context, row *reader.Row) error {
	a.Counters.Read.Add(1)
	if judge(row) != nil {
		return nil
	}
	keys := a.Identity.Keys(row.Contact)
	state, err := stateOf(ctx, a.Ledger, keys)
	if err != nil || a.fresh(state) || a.held(state) {
		return err
	}
	if a.Caps.Limit > 0 && row.Number > a.Caps.Limit || a.capped {
		a.unasked = a.unasked || !state.Asked // an earlier row may be asking for it
		return nil
	}
	if a.stop.stopped() || !a.Ledger.MarkAsked(keys) {
		return nil
	}
	a.ask(row, keys, state.Kind == contact.Refused)
	return nil
}

// ask reserves and hands the contact over. The order matters: a place, then the reservation, then the intent.
func (a *admission) ask(row *reader.Row, keys contact.Keys, refused bool) {
	if !a.desk.tray.place(a.stop.soft.Done()) {
		return
	}
	if reached := a.desk.budget.reserve(a.stop.soft.Done()); reached != "" {
		a.desk.tray.free(1)
		if !a.stop.stopped() {
			a.capped, a.unasked = true, true
			a.stop.note(client.StopCap, reached)
		}
		return
	}
	a.desk.tray.admit(&asking{ticket: client.Ticket{
		Row: row.Number, Contact: row.Contact.Clone(), Keys: keys, Retry: a.desk.retry, Refused: refused,
	}})
}
