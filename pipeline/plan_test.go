package pipeline

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"enrich/contact"
	"enrich/ledger"
	"enrich/reader"
)

func TestPlanCountsEachRowOnce(t *testing.T) {
	now := time.Now()
	r := newWriteRig()
	r.know("fresh@x.example", contact.Outcome{Kind: contact.Matched, At: now})
	r.know("stale@x.example", contact.Outcome{Kind: contact.Matched, At: now.Add(-2 * time.Hour)})
	r.know("lost@x.example", contact.Outcome{Kind: contact.Lost})
	for range 2 {
		r.know("often@x.example", contact.Outcome{Kind: contact.Lost})
	}
	for address, s := range map[string]ledger.State{"elsewhere@x.example": {ClaimedElsewhere: true}, "job@x.example": {InJob: true, Lost: 9}} {
		r.ledger.states[r.identity.Keys(contact.Contact{Email: address}).Request] = s
	}
	for address, age := range map[string]time.Duration{"other@x.example": 0, "cap@x.example": 0, "new@x.example": 2 * time.Hour} {
		keys := r.identity.Keys(contact.Contact{Email: address, FirstName: "Ann"})
		r.ledger.record(contact.Outcome{Keys: keys, Kind: contact.NoMatch, At: now.Add(-age)})
	}
	r.list("fresh@x.example", "fresh@x.example", "", "stale@x.example", "stale@x.example", "lost@x.example", "often@x.example", "often@x.example",
		"new@x.example", "NEW@x.example", "elsewhere@x.example", "other@x.example", "cap@x.example", "limit@x.example", "limit@x.example", "job@x.example", "job@x.example")
	p := Plan{
		Rules:  Rules{Identity: r.identity, Started: now, MaxAge: time.Hour, NoMatchAge: -1, LostRetries: 1},
		Source: &fakeSource{rows: r.rows, end: reader.ErrBroken}, Ledger: r.ledger, Limit: 13, MaxCalls: 4,
	}
	unsendable := ""
	p.Unsendable = func(row *reader.Row, kind contact.Failure, message string) {
		unsendable += fmt.Sprintf("row %d, %s: %s; ", row.Number, kind, message)
	}
	var remembered atomic.Int64
	p.Remembered = &remembered
	n, err := p.Do(t.Context())
	if err != nil || !errors.Is(n.ReadErr, reader.ErrBroken) {
		t.Errorf("%v, broken %v", err, n.ReadErr)
	}
	if remembered.Load() != 6 { // new, elsewhere, other, cap, limit, job
		t.Errorf("%d contacts are remembered", remembered.Load())
	}
	n.ReadErr = nil
	if unsendable != "row 3, ragged: 2 cells; " {
		t.Errorf("rows that cannot be sent: %s", unsendable)
	}
	expected := PlanResult{
		Rows: 17, Invalid: 1, InJobs: 1, Duplicates: 5, Answered: 2, Stale: 1, Lost: 1, Uncertain: 1, ClaimedElsewhere: 1, OtherFields: 1, BeyondLimit: 1, BeyondCaps: 1, Calls: 4,
	}
	if n != expected {
		t.Errorf("got %+v\nexpected %+v", n, expected)
	}
}

// A plan and a run agree on what is sent.
func TestPlanAgreesWithARun(t *testing.T) {
	r := newWriteRig()
	list := append(addresses(700), addresses(300)...)
	for _, address := range addresses(200) {
		r.know(address, contact.Outcome{Kind: contact.Matched, At: time.Now()})
	}
	r.list(list...)
	p := Plan{Rules: Rules{Identity: r.identity, MaxAge: -1, NoMatchAge: -1}, Source: &fakeSource{rows: r.rows}, Ledger: r.ledger, MaxCalls: -1}
	if n, err := p.Do(t.Context()); err != nil || n.Calls != 500 || n.Answered != 400 || n.Duplicates != 100 {
		t.Errorf("%v: %+v", err, n)
	}
}

// Addresses are looked up in batches, those of contacts without one are not, nor those of contacts that are known by their address. An
// error of the ledger ends the plan, also if it comes with the last batch.
func TestPlanOfAddressesInBatches(t *testing.T) {
	r := newWriteRig()
	list := addresses(addressBatch + 3*batchRows/2)
	r.list(list...)
	for _, address := range []string{list[0], list[addressBatch-1], list[len(list)-1]} {
		r.ledger.record(contact.Outcome{Keys: r.identity.Keys(contact.Contact{Email: address, LastName: "Lee"}), Kind: contact.Matched})
	}
	nameless := contact.Contact{LinkedInURL: "https://linkedin.com/in/ann"}
	r.rows = append(r.rows, reader.Row{Number: int64(len(list) + 1), Contact: nameless})
	p := Plan{Rules: Rules{Identity: r.identity, MaxAge: -1, NoMatchAge: -1}, Ledger: r.ledger, MaxCalls: -1}
	for _, byEmail := range []bool{false, true} {
		p.ByEmail, p.Source = byEmail, &fakeSource{rows: r.rows}
		if n, err := p.Do(t.Context()); err != nil || n.Calls != int64(len(list)+1) || (n.OtherFields == 3) == byEmail {
			t.Errorf("by email %t: %v: %+v", byEmail, err, n)
		}
	}
	broken := errors.New("no such page")
	for _, rows := range []int{addressBatch + batchRows, 1} {
		p.ByEmail, p.Source, p.Ledger = false, &fakeSource{rows: r.rows[:rows]}, brokenAddresses{r.ledger, broken}
		if n, err := p.Do(t.Context()); !errors.Is(err, broken) || n.Rows > addressBatch+batchRows {
			t.Errorf("%v: %+v", err, n)
		}
	}
}

// brokenAddresses is a ledger whose addresses cannot be read.
type brokenAddresses struct {
	PlanLedger
	err error
}

func (l brokenAddresses) AnsweredAddresses(context.Context, []contact.Key, ledger.Fresh) (int64, error) {
	return 0, l.err
}

// A plan ends where Enough says, before a batch, and is whole if the input ends there.
func TestPlanOfTheBeginning(t *testing.T) {
	for _, tt := range []struct {
		rows, enough, planned int64
		partial               bool
	}{{2 * batchRows, 1, batchRows, true}, {2*batchRows + 1, batchRows + 1, 2 * batchRows, true}, {batchRows, 1, batchRows, false}, {3, 0, 3, false}} {
		r := newWriteRig()
		r.list(addresses(int(tt.rows))...)
		p := Plan{
			Rules: Rules{Identity: r.identity, MaxAge: -1, NoMatchAge: -1}, Source: &fakeSource{rows: r.rows}, Ledger: r.ledger, MaxCalls: -1,
			Enough: func(rows int64) bool { return rows >= tt.enough },
		}
		if n, err := p.Do(t.Context()); err != nil || n.Rows != tt.planned || n.Calls != tt.planned || n.Partial != tt.partial {
			t.Errorf("%+v: %v: %+v", tt, err, n)
		}
	}
}
