package pipeline

import (
	"context"
	"fmt"
	"sync"

	"enrich/contact"
)

// Caps bound what a run may spend; zero means no cap.
type Caps struct {
	// MaxCalls bounds the requests on the wire; a retry is one.
	MaxCalls int64
	// MaxCredits bounds the credits. CreditsPerCall of them are reserved for each contact before it is sent, and returned if
	// the answer says that it was not charged. A lost call keeps them, and so does a no-match answer that does not say so.
	MaxCredits, CreditsPerCall int64
	// SpentCredits is what earlier runs spent of MaxCredits, if it is a budget for a day or a month.
	SpentCredits int64
}

// localBudget is the budget of one run. What is reserved counts as spent until it is returned.
//
// The API's balance is a second measure of what is spent. Whatever makes it fall counts, even if no answer reports it: a
// call that costs more than --credits-per-call, and others who use the account. What is spent is the larger of the two:
//
//	max(counted, balance after the first answer − lowest balance seen)
//
// A balance can include the charges of calls in flight, which are reserved too. To count them once, a reservation that does
// not fit waits until those calls have ended; the cap is reached only if it still does not fit. A balance that rises (somebody
// bought credits) returns nothing.
type localBudget struct {
	caps Caps

	mu       sync.Mutex
	calls    int64
	credits  int64 // counted: charged, lost, or not known not to be charged
	reserved int64 // by contacts in flight
	open     int64 // reservations that may still return something
	balance  balance
	waiters  chan struct{} // closed when a reservation is settled; nil: nobody waits
}

// A balance is the account's credits as the responses stated them.
type balance struct {
	known         bool
	first, lowest int64
}

func (b *balance) fall() int64 { return b.first - b.lowest }

// NewBudget returns the budget of a run that shares its caps with no other run.
func NewBudget(c Caps) Budget { return newLocalBudget(c) }

func newLocalBudget(c Caps) *localBudget { return &localBudget{caps: c} }

// Reserve implements [Budget].
func (b *localBudget) Reserve(ctx context.Context, calls int64) (reached string) {
	for {
		reached, settled := b.tryReserve(calls)
		if settled == nil {
			return reached
		}
		select {
		case <-settled:
		case <-ctx.Done():
			return reached
		}
	}
}

// tryReserve makes a reservation, or returns which cap is reached. settled is not nil if waiting for it may help.
func (b *localBudget) tryReserve(calls int64) (reached string, settled <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case !b.callsLeft(calls):
		reached = b.reachedCalls()
	case b.caps.MaxCredits > 0 && b.spent()+b.reserved+b.caps.CreditsPerCall > b.caps.MaxCredits:
		reached = fmt.Sprintf("reached --max-credits (%d)", b.caps.MaxCredits) + b.unexplained()
	default:
		b.calls += calls
		b.reserved += b.caps.CreditsPerCall
		b.open++
		return "", nil
	}
	if b.open > 0 && b.waiters == nil {
		b.waiters = make(chan struct{})
	}
	return reached, b.waiters
}

// spent is what counts against MaxCredits, without calls in flight. The balance counts for this run alone: why it fell before
// cannot be known.
func (b *localBudget) spent() int64 {
	return b.caps.SpentCredits + max(b.credits, b.balance.fall())
}

// unexplained says how the balance differs from the answers.
func (b *localBudget) unexplained() string {
	if b.balance.fall() <= b.credits {
		return ""
	}
	return fmt.Sprintf(": the balance fell by %d credits, the answers account for %d", b.balance.fall(), b.credits)
}

// Observe implements [Budget].
func (b *localBudget) Observe(remaining int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.balance.known {
		b.balance = balance{known: true, first: remaining, lowest: remaining}
	}
	b.balance.lowest = min(b.balance.lowest, remaining)
}

// Calls implements [Budget].
func (b *localBudget) Calls(n int64) (reached string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.callsLeft(n) {
		return b.reachedCalls()
	}
	b.calls += n
	return ""
}

func (b *localBudget) callsLeft(n int64) bool {
	return n == 0 || b.caps.MaxCalls == 0 || b.calls+n <= b.caps.MaxCalls
}

func (b *localBudget) reachedCalls() string {
	return fmt.Sprintf("reached --max-calls (%d)", b.caps.MaxCalls)
}

// Return implements [Budget].
func (b *localBudget) Return(calls int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls -= calls
	b.wake()
}

// Settle implements [Budget].
func (b *localBudget) Settle(o *contact.Outcome, unused int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open--
	b.calls -= unused
	b.reserved -= b.caps.CreditsPerCall
	if o.Kind.Answered() && (o.Charged || o.ChargeUnknown) || o.Kind == contact.Lost {
		b.credits += b.caps.CreditsPerCall
	}
	b.wake()
}

// wake lets those who wait for a reservation try again.
func (b *localBudget) wake() {
	if b.waiters != nil {
		close(b.waiters)
		b.waiters = nil
	}
}
