package member_test

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"enrich/contact"
	"enrich/ledger/postgres/member"
)

// However many runs share a cap on calls, and however they make and return reservations, all of it is used and none more.
func TestCallsOfAllRunsReachTheCapExactly(t *testing.T) {
	tm := newTeam(t)
	work := tm.work(500, 0)
	var calls atomic.Int64
	var runs sync.WaitGroup
	for i := range 4 {
		b := tm.join(work, member.Options{Workers: 8}).Budget()
		runs.Go(func() {
			for n := 0; ; n++ {
				if reached := b.Reserve(t.Context(), 1); reached != "" {
					if reached != "reached --max-calls (500)" {
						t.Errorf("run %d: %q", i, reached)
					}
					return
				}
				if n%7 == 3 { // the contact was not sent
					b.Settle(settled(contact.Released, false), 1)
					continue
				}
				calls.Add(1)
				if n%5 == 0 && b.Calls(1) == "" { // a retry
					calls.Add(1)
				}
				b.Settle(settled(contact.Matched, true), 0)
			}
		})
	}
	runs.Wait()
	if n := calls.Load(); n != 500 {
		t.Errorf("%d calls", n)
	}
}

// A no match returns its credit, so the cap counts charged answers, exactly.
func TestCreditsOfAllRunsReachTheCapExactly(t *testing.T) {
	tm := newTeam(t)
	work := tm.work(0, 300)
	var charged atomic.Int64
	var runs sync.WaitGroup
	for range 4 {
		b := tm.join(work, member.Options{Workers: 8, CreditsPerCall: 3}).Budget()
		runs.Go(func() {
			for n := 0; ; n++ {
				if reached := b.Reserve(t.Context(), 1); reached != "" {
					if !strings.HasPrefix(reached, "reached --max-credits (300)") {
						t.Error(reached)
					}
					return
				}
				if n%3 == 0 {
					b.Settle(settled(contact.NoMatch, false), 0)
					continue
				}
				charged.Add(3)
				b.Settle(settled(contact.Matched, true), 0)
			}
		})
	}
	runs.Wait()
	if n := charged.Load(); n != 300 {
		t.Errorf("%d credits were charged, expected 300", n)
	}
}

