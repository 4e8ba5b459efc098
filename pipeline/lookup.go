package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"

	"enrich/contact"
	"enrich/ledger"
	"enrich/reader"
)

// An entry is a row with what is known of its contact.
type entry struct {
	row     *reader.Row
	skipped bool    // the row is not in the scope, and the rest is zero
	defect  *defect // not nil: the row cannot be sent, and keys and state are zero
	keys    contact.Keys
	state   ledger.State
}

// A stateLedger looks up contacts, as a [Ledger] does.
type stateLedger interface {
	States(ctx context.Context, keys []contact.Keys, states []ledger.State) error
}

// A lookup reads a source in batches and looks up the contacts of each batch in the ledger.
type lookup struct {
	rules  *Rules
	source Source
	ledger stateLedger
	scope  scope
	// readErr is the error by which the input ended early, or nil.
	readErr error

	rows    [batchRows]reader.Row
	entries [batchRows]entry
	keys    [batchRows]contact.Keys
	states  [batchRows]ledger.State
}

// batches iterates over the input. The entries of a batch are valid until the next one. The input may end early (see
// readErr); any error ends the iteration.
func (l *lookup) batches(ctx context.Context) iter.Seq2[[]entry, error] {
	return func(yield func([]entry, error) bool) {
		for {
			n, err := l.source.Read(l.rows[:])
			entries, failure := l.find(ctx, n)
			if !yield(entries, failure) || failure != nil || errors.Is(err, io.EOF) {
				return
			}
			switch {
			case errors.Is(err, reader.ErrBroken):
				l.readErr = err
				return
			case err != nil:
				yield(nil, fmt.Errorf("read the input: %w", err))
				return
			case ctx.Err() != nil:
				yield(nil, context.Cause(ctx))
				return
			}
		}
	}
}

// find returns the entries of the first n rows.
func (l *lookup) find(ctx context.Context, n int) ([]entry, error) {
	valid := 0
	for i := range n {
		e, err := l.newEntry(&l.rows[i])
		if err != nil {
			return nil, err
		}
		if e.isLookedUp() {
			l.keys[valid] = e.keys
			valid++
		}
		l.entries[i] = e
	}
	if valid == 0 {
		return l.entries[:n], nil
	}
	if err := l.ledger.States(ctx, l.keys[:valid], l.states[:valid]); err != nil {
		return nil, fmt.Errorf("read the ledger: %w", err)
	}
	next := 0
	for i := range n {
		if e := &l.entries[i]; e.isLookedUp() {
			e.state = l.states[next]
			next++
		}
	}
	return l.entries[:n], nil
}

// newEntry returns the entry of a row, without its state.
func (l *lookup) newEntry(row *reader.Row) (entry, error) {
	e := entry{row: row}
	if l.scope.share != nil {
		mine, err := l.scope.share.next()
		if e.skipped = !mine; err != nil || e.skipped {
			return e, err
		}
	}
	if e.defect = check(row); e.defect == nil {
		e.keys = l.rules.Identity.Keys(row.Contact)
		e.skipped = !l.scope.has(l.contactKey(&e))
	}
	return e, nil
}

// isLookedUp reports whether the ledger may know the contact of the row.
func (e *entry) isLookedUp() bool { return !e.skipped && e.defect == nil }

// contactKey is what identifies a contact in the ledger.
func (l *lookup) contactKey(e *entry) contact.Key { return e.keys.By(l.rules.ByEmail) }

// refreshVersions reads the versions of contacts that this run sends again after an outcome of its own. If another run has finished
// a contact meanwhile, its old version stays, so the contact is not claimed.
func (p *askPass) refreshVersions(contacts []*inFlight) {
	if !p.isShared() {
		return
	}
	var keys [batchRows]contact.Keys
	var states [batchRows]ledger.State
	for batch := range slices.Chunk(contacts, batchRows) {
		for i, c := range batch {
			keys[i] = c.question.Keys
		}
		if err := p.Ledger.States(p.hard, keys[:len(batch)], states[:len(batch)]); err != nil {
			p.stop.abandon(fmt.Errorf("read the ledger: %w", err))
			return
		}
		for i, c := range batch {
			if s := states[i]; !p.isFresh(s) && !p.isUncertain(s.Lost) && !p.isRefused(&s) {
				c.lost, c.seen = s.Lost, s.Version()
			}
		}
	}
}
