package pipeline

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"enrich/contact"
)

// However many ask at once, what is reserved never exceeds a cap, and what is not used is given back.
func TestABudgetIsNeverOvershot(t *testing.T) {
	b := newBudget(Caps{MaxCalls: 100, MaxCredits: 30, CreditsPerCall: 1})
	var calls, credits, flying, most atomic.Int64
	var all sync.WaitGroup
	for w := range 16 {
		all.Go(func() {
			for i := range 50 {
				if reached, _ := b.tryReserve(); reached != "" {
					continue
				}
				n := flying.Add(1)
				for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
				}
				calls.Add(1)
				o := contact.Outcome{Kind: contact.NoMatch}
				switch (w + i) % 4 {
				case 0:
					o.Kind, o.Charged = contact.Matched, true
					credits.Add(1)
				case 1:
					o.Kind = contact.Lost
					credits.Add(1)
				}
				flying.Add(-1)
				b.settle(&o, 1)
			}
		})
	}
	all.Wait()
	if calls.Load() > 100 || credits.Load() > 30 || b.open != 0 || b.calls != calls.Load() || b.credits != credits.Load() {
		t.Errorf("%d calls, %d credits; the budget has %+v", calls.Load(), credits.Load(), b)
	}
	if calls.Load() < 100 && credits.Load() < 30 {
		t.Errorf("neither cap was used up: %d calls, %d credits", calls.Load(), credits.Load())
	}
}

// Where all credits are reserved by contacts that may give theirs back, the next waits for them instead of ending the run.
func TestAReservationWaitsForWhatMayBeGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(Caps{MaxCredits: 1, CreditsPerCall: 1})
		if reached := b.reserve(nil); reached != "" {
			t.Fatal(reached)
		}
		second := make(chan string, 1)
		var waiting sync.WaitGroup
		waiting.Go(func() { second <- b.reserve(nil) })
		synctest.Wait()
		select {
		case reached := <-second:
			t.Fatalf("it did not wait: %q", reached)
		default:
		}
		b.settle(&contact.Outcome{Kind: contact.NoMatch}, 1)
		if reached := <-second; reached != "" {
			t.Errorf("the credit that was given back is not to be had: %s", reached)
		}
		waiting.Wait()
		b.settle(&contact.Outcome{Kind: contact.Matched, Charged: true}, 1)
		if reached := b.reserve(nil); reached != "--max-credits" {
			t.Errorf("got %q after all was spent", reached)
		}
		done := make(chan struct{})
		close(done)
		c := newBudget(Caps{MaxCalls: 1})
		_ = c.reserve(nil)
		if reached := c.reserve(done); reached != "--max-calls" {
			t.Errorf("got %q when the wait was ended", reached)
		}
	})
}

func TestARetryIsACall(t *testing.T) {
	b := newBudget(Caps{MaxCalls: 2})
	if b.reserve(nil) != "" || !b.retry() || b.retry() {
		t.Errorf("the second call of a contact is not counted: %+v", b)
	}
	if reached, wait := b.tryReserve(); reached != "--max-calls" || !wait {
		t.Errorf("got %q, %t", reached, wait)
	}
	b.settle(&contact.Outcome{Kind: contact.Released}, 0)
	if b.calls != 1 {
		t.Errorf("a contact that was not sent keeps its call: %+v", b)
	}
}
