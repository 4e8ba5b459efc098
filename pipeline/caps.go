package pipeline

import (
	"fmt"
	"sync"
	"time"

	"enrich/contact"
)

// Caps bound what a run may spend; zero is none.
type Caps struct {
	// MaxCalls bounds the requests on the wire; a retry is one.
	MaxCalls int64
	// MaxCredits bounds the credits. CreditsPerCall of them are reserved for each contact before it is sent, and given back
	// if the answer says that it was not charged. A lost call keeps them, and so does a no match that does not say so.
	MaxCredits, CreditsPerCall int64
	// SpentCredits is what of MaxCredits was spent before this run, where it is a budget for a day or a month.
	SpentCredits int64
	// MaxDuration bounds the asking.
	MaxDuration time.Duration
	// Limit asks for the first rows only.
	Limit int64
}

// A budget enforces the caps by reservation: what is reserved counts as spent until it is given back.
//
// The API's balance is a second account of what is spent. Whatever makes it fall counts, also what an answer does not say: a
// call that costs more than --credits-per-call, and others who use the account. What is spent is the larger of the two:
//
//	max(counted, balance after the first answer − lowest balance seen)
//
// A balance that a response tells can include calls in flight, whose reservations are in the sum too. So that they count once,
// a reservation that does not fit waits until those calls have ended; only if it still does not fit is the cap reached. A
// balance that rises (somebody bought credits) gives nothing back.
type budget struct {
	caps Caps

	mu       sync.Mutex
	calls    int64
	credits  int64 // counted: charged, lost, or not known not to be charged
	reserved int64 // by calls in flight
	open     int64 // reservations that may still give something back
	balance  balance
	changed  chan struct{}
}

// A balance is the account's credits as the responses told them.
type balance struct {
	known         bool
	first, lowest int64
}

func (b *balance) fall() int64 { return b.first - b.lowest }

func newBudget(c Caps) *budget {
	return &budget{caps: c, changed: make(chan struct{}, 1)}
}

// reserve takes one call and its credits. If there are none left, but contacts under way may give theirs back, it waits for
// them. It returns which cap is reached, or "" if the reservation was made; done ends the wait.
func (b *budget) reserve(done <-chan struct{}) (reached string) {
	for {
		reached, wait := b.tryReserve()
		if !wait {
			return reached
		}
		select {
		case <-b.changed:
		case <-done:
			return reached
		}
	}
}

func (b *budget) tryReserve() (reached string, wait bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.caps.MaxCalls > 0 && b.calls >= b.caps.MaxCalls:
		reached = "--max-calls is reached"
	case b.caps.MaxCredits > 0 && b.spent()+b.reserved+b.caps.CreditsPerCall > b.caps.MaxCredits:
		reached = "--max-credits is reached" + b.unexplained()
	default:
		b.calls++
		b.reserved += b.caps.CreditsPerCall
		b.open++
		return "", false
	}
	return reached, b.open > 0
}

// spent is what counts against MaxCredits, without the calls in flight. A budget of a day or a month adds what the ledger
// counts of earlier runs. The balance counts for this run alone: what it fell before cannot be told from other people's use of
// the account.
func (b *budget) spent() int64 {
	return b.caps.SpentCredits + max(b.credits, b.balance.fall())
}

// unexplained says how the balance differs from the answers.
func (b *budget) unexplained() string {
	if b.balance.fall() <= b.credits {
		return ""
	}
	return fmt.Sprintf(" (the balance fell by %d credits; the answers account for %d)", b.balance.fall(), b.credits)
}

// observe takes the balance that a response told, before its reservation is settled.
func (b *budget) observe(remaining int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.balance.known {
		b.balance = balance{known: true, first: remaining, lowest: remaining}
	}
	b.balance.lowest = min(b.balance.lowest, remaining)
}

// retry takes one more call for a contact that holds a reservation.
func (b *budget) retry() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.caps.MaxCalls > 0 && b.calls >= b.caps.MaxCalls {
		return false
	}
	b.calls++
	return true
}

// settle closes a reservation by how its asking ended; sent is how many requests this reservation put on the wire. What is not
// known not to be charged keeps its credits.
func (b *budget) settle(o *contact.Outcome, sent int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open--
	if sent == 0 {
		b.calls--
	}
	b.reserved -= b.caps.CreditsPerCall
	if o.Kind.Answered() && (o.Charged || o.ChargeUnknown) || o.Kind == contact.Lost {
		b.credits += b.caps.CreditsPerCall
	}
	select {
	case b.changed <- struct{}{}:
	default:
	}
}
