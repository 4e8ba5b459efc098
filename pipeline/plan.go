package pipeline

import (
	"context"
	"fmt"
	"sync/atomic"

	"enrich/contact"
	"enrich/ledger"
	"enrich/reader"
)

// Plan is the first half of Ask: what a run would do, without a call.
type Plan struct {
	Rules
	Source Source
	Ledger PlanLedger
	Limit  int64
	// MaxCalls is how many calls the caps leave; negative: there is no cap.
	MaxCalls int64
	// Unsendable, if it is not nil, is called with each row that cannot be sent, and why. The row is valid during the call.
	Unsendable func(row *reader.Row, kind contact.Failure, message string)
	// Enough, if it is not nil, is called before each batch of rows but the first, with the number of rows so far. If it returns
	// true, the plan ends there, and is Partial.
	Enough func(rows int64) bool
	// Remembered, if it is not nil, is the number of contacts that the plan keeps in memory so far, to recognise duplicates: those
	// without an outcome in the ledger.
	Remembered *atomic.Int64
}

// A PlanLedger is what a plan needs of a ledger; sqlite.Ledger is one.
type PlanLedger interface {
	// States is as in [Ledger].
	States(ctx context.Context, keys []contact.Keys, states []ledger.State) error
	// AnsweredAddresses returns how many of some addresses have a latest answer that is fresh, under whatever other fields. An
	// address that is there twice counts twice.
	AnsweredAddresses(ctx context.Context, addresses []contact.Key, fresh ledger.Fresh) (int64, error)
}

// PlanResult counts rows by what a run would do with them; its JSON is what `enrich plan --json` prints.
type PlanResult struct {
	Rows       int64 `json:"rows"`
	Invalid    int64 `json:"invalid"`
	Duplicates int64 `json:"duplicates"`
	Answered   int64 `json:"answered"`
	Stale      int64 `json:"stale"`
	Lost       int64 `json:"lost"`
	// Uncertain counts contacts that were lost too often to be sent again.
	Uncertain int64 `json:"held"`
	// ClaimedElsewhere counts contacts that another run has sent and that have no outcome yet.
	ClaimedElsewhere int64 `json:"elsewhere,omitempty"`
	// InJobs counts contacts in open bulk jobs: a run asks for their results instead.
	InJobs int64 `json:"in_open_jobs"`
	// OtherFields counts contacts to send whose address has a fresh answer under other fields, which --same-by email reuses.
	OtherFields int64 `json:"answered_under_other_fields"`
	// BeyondLimit counts contacts that --limit leaves unsent.
	BeyondLimit int64 `json:"beyond_limit"`
	// BeyondCaps counts contacts that a cap leaves unsent if every call is charged.
	BeyondCaps int64 `json:"beyond_caps"`
	// Calls counts contacts to send; Stale, Lost and OtherFields count some of them.
	Calls int64 `json:"calls"`
	// Partial: Enough ended the plan before the end of the input.
	Partial bool `json:"-"`
	// ReadErr is the error by which the input ended early, or nil.
	ReadErr error `json:"-"`
}

// Do reads all rows, or as many as Enough takes.
func (p *Plan) Do(ctx context.Context) (PlanResult, error) {
	pass := planPass{Plan: p, lookup: lookup{rules: &p.Rules, source: p.Source, ledger: p.Ledger}}
	for entries, err := range pass.batches(ctx) {
		if err != nil {
			return pass.result, err
		}
		if n := pass.result.Rows; p.Enough != nil && n > 0 && len(entries) > 0 && p.Enough(n) {
			pass.result.Partial = true
			break
		}
		for i := range entries {
			pass.row(&entries[i])
		}
		if p.Remembered != nil {
			p.Remembered.Store(int64(pass.seen.keys.n))
		}
		if len(pass.addresses) >= addressBatch {
			if err := pass.countAnswered(ctx); err != nil {
				return pass.result, err
			}
		}
	}
	if err := pass.countAnswered(ctx); err != nil {
		return pass.result, err
	}
	pass.result.ReadErr = pass.readErr
	return pass.result, nil
}

type planPass struct {
	*Plan
	lookup
	seen   seenContacts
	result PlanResult
	// addresses are those of contacts to send that the ledger has not been asked for yet.
	addresses []contact.Key
}

// addressBatch is how many addresses of 16 bytes a plan collects before it asks the ledger for them.
const addressBatch = 1 << 17

// countAnswered counts the contacts to send whose address has an answer.
func (p *planPass) countAnswered(ctx context.Context) error {
	if len(p.addresses) == 0 {
		return nil
	}
	n, err := p.Ledger.AnsweredAddresses(ctx, p.addresses, p.Fresh())
	if err != nil {
		return fmt.Errorf("read the ledger: %w", err)
	}
	p.result.OtherFields += n
	p.addresses = p.addresses[:0]
	return nil
}

// row counts a row once: Rows = Invalid + Answered + Duplicates + InJobs + Uncertain +
// ClaimedElsewhere + BeyondLimit + BeyondCaps + Calls.
func (p *planPass) row(e *entry) {
	n := &p.result
	n.Rows++
	switch {
	case e.defect != nil:
		n.Invalid++
		if p.Unsendable != nil {
			p.Unsendable(e.row, e.defect.kind, e.defect.message)
		}
	case p.isFresh(e.state):
		n.Answered++
	case !p.seen.add(p.contactKey(e), e.state):
		n.Duplicates++
	case e.state.InJob:
		n.InJobs++
	case p.isUncertain(e.state.Lost):
		n.Uncertain++
	case e.state.ClaimedElsewhere:
		n.ClaimedElsewhere++
	case p.Limit > 0 && e.row.Number > p.Limit:
		n.BeyondLimit++
	case p.MaxCalls >= 0 && n.Calls >= p.MaxCalls:
		n.BeyondCaps++
	default:
		n.Calls++
		countIf(&n.Stale, p.isStale(e.state))
		countIf(&n.Lost, e.state.Lost > 0)
		if !p.ByEmail && e.keys.Email != e.keys.Request {
			p.addresses = append(p.addresses, e.keys.Email)
		}
	}
}

func countIf(n *int64, yes bool) {
	if yes {
		*n++
	}
}