// A reservation that does not fit waits for what is in flight on another machine.
func TestAReservationWaitsForThoseOfOtherRuns(t *testing.T) {
	tm := newTeam(t)
	work := tm.work(0, 1)
	a, b := tm.join(work, member.Options{}).Budget(), tm.join(work, member.Options{}).Budget()
	if reached := a.Reserve(t.Context(), 1); reached != "" {
		t.Fatal(reached)
	}
	done := make(chan string)
	go func() { done <- b.Reserve(t.Context(), 1) }()
	a.Settle(settled(contact.NoMatch, false), 0)
	if reached := <-done; reached != "" {
		t.Errorf("the credit of a no match on another machine: %s", reached)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if reached := a.Reserve(cancelled, 1); reached == "" {
		t.Error("more than the cap was reserved")
	}
}

// A run with a budget counts what runs without one have spent and what they have in flight, and makes no call beyond it.
func TestABudgetCountsAllRunsOfTheURL(t *testing.T) {
	tm := newTeam(t)
	tm.exec("INSERT INTO enrich.spending (api, day, credits) SELECT 1, (now() AT TIME ZONE 'UTC')::date, 40")
	tm.exec("INSERT INTO enrich.spending (api, day, credits) SELECT 1, date_trunc('month', now() AT TIME ZONE 'UTC')::date, 7 ON CONFLICT (api, day) DO UPDATE SET credits = 47")
	spent := func(month bool) int64 {
		return tm.number("SELECT sum(credits)::bigint FROM enrich.spending WHERE day = (now() AT TIME ZONE 'UTC')::date OR $1", month)
	}
	charged := map[bool]int64{false: spent(false) + 15, true: spent(true) + 15}
	free := tm.joinAs(tm.work(0, 0), 2, member.Options{}).Budget()
	for n := range 20 {
		if reached := free.Reserve(t.Context(), 1); reached != "" {
			t.Fatal(reached)
		}
		if n < 15 {
			free.Settle(settled(contact.Matched, true), 0)
		}
	}
	for _, test := range []struct {
		options member.Options
		reached string
	}{
		{member.Options{PerDay: 75}, "reached --max-credits (75/day); it is renewed at "},
		{member.Options{PerMonth: 120}, "reached --max-credits (120/month); it is renewed at "},
	} {
		m := tm.join(tm.work(0, 0), test.options)
		limit := test.options.PerDay + test.options.PerMonth
		made := 0
		var reached string
		for reached == "" {
			if reached = m.Budget().Reserve(t.Context(), 1); reached == "" {
				m.Budget().Settle(settled(contact.Matched, true), 0)
				made++
			}
			if made == 1 {
				for range 5 { // they are returned
					free.Settle(settled(contact.NoMatch, false), 0)
				}
				made += 100
			}
		}
		made -= 100
		if !strings.HasPrefix(reached, test.reached) || !strings.HasSuffix(reached, "T00:00:00Z") {
			t.Errorf("%q", reached)
		}
		check(t, m.Close())
		month, inFlight := test.options.PerMonth > 0, int64(5)
		charged[false], charged[true] = charged[false]+int64(made), charged[true]+int64(made)
		if charged[month] > limit {
			t.Errorf("%d of %d are charged after %d calls", charged[month], limit, made)
		}
		if n := spent(month); n < limit-inFlight { // the run without a budget may have reserved more since
			t.Errorf("%d of %d are reserved after %d calls", n, limit, made)
		}
		for range 5 {
			if reached := free.Reserve(t.Context(), 1); reached != "" {
				t.Fatal(reached)
			}
		}
	}
}

// What was reserved on one day, and is used on the next, counts on the next. A run that began the day before keeps the budget of
// that day.
func TestReservationsAreBookedOnTheDayOfTheirUse(t *testing.T) {
	tm := newTeam(t)
	work := tm.work(0, 0)
	old, run, _ := tm.joinMortal(work, member.Options{PerDay: 50})
	b := old.Budget()
	for range 10 {
		if reached := b.Reserve(t.Context(), 1); reached != "" {
			t.Fatal(reached)
		}
	}
	for range 4 {
		b.Settle(settled(contact.Matched, true), 0)
	}
	eventually(t, "a lease tells what is used", func() bool { return tm.number("SELECT used_credits FROM enrich.run WHERE id = $1", run) == 4 })
	tm.exec("UPDATE enrich.spending SET day = day - 1")
	tm.exec("UPDATE enrich.run SET first_day = first_day - 1, booked_day = booked_day - 1 WHERE id = $1", run)
	eventually(t, "the credits in flight are today's", func() bool {
		return tm.number("SELECT coalesce(sum(credits), 0)::bigint FROM enrich.spending WHERE day = (now() AT TIME ZONE 'UTC')::date - 1") == 4
	})
	today := tm.join(tm.work(0, 0), member.Options{PerDay: 50})
	if day, _ := today.Spent(); day < 6 {
		t.Errorf("%d credits are spent today, and 6 are in flight", day)
	}
	made := 10
	for b.Reserve(t.Context(), 1) == "" {
		b.Settle(settled(contact.Matched, true), 0)
		if made++; made == 20 {
			for range 6 {
				b.Settle(settled(contact.Matched, true), 0)
			}
		}
	}
	if made != 50 {
		t.Errorf("%d calls under the budget of the day on which the run began", made)
	}
}

// The balance counts if it falls by more than all runs of the key have counted. Their own calls do not count twice.
func TestTheBalanceCountsOnceForTheTeam(t *testing.T) {
	tm := newTeam(t)
	work := tm.work(0, 100)
	a, b := tm.join(work, member.Options{Timing: fast}), tm.join(work, member.Options{Timing: fast})
	balance := int64(1000)
	a.Budget().Observe(balance)
	b.Budget().Observe(balance)
	spend := func(m *member.Member) string {
		reached := m.Budget().Reserve(t.Context(), 1)
		if reached == "" {
			balance--
			m.Budget().Observe(balance)
			m.Budget().Settle(settled(contact.Matched, true), 0)
		}
		return reached
	}
	for n := range 80 {
		if reached := spend([]*member.Member{a, b}[n%2]); reached != "" {
			t.Fatalf("call %d: %s", n, reached)
		}
	}
	balance -= 8 // somebody else
	left := 0
	for reached := ""; ; left++ {
		if reached = spend(a); reached != "" {
			if !strings.Contains(reached, "the balance fell by ") {
				t.Error(reached)
			}
			break
		}
	}
	if left < 11 || left > 12 {
		t.Errorf("%d more calls, expected 12, or 11 if the fall was seen late", left)
	}
}

// A smaller cap of a machine that joins later counts, and a run of its own has its own caps.
func TestTheSmallestCapCounts(t *testing.T) {
	tm := newTeam(t)
	work := tm.work(1000, 0)
	a := tm.join(work, member.Options{Timing: fast})
	tm.exec("UPDATE enrich.work SET max_calls = 20") // as Begin does for a run with this cap
	tm.join(work, member.Options{Timing: fast})
	alone := tm.join(0, member.Options{MaxCalls: 7, MaxCredits: 500, Timing: fast})
	eventually(t, "a lease tells the cap", func() bool { return tm.number("SELECT granted_calls FROM enrich.run ORDER BY id LIMIT 1") < 20 })
	for m, limit := range map[*member.Member]int{a: 20, alone: 7} {
		made := 0
		for ; m.Budget().Reserve(t.Context(), 1) == ""; made++ {
			m.Budget().Settle(settled(contact.Matched, true), 0)
		}
		if made != limit {
			t.Errorf("%d calls, expected %d", made, limit)
		}
	}
}
