package pipeline

import (
	"sync"
	"time"

	"enrich/contact"
)

// Caps bound what a run may spend; zero is none.
type Caps struct {
	// MaxCalls bounds the requests on the wire; a retry is one.
	MaxCalls int64
	// MaxCredits bounds the credits; CreditsPerCall of them are reserved for each contact before it is asked, and
	// given back where it was not charged. A lost call keeps them.
	MaxCredits, CreditsPerCall int64
	// SpentCredits is what of MaxCredits was spent before this run, where it is a budget for a day or a month.
	SpentCredits int64
	// MaxDuration bounds the asking.
	MaxDuration time.Duration
	// Limit asks for the first rows only.
	Limit int64
}

// A budget keeps the caps by reservation: what is reserved counts as spent until it is given back.
type budget struct {
	caps Caps

	mu             sync.Mutex
	calls, credits int64
	open           int64 // reservations that may still give something back
	changed        chan struct{}
}

func newBudget(c Caps) *budget {
	return &budget{caps: c, credits: c.SpentCredits, changed: make(chan struct{}, 1)}
}

// reserve takes one call and its credits. Where there are none left, but contacts under way may give theirs
// back, it waits for them. It returns which cap is reached, or "" when the reservation stands; done ends the wait.
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
		reached = "--max-calls"
	case b.caps.MaxCredits > 0 && b.credits+b.caps.CreditsPerCall > b.caps.MaxCredits:
		reached = "--max-credits"
	default:
		b.calls++
		b.credits += b.caps.CreditsPerCall
		b.open++
		return "", false
	}
	return reached, b.open > 0
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

// settle closes a reservation by how its asking ended; sent is how many requests this reservation put on the wire.
func (b *budget) settle(o *contact.Outcome, sent int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open--
	if sent == 0 {
		b.calls--
	}
	charged := o.Kind.Answered() && o.Charged || o.Kind == contact.Lost
	if !charged {
		b.credits -= b.caps.CreditsPerCall
	}
	select {
	case b.changed <- struct{}{}:
	default:
	}
}
