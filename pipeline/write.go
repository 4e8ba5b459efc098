package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"

	"enrich/contact"
	"enrich/ledger"
	"enrich/reader"
	"enrich/writer"
)

// Write is the second pass: it reads the input again and joins each row with what the ledger holds for it.
type Write struct {
	Rules
	Rows   Rows
	Ledger Ledger
	// Run is this run's number, to tell its answers from those of earlier runs; 0: all are of earlier runs.
	Run      int64
	Results  interface{ Write(*writer.Result) error }
	Failures interface{ Write(*writer.Failure) error }
	// Pending takes the rows that were not asked; nil: nobody wants them.
	Pending interface{ Write(*writer.Row) error }
}

// Written counts the rows of a write pass: Matched + NoMatch + Failed + Pending = Read.
type Written struct {
	Read, Matched, NoMatch, Failed, Pending int64
	// Stale is rows with an answer that is older than it should be; they are part of Matched and NoMatch.
	Stale int64
	// Failures counts Failed by kind.
	Failures map[contact.Failure]int64
	// FromLedger is rows answered by earlier runs; Deduplicated is rows that share an answer with an earlier row.
	FromLedger, Deduplicated int64
	// Credits is contacts of the rows that were charged; Contacts is those that matched.
	Credits, Contacts int64
	// Broken is the error by which the input ended early, or nil.
	Broken error
}

// Do writes every row, in order. When deadline is done it ends with its error; any error means that nothing may be
// published.
func (w *Write) Do(deadline context.Context) (Written, error) {
	t := Written{Failures: map[contact.Failure]int64{}}
	p := writePass{Write: w, tally: &t, rows: make([]reader.Row, batch)}
	for {
		n, err := w.Rows.Read(p.rows)
		if werr := p.batch(deadline, p.rows[:n]); werr != nil {
			return t, werr
		}
		switch {
		case errors.Is(err, io.EOF):
			return t, nil
		case errors.Is(err, reader.ErrBroken):
			t.Broken = err
			return t, nil
		case err != nil:
			return t, fmt.Errorf("read the input again: %w", err)
		case deadline.Err() != nil:
			return t, deadline.Err()
		}
	}
}

// A writePass holds what is reused from batch to batch.
type writePass struct {
	*Write
	tally    *Written
	rows     []reader.Row
	joined   [batch]joined
	refs     []ledger.Ref
	outcomes []contact.Outcome
	alone    [1]contact.Outcome // one that had no room among the others
	result   writer.Result
	failure  writer.Failure
}

// joined is what is known of one row of the batch.
type joined struct {
	refused *refusal
	keys    contact.Keys
	state   ledger.State
	at      int // index into outcomes; -1: none
}

// batch looks all rows of a batch up together, then writes them one by one.
func (p *writePass) batch(ctx context.Context, rows []reader.Row) error {
	p.refs = p.refs[:0]
	for i := range rows {
		j := joined{refused: judge(&rows[i]), at: -1}
		if j.refused == nil {
			j.keys = p.Identity.Keys(rows[i].Contact)
			var err error
			if j.state, err = stateOf(ctx, p.Ledger, j.keys); err != nil {
				return fmt.Errorf("read the ledger: %w", err)
			}
			if j.state.Kind != 0 {
				j.at = len(p.refs)
				p.refs = append(p.refs, j.state.Ref)
			}
		}
		p.joined[i] = j
	}
	for len(p.outcomes) < len(p.refs) {
		p.outcomes = append(p.outcomes, contact.Outcome{})
	}
	if err := p.Ledger.Outcomes(ctx, p.refs, p.outcomes[:len(p.refs)]); err != nil {
		return fmt.Errorf("read the ledger: %w", err)
	}
	for i := range rows {
		if err := p.row(ctx, &rows[i], &p.joined[i]); err != nil {
			return err
		}
	}
	return nil
}

func (p *writePass) row(ctx context.Context, row *reader.Row, j *joined) error {
	p.tally.Read++
	if j.refused != nil {
		return p.fail(row, writer.Failure{Kind: j.refused.kind, Message: j.refused.message})
	}
	if j.at < 0 {
		return p.pend(row)
	}
	o, err := p.outcome(ctx, j)
	if err != nil {
		return err
	}
	switch o.Kind {
	case contact.Matched, contact.NoMatch:
		return p.answer(row, j, o)
	case contact.Refused, contact.Lost:
		f := writer.Failure{Kind: o.Failure, Status: o.Status, Message: o.Message, Attempts: o.Attempts}
		if p.held(j.state) {
			f.Kind = contact.Uncertain
		}
		return p.fail(row, f)
	}
	return p.pend(row)
}

// outcome is what the batch's look-up found for a row. What had no room there is read now, alone.
func (p *writePass) outcome(ctx context.Context, j *joined) (*contact.Outcome, error) {
	o := &p.outcomes[j.at]
	if o.Kind != 0 {
		return o, nil
	}
	if err := p.Ledger.Outcomes(ctx, []ledger.Ref{j.state.Ref}, p.alone[:]); err != nil {
		return nil, fmt.Errorf("read the ledger: %w", err)
	}
	return &p.alone[0], nil
}

func (p *writePass) answer(row *reader.Row, j *joined, o *contact.Outcome) error {
	first := p.Ledger.MarkSeen(j.keys)
	count(&p.tally.Matched, o.Kind == contact.Matched)
	count(&p.tally.NoMatch, o.Kind == contact.NoMatch)
	count(&p.tally.Stale, p.stale(j.state))
	count(&p.tally.FromLedger, o.Run != p.Run || p.Run == 0)
	count(&p.tally.Deduplicated, !first)
	count(&p.tally.Credits, first && o.Charged)
	count(&p.tally.Contacts, first && o.Kind == contact.Matched)
	p.result = writer.Result{
		Row: writeRow(row), Kind: o.Kind, At: o.At, Credit: first && o.Charged, Charged: o.Charged,
		Message: o.Message, Body: o.Body,
	}
	if err := p.Results.Write(&p.result); err != nil {
		return fmt.Errorf("write results: %w", err)
	}
	return nil
}

func (p *writePass) fail(row *reader.Row, f writer.Failure) error {
	p.tally.Failed++
	p.tally.Failures[f.Kind]++
	p.failure = f
	p.failure.Row = writeRow(row)
	if err := p.Failures.Write(&p.failure); err != nil {
		return fmt.Errorf("write failures: %w", err)
	}
	return nil
}

func (p *writePass) pend(row *reader.Row) error {
	p.tally.Pending++
	if p.Pending == nil {
		return nil
	}
	r := writeRow(row)
	if err := p.Pending.Write(&r); err != nil {
		return fmt.Errorf("write pending rows: %w", err)
	}
	return nil
}

func writeRow(row *reader.Row) writer.Row {
	w := writer.Row{Line: row.Line, Cells: row.Cells, Raw: row.Raw}
	if row.Refused != nil {
		w.NoObject, w.Extra = row.Refused.NoObject, row.Refused.Extra
	}
	return w
}

func count(n *int64, yes bool) {
	if yes {
		*n++
	}
}
