package member_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"enrich/ledger/postgres/member"
)

// Each chunk is taken once in a round, and a run gets them in ascending order.
func TestChunksAreTakenOnce(t *testing.T) {
	tm := newTeam(t)
	work := tm.work(0, 0)
	var mu sync.Mutex
	var all []int64
	var runs sync.WaitGroup
	for range 3 {
		m := tm.join(work, member.Options{})
		runs.Go(func() {
			last := int64(-1)
			for range 30 {
				chunk, err := m.Take(t.Context())
				if err != nil || chunk <= last {
					t.Errorf("chunk %d after %d: %v", chunk, last, err)
					return
				}
				last = chunk
				mu.Lock()
				all = append(all, chunk)
				mu.Unlock()
			}
		})
	}
	runs.Wait()
	slices.Sort(all)
	for i, chunk := range all {
		if chunk != int64(i) {
			t.Fatalf("chunk %d is %d", i, chunk)
		}
	}
}

// A run that is done waits for what the other runs of the work have in flight, but begins no round.
func TestARunThatIsDoneWaitsForTheOthers(t *testing.T) {
	tm := newTeam(t)
	work := tm.work(0, 0)
	a, b := tm.join(work, member.Options{Timing: fast}), tm.join(work, member.Options{Timing: fast})
	check(t, a.EndRound(t.Context(), true, true))
	bounded, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := a.Again(bounded); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("it did not wait for b: %v", err)
	}
	ended := make(chan error, 1)
	go func() {
		more, err := a.Again(t.Context())
		if more {
			err = errors.New("it goes on")
		}
		ended <- err
	}()
	eventually(t, "a waits for b", func() bool { w, waits := a.Waiting(); return waits && w.Reason == member.WaitOthers })
	check(t, b.EndRound(t.Context(), false, false))
	if more, err := b.Again(t.Context()); !more || err != nil { // a has left contacts
		t.Fatalf("b has no second round: %v", err)
	}
	check(t, b.EndRound(t.Context(), true, true))
	check(t, <-ended)
	if more, err := a.Again(t.Context()); more || err != nil {
		t.Errorf("asked again, it goes on: %v", err)
	}
}

// A round ends for all runs together, and the next begins if any run has left contacts. A run that is closed before the end has
// left some.
func TestRoundsEndTogether(t *testing.T) {
	tm := newTeam(t)
	work := tm.work(0, 0)
	a, b := tm.join(work, member.Options{Timing: fast}), tm.join(work, member.Options{Timing: fast})
	for i, m := range []*member.Member{a, b, a, b} {
		if chunk, err := m.Take(t.Context()); err != nil || chunk != int64(i) {
			t.Fatalf("chunk %d, expected %d: %v", chunk, i, err)
		}
	}
	check(t, a.EndRound(t.Context(), false, false))
	again := make(chan bool)
	wait := func(m *member.Member) {
		more, err := m.Again(t.Context())
		if err != nil {
			t.Error(err)
		}
		again <- more
	}
	go wait(a)
	eventually(t, "a waits for b", func() bool { w, waits := a.Waiting(); return waits && w.Reason == member.WaitOthers })
	bounded, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	c := tm.join(work, member.Options{Timing: fast}) // it joins the round
	check(t, c.EndRound(t.Context(), false, false))
	if _, err := c.Again(bounded); err == nil {
		t.Error("the round ended while b was sending")
	}
	check(t, b.EndRound(t.Context(), true, false))
	go wait(b)
	go wait(c)
	for range 3 {
		if !<-again {
			t.Error("there is no second round, although contacts are left")
		}
	}
	for i, m := range []*member.Member{a, b, c, a} {
		if chunk, err := m.Take(t.Context()); err != nil || chunk != int64(i) {
			t.Errorf("chunk %d of the second round, expected %d: %v", chunk, i, err)
		}
	}
	check(t, b.Close()) // in the middle of the round
	tm.exec("UPDATE enrich.run SET state = 1 WHERE id = (SELECT id FROM enrich.run ORDER BY id OFFSET 1 LIMIT 1)")
	check(t, a.EndRound(t.Context(), false, false))
	check(t, c.EndRound(t.Context(), false, true)) // c does no more
	if more, err := c.Again(t.Context()); more || err != nil {
		t.Errorf("a run that is done goes on: %v", err)
	}
	if more, err := a.Again(t.Context()); !more || err != nil {
		t.Errorf("what b has left is not sent: %v", err)
	}
	check(t, a.EndRound(t.Context(), false, false))
	if more, err := a.Again(t.Context()); more || err != nil {
		t.Errorf("another round, although nothing is left: %v", err)
	}
	d := tm.join(work, member.Options{Timing: fast})
	check(t, d.EndRound(t.Context(), true, false))
	if more, err := d.Again(t.Context()); !more || err != nil { // it does not wait for a and c, which write
		t.Errorf("a late run has no second round: %v", err)
	}
	if runs, err := d.Runs(t.Context()); err != nil || len(runs) != 4 {
		t.Errorf("runs %v, %v", runs, err)
	}
}

// A dead run ends a round for the others, who send what it has left.
func TestADeadRunEndsARound(t *testing.T) {
	tm := newTeam(t)
	work := tm.work(0, 0)
	m := tm.join(work, member.Options{Timing: fast})
	_, _, k := tm.joinMortal(work, member.Options{Timing: fast})
	check(t, m.EndRound(t.Context(), false, false))
	k.kill()
	if more, err := m.Again(t.Context()); !more || err != nil {
		t.Errorf("again %v, %v", more, err)
	}
}
