package pipeline

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"enrich/contact"
)

// However many reserve at once, reservations never exceed a cap, and what is not used is returned.
func TestABudgetIsNeverOvershot(t *testing.T) {
	b := newLocalBudget(Caps{MaxCalls: 100, MaxCredits: 30, CreditsPerCall: 1})
	var calls, credits, flying, most atomic.Int64
	var all sync.WaitGroup
	for w := range 16 {
		all.Go(func() {
			for i := range 50 {
				if reached, _ := b.tryReserve(1); reached != "" {
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
				b.Settle(&o, 0)
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

// If all credits are reserved by contacts that may return theirs, the next reservation waits instead of ending the run.
func TestReserveWaitsForCreditsThatMayBeReturned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newLocalBudget(Caps{MaxCredits: 1, CreditsPerCall: 1})
		if reached := b.Reserve(t.Context(), 1); reached != "" {
			t.Fatal(reached)
		}
		second := make(chan string, 1)
		var waiting sync.WaitGroup
		waiting.Go(func() { second <- b.Reserve(t.Context(), 1) })
		synctest.Wait()
		select {
		case reached := <-second:
			t.Fatalf("it did not wait: %q", reached)
		default:
		}
		b.Settle(&contact.Outcome{Kind: contact.NoMatch}, 0)
		if reached := <-second; reached != "" {
			t.Errorf("the credit that was returned cannot be reserved: %s", reached)
		}
		waiting.Wait()
		b.Settle(&contact.Outcome{Kind: contact.Matched, Charged: true}, 0)
		if reached := b.Reserve(t.Context(), 1); reached != "reached --max-credits (1)" {
			t.Errorf("got %q after all was spent", reached)
		}
		ended, end := context.WithCancel(t.Context())
		end()
		c := newLocalBudget(Caps{MaxCalls: 1})
		_ = c.Reserve(t.Context(), 1)
		if reached := c.Reserve(ended, 1); reached != "reached --max-calls (1)" {
			t.Errorf("got %q when the wait was ended", reached)
		}
	})
}

func TestARetryIsACall(t *testing.T) {
	b := newLocalBudget(Caps{MaxCalls: 2})
	if b.Reserve(t.Context(), 1) != "" || b.Calls(1) != "" || b.Calls(1) == "" {
		t.Errorf("the second call of a contact is not counted: %+v", b)
	}
	if reached, settled := b.tryReserve(1); reached != "reached --max-calls (2)" || settled == nil {
		t.Errorf("got %q, and no wait for the contact in flight", reached)
	}
	b.Settle(&contact.Outcome{Kind: contact.Released}, 1)
	if b.calls != 1 {
		t.Errorf("a contact that was not sent keeps its call: %+v", b)
	}
}

// What is spent is the larger of what the answers count and what the balance fell by, whatever the order of the responses.
func TestTheBalanceCountsAgainstTheCap(t *testing.T) {
	matched := contact.Outcome{Kind: contact.Matched, Charged: true}
	for name, tt := range map[string]struct {
		perCall, spent int64
		balances       []int64
		calls          int64 // until 20 credits are spent, one call at a time
	}{
		"no balance":                        {1, 0, nil, 20},
		"falls as counted":                  {1, 0, falling(100, 1), 20},
		"three a call":                      {1, 0, falling(100, 3), 8},
		"three a call, as expected":         {3, 0, falling(100, 3), 6},
		"cheaper than expected":             {5, 0, falling(100, 1), 4},
		"another program uses 15":           {1, 0, []int64{100, 84, 83, 82, 81, 80, 79}, 6},
		"below zero":                        {1, 0, falling(5, 4), 6},
		"rises in the middle":               {1, 0, append(falling(100, 1)[:5], falling(1000, 1)...), 20},
		"rises, then falls below":           {1, 0, []int64{100, 99, 1000, 85, 84, 79}, 6},
		"not in order":                      {1, 0, []int64{98, 96, 97, 93, 95, 94, 92}, 20},
		"a budget with 12 spent":            {1, 12, falling(100, 1), 8},
		"a budget with 12, three a call":    {1, 12, falling(100, 3), 4},
		"a budget with more than all of it": {1, 25, falling(100, 1), 0},
	} {
		b := newLocalBudget(Caps{MaxCredits: 20, CreditsPerCall: tt.perCall, SpentCredits: tt.spent})
		calls := int64(0)
		for ; calls < 100; calls++ {
			if reached := b.Reserve(t.Context(), 1); reached != "" {
				if !strings.HasPrefix(reached, "reached --max-credits (") {
					t.Errorf("%s: %q", name, reached)
				}
				break
			}
			if int(calls) < len(tt.balances) {
				b.Observe(tt.balances[calls])
			}
			b.Settle(&matched, 0)
		}
		if calls != tt.calls {
			t.Errorf("%s: %d calls, expected %d", name, calls, tt.calls)
		}
	}
}

func falling(from, by int64) (balances []int64) {
	for n := from; len(balances) < 30; n -= by {
		balances = append(balances, n)
	}
	return balances
}

// However many reserve at once, an honest API charges exactly the cap: a call in flight whose charge is in the balance already
// counts once.
func TestACapIsExactWithABalance(t *testing.T) {
	for _, limit := range []int64{1, 7, 40, 100} {
		synctest.Test(t, func(t *testing.T) {
			b := newLocalBudget(Caps{MaxCredits: limit, CreditsPerCall: 1})
			var left, charged atomic.Int64
			left.Store(1000)
			var all sync.WaitGroup
			for w := range 32 {
				all.Go(func() {
					for i := 0; b.Reserve(t.Context(), 1) == ""; i++ {
						time.Sleep(time.Duration(1+(w*7+i*13)%5) * time.Millisecond)
						o := contact.Outcome{Kind: contact.NoMatch}
						if (w+i)%3 > 0 {
							o = contact.Outcome{Kind: contact.Matched, Charged: true}
							left.Add(-1)
							charged.Add(1)
						}
						balance := left.Load()
						time.Sleep(time.Duration(1+(w*11+i*3)%7) * time.Millisecond)
						b.Observe(balance)
						b.Settle(&o, 0)
					}
				})
			}
			all.Wait()
			if charged.Load() != limit {
				t.Errorf("%d credits were charged, the cap is %d", charged.Load(), limit)
			}
		})
	}
}

// A charge that is not known keeps its reservation.
func TestAnUnknownChargeKeepsItsReservation(t *testing.T) {
	for name, tt := range map[string]struct {
		outcome contact.Outcome
		kept    bool
	}{
		"a no match":             {contact.Outcome{Kind: contact.NoMatch}, false},
		"a no match, not known":  {contact.Outcome{Kind: contact.NoMatch, ChargeUnknown: true}, true},
		"a match that was free":  {contact.Outcome{Kind: contact.Matched}, false},
		"a match, not known":     {contact.Outcome{Kind: contact.Matched, Charged: true, ChargeUnknown: true}, true},
		"refused, and not known": {contact.Outcome{Kind: contact.Refused, ChargeUnknown: true}, false},
		"lost":                   {contact.Outcome{Kind: contact.Lost}, true},
		"released":               {contact.Outcome{Kind: contact.Released}, false},
	} {
		b := newLocalBudget(Caps{MaxCredits: 5, CreditsPerCall: 5})
		if reached := b.Reserve(t.Context(), 1); reached != "" {
			t.Fatal(reached)
		}
		b.Settle(&tt.outcome, 0)
		if reached := b.Reserve(t.Context(), 1); (reached != "") != tt.kept {
			t.Errorf("%s: %q", name, reached)
		}
	}
}
