package pipeline

import (
	"context"
	"fmt"

	"github.com/sourcegraph/conc/pool"

	"enrich/contact"
	"enrich/ledger"
	"enrich/reader"
	"enrich/writer"
)

// Write is the second pass: it reads the input again and joins each row with what the ledger knows of its contact.
type Write struct {
	Rules
	Source Source
	Ledger Ledger
	// Run is this run's number, which tells its answers from those of earlier runs; 0: all are of earlier runs.
	Run int64
	// Runs are the runs that share the work on the input: their answers count as this run's. nil: there are no others.
	Runs     map[int64]bool
	Results  Sink[writer.Result]
	Failures Sink[writer.Failure]
	// Pending takes the rows that were not sent; nil: they are only counted.
	Pending Sink[writer.Row]
}

// WriteResult counts rows: Matched + NoMatch + Failed + Pending = Read.
type WriteResult struct {
	Read, Matched, NoMatch, Failed, Pending int64
	// Stale counts rows with an answer that is older than it should be; they are part of Matched and NoMatch.
	Stale int64
	// Failures counts Failed by kind.
	Failures map[contact.Failure]int64
	// FromLedger counts rows answered by earlier runs; Deduplicated counts rows that share an answer with an earlier row.
	FromLedger, Deduplicated int64
	// Credits counts contacts that were charged, Contacts counts those that matched: each once, however many rows it has.
	Credits, Contacts int64
	// ReadErr is the error by which the input ended early, or nil.
	ReadErr error
}

// Do writes every row, in order. When ctx is done it ends with its cause. After any error nothing may be published.
//
// While a batch is written, the outcomes of the next one are read from the ledger, and the rows after it from the input: so several
// processors share the work.
func (w *Write) Do(ctx context.Context) (WriteResult, error) {
	p := writePass{
		Write: w, lookup: lookup{rules: &w.Rules, source: w.Source, ledger: w.Ledger},
		result: WriteResult{Failures: map[contact.Failure]int64{}},
	}
	// Each stage passes its batches on to the next one, and the last one back to the first. Each channel has room for all of
	// them, so only the first stage waits, and it ends when another one has failed.
	const batches = 3 // one for each stage
	free, read, complete := make(chan *writeBatch, batches), make(chan *writeBatch, batches), make(chan *writeBatch, batches)
	for range batches {
		free <- new(writeBatch)
	}
	stages := pool.New().WithContext(ctx).WithCancelOnError().WithFirstError()
	stages.Go(func(ctx context.Context) error {
		defer close(read)
		return p.readBatches(ctx, free, read)
	})
	stages.Go(func(ctx context.Context) error {
		defer close(complete)
		return runStage(read, complete, func(b *writeBatch) error { return p.readOutcomes(ctx, b.refs, b.outcomes) })
	})
	stages.Go(func(ctx context.Context) error {
		return runStage(complete, free, func(b *writeBatch) error { return p.batch(ctx, b) })
	})
	err := stages.Wait()
	p.result.ReadErr = p.readErr
	return p.result, err
}

