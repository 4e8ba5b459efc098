package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"

	"enrich/reader"
)

// Plan is the first half of Ask: what a run would do, without a call.
type Plan struct {
	Rules
	Rows   Rows
	Ledger Ledger
	Limit  int64
	// MaxCalls is how many calls the caps leave; negative: there is no cap.
	MaxCalls int64
}

// Planned counts rows by what a run would do with them; its JSON is what `enrich plan --json` prints.
type Planned struct {
	Rows       int64 `json:"rows"`
	Invalid    int64 `json:"invalid"`
	Duplicates int64 `json:"duplicates"`
	Answered   int64 `json:"answered"`
	Stale      int64 `json:"stale"`
	Lost       int64 `json:"lost"`
	Held       int64 `json:"held"`
	// OtherFields is contacts to ask whose address was answered before, under other fields (see --same-by email).
	OtherFields int64 `json:"answered_under_other_fields"`
	// BeyondLimit is contacts that --limit leaves unasked.
	BeyondLimit int64 `json:"beyond_limit"`
	// BeyondCaps is contacts that a cap leaves unsent if every call is charged.
	BeyondCaps int64 `json:"beyond_caps"`
	// Calls is contacts to send; Stale, Lost and OtherFields count some of them.
	Calls int64 `json:"calls"`
	// Broken is how the input ended early, if it did.
	Broken error `json:"-"`
}

// Do reads all rows. It marks contacts in the ledger's memory as Ask does, so that a ledger serves one of the two.
func (p *Plan) Do(ctx context.Context) (Planned, error) {
	var n Planned
	rows := make([]reader.Row, batch)
	for {
		k, err := p.Rows.Read(rows)
		for i := range rows[:k] {
			if serr := p.row(ctx, &rows[i], &n); serr != nil {
				return n, serr
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return n, nil
		case errors.Is(err, reader.ErrBroken):
			n.Broken = err
			return n, nil
		case err != nil:
			return n, fmt.Errorf("read the input: %w", err)
		case ctx.Err() != nil:
			return n, context.Cause(ctx)
		}
	}
}

// row counts a row once: Rows = Invalid + Answered + Duplicates + Held + BeyondLimit + BeyondCaps + Calls.
func (p *Plan) row(ctx context.Context, row *reader.Row, n *Planned) error {
	n.Rows++
	if judge(row) != nil {
		n.Invalid++
		return nil
	}
	keys := p.Identity.Keys(row.Contact)
	state, err := stateOf(ctx, p.Ledger, keys)
	if err != nil {
		return err
	}
	switch {
	case p.fresh(state):
		n.Answered++
		return nil
	case !p.Ledger.MarkAsked(keys):
		n.Duplicates++
		return nil
	case p.held(state):
		n.Held++
		return nil
	case p.Limit > 0 && row.Number > p.Limit:
		n.BeyondLimit++
		return nil
	case p.MaxCalls >= 0 && n.Calls >= p.MaxCalls:
		n.BeyondCaps++
		return nil
	}
	n.Calls++
	count(&n.Stale, p.stale(state))
	count(&n.Lost, state.Lost > 0)
	count(&n.OtherFields, state.AddressAnswered)
	return nil
}
