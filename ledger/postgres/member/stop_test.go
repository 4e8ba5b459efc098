package member_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"enrich/contact"
	"enrich/ledger/postgres/member"
)

// A stop on one machine stops the calls of all runs of the key that began before it, soon after its commit, and no others.
func TestAStopStopsAllRunsOfTheKey(t *testing.T) {
	tm := newTeam(t)
	a, b := tm.join(0, member.Options{}), tm.join(0, member.Options{})
	otherKey := tm.joinAs(0, 2, member.Options{})
	last := make(chan time.Time)
	go func() { last <- lastCall(b) }()
	time.Sleep(50 * time.Millisecond)
	a.Stop(contact.StopUnauthorized, "the API refused the key (401)")
	stopped := time.Now()
	if d := (<-last).Sub(stopped); d > 2*time.Second { // as long as a lease is valid; it is sooner: see TestStopLatency
		t.Errorf("calls were made for %v", d)
	}
	cause, detail := b.Stopped(t.Context())
	if cause != contact.StopUnauthorized || detail != "the API refused the key (401)" {
		t.Errorf("stopped by %q: %s", cause, detail)
	}
	if wait := a.Limiter().Take(time.Now()); wait == 0 {
		t.Error("the run that stopped makes a call")
	}
	after := tm.join(0, member.Options{})
	for name, m := range map[string]*member.Member{"a run of another key": otherKey, "a run that begins later": after} {
		if wait := m.Limiter().Take(time.Now()); wait > 0 {
			t.Errorf("%s is stopped", name)
		}
	}
	done, cancel := context.WithCancel(t.Context())
	cancel()
	if cause, _ := after.Stopped(done); cause != "" {
		t.Errorf("a run that begins later is stopped by %q", cause)
	}
	if reached := after.Budget().Reserve(t.Context(), 1); reached != "" {
		t.Errorf("to ask for a stop that is known ends the run: %s", reached)
	}
	if cause, _ := b.Stopped(done); cause != contact.StopUnauthorized {
		t.Error("a stop that is known is not returned when the context is done")
	}
}

// Without its notification a stop is seen with a lease.
func TestAStopIsSeenWithoutItsNotification(t *testing.T) {
	tm := newTeam(t)
	m := tm.join(0, member.Options{})
	tm.exec("UPDATE enrich.account SET stop = 'forbidden', stop_run = 1000000 WHERE id = 1")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if cause, _ := m.Stopped(ctx); cause != contact.StopForbidden {
		t.Errorf("stopped by %q", cause)
	}
}

// The times from the commit of a stop to the last call that another machine could begin. The bound is 100 ms at p99; here the
// median must keep it, because other programs use this machine: that of one of five groups, if it is busy. Leases come so rarely that
// they would tell most stops later.
func TestStopLatency(t *testing.T) {
	tm := newTeam(t)
	o := member.Options{Timing: member.Timing{Renew: time.Second, Valid: 10 * time.Second}}
	const listeners = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle' AND query LIKE 'SELECT CASE WHEN stop_run%'"
	const bound = 100 * time.Millisecond
	for range 5 {
		var latencies []time.Duration
		for range 12 {
			a, b := tm.join(0, o), tm.join(0, o)
			eventually(t, "both wait for notifications", func() bool { return tm.number(listeners) == 2 })
			last := make(chan time.Time)
			go func() { last <- lastCall(b) }()
			a.Stop(contact.StopNoCredits, "")
			committed := time.Now()
			latencies = append(latencies, (<-last).Sub(committed))
			check(t, a.Close())
			check(t, b.Close())
		}
		slices.Sort(latencies)
		t.Logf("from the reply to the last call: %v", latencies)
		if latencies[len(latencies)/2] <= bound {
			return
		}
	}
	t.Errorf("no median of a group is at most %v", bound)
}

// A bad key costs one call of all machines: the first run proves it alone, and its stop is known before the next has its turn.
func TestABadKeyCostsOneCall(t *testing.T) {
	tm := newTeam(t)
	for range 5 {
		badKey(t, tm)
	}
}

func badKey(t *testing.T, tm *team) {
	var members []*member.Member
	for range 4 {
		members = append(members, tm.join(0, member.Options{}))
	}
	var mu sync.Mutex
	calls := 0
	var runs sync.WaitGroup
	for _, m := range members {
		runs.Go(func() {
			release, err := m.Alone(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			if m.Limiter().Take(time.Now()) == 0 {
				mu.Lock()
				calls++
				mu.Unlock()
				m.Stop(contact.StopUnauthorized, "")
			}
			release(false)
		})
	}
	runs.Wait()
	if calls != 1 {
		t.Errorf("%d calls", calls)
	}
}

// One run proves the key for all that have begun. A later run proves it again. A run that dies gives up its turn.
func TestOneRunProvesTheKey(t *testing.T) {
	tm := newTeam(t)
	a, b := tm.join(0, member.Options{Timing: fast}), tm.join(0, member.Options{Timing: fast})
	release, err := a.Alone(t.Context())
	check(t, err)
	turn := make(chan func(bool))
	go func() {
		release, err := b.Alone(t.Context())
		if err != nil {
			t.Error(err)
		}
		turn <- release
	}()
	eventually(t, "b waits for the key", func() bool { w, waits := b.Waiting(); return waits && w.Reason == member.WaitKey })
	a.Limiter().SetRate(time.Now(), 60, time.Minute) // the response states it
	release(true)
	(<-turn)(false) // b need not prove it
	if wait := b.Limiter().Take(time.Now()); wait == 0 {
		t.Error("a call is made before the rate is known")
	}
	again, err := a.Alone(t.Context())
	check(t, err)
	again(false)

	c, d := tm.join(0, member.Options{Timing: fast}), tm.join(0, member.Options{Timing: fast})
	held, err := c.Alone(t.Context())
	check(t, err)
	defer held(false) // while it is in use, its connection, which has the lock, is not collected as garbage
	bounded, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := d.Alone(bounded); err == nil {
		t.Fatal("two runs prove the key at the same time")
	}
	tm.exec("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
	release, err = d.Alone(t.Context())
	check(t, err)
	release(true)
}

// A process that is stopped while it proves the key does not hold the others back for longer than until it is dead.
func TestAStoppedProverIsIgnored(t *testing.T) {
	tm := newTeam(t)
	dead := tm.begin(0, 1)
	tm.exec("SELECT pg_advisory_lock($1, 1)", 0x656e7269)
	tm.exec("UPDATE enrich.account SET prover = $1 WHERE id = 1", dead)
	m := tm.join(0, member.Options{Timing: fast})
	release, err := m.Alone(t.Context())
	check(t, err)
	release(true)
	if tm.number("SELECT state FROM enrich.run WHERE id = $1", dead) != 2 {
		t.Error("the turn was taken from a run that may be alive")
	}
}