// readBatches is the first stage: it reads the input into batches.
func (p *writePass) readBatches(ctx context.Context, free <-chan *writeBatch, read chan<- *writeBatch) error {
	for entries, err := range p.batches(ctx) {
		if err != nil {
			return err
		}
		select {
		case b := <-free:
			b.keep(entries)
			read <- b
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// runStage is a later stage: it does its work on each batch, and passes the batch on.
func runStage(from <-chan *writeBatch, to chan<- *writeBatch, work func(*writeBatch) error) error {
	for b := range from {
		if err := work(b); err != nil {
			return err
		}
		to <- b
	}
	return nil
}

// A writePass has the memory that each batch reuses. The lookup belongs to the stage that reads the input, all else to the one that
// writes the rows.
type writePass struct {
	*Write
	lookup
	result  WriteResult
	seen    seenContacts
	single  [1]contact.Outcome // one that had no room among the others
	answer  writer.Result
	failure writer.Failure
}

// batch writes the rows of a batch one by one.
func (p *writePass) batch(ctx context.Context, b *writeBatch) error {
	next := 0
	for i := range b.entries {
		e, o := &b.entries[i], (*contact.Outcome)(nil)
		if e.state.Kind != 0 {
			o = &b.outcomes[next]
			next++
		}
		if err := p.row(ctx, e, o); err != nil {
			return err
		}
	}
	return nil
}

// readOutcomes reads as many outcomes as there are references.
func (p *writePass) readOutcomes(ctx context.Context, refs []ledger.Ref, outcomes []contact.Outcome) error {
	if err := p.Ledger.Outcomes(ctx, refs, outcomes[:len(refs)]); err != nil {
		return fmt.Errorf("read the ledger: %w", err)
	}
	return nil
}

// row writes a row with its contact's outcome; nil: there is none.
func (p *writePass) row(ctx context.Context, e *entry, o *contact.Outcome) error {
	p.result.Read++
	if e.defect != nil {
		return p.writeFailure(e, writer.Failure{Kind: e.defect.kind, Message: e.defect.message})
	}
	if o != nil && o.Kind == 0 { // the batch had no room for it
		if err := p.readOutcomes(ctx, []ledger.Ref{e.state.Ref}, p.single[:]); err != nil {
			return err
		}
		o = &p.single[0]
	}
	switch {
	case o != nil && o.Kind.Answered():
		return p.writeAnswer(e, o)
	case o == nil, o.Kind == contact.Released, p.isInFlight(&e.state):
		return p.writePending(e)
	}
	f := writer.Failure{Kind: o.Failure, Status: o.Status, Message: o.Message, Attempts: o.Attempts}
	if p.isUncertain(e.state.Lost) {
		f.Kind = contact.Uncertain
	}
	return p.writeFailure(e, f)
}

// isInFlight reports whether a contact without an answer is in an open job, or in flight in another run. If this run has finished
// it, and the other began later, that is not this run's business.
func (p *writePass) isInFlight(s *ledger.State) bool {
	switch {
	case s.Kind == contact.Refused && (s.DoneThisRun || !s.At.Before(p.Started)):
		return false
	case s.ClaimedElsewhere:
		return !s.DoneThisRun
	}
	return s.InJob
}

func (p *writePass) writeAnswer(e *entry, o *contact.Outcome) error {
	first := p.seen.add(p.contactKey(e), e.state)
	countIf(&p.result.Matched, o.Kind == contact.Matched)
	countIf(&p.result.NoMatch, o.Kind == contact.NoMatch)
	countIf(&p.result.Stale, p.isStale(e.state))
	countIf(&p.result.FromLedger, (o.Run != p.Run || p.Run == 0) && !p.Runs[o.Run])
	countIf(&p.result.Deduplicated, !first)
	countIf(&p.result.Credits, first && o.Charged)
	countIf(&p.result.Contacts, first && o.Kind == contact.Matched)
	p.answer = writer.Result{
		Row: writerRow(e.row), Kind: o.Kind, At: o.At, Credit: first && o.Charged, Charged: o.Charged,
		Message: o.Message, Body: o.Body,
	}
	if err := p.Results.Write(&p.answer); err != nil {
		return fmt.Errorf("write results: %w", err)
	}
	return nil
}

func (p *writePass) writeFailure(e *entry, f writer.Failure) error {
	p.result.Failed++
	p.result.Failures[f.Kind]++
	p.failure = f
	p.failure.Row = writerRow(e.row)
	if err := p.Failures.Write(&p.failure); err != nil {
		return fmt.Errorf("write failures: %w", err)
	}
	return nil
}

func (p *writePass) writePending(e *entry) error {
	p.result.Pending++
	if p.Pending == nil {
		return nil
	}
	r := writerRow(e.row)
	if err := p.Pending.Write(&r); err != nil {
		return fmt.Errorf("write pending rows: %w", err)
	}
	return nil
}

func writerRow(row *reader.Row) writer.Row {
	w := writer.Row{Line: row.Line, Cells: row.Cells, Raw: row.Raw}
	if row.Refused != nil {
		w.NoObject, w.Extra = row.Refused.NotObject, row.Refused.Extra
	}
	return w
}
