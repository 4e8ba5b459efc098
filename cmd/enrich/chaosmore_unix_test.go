//go:build unix

package main

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"enrich/client/fakeapi"
	"enrich/internal/localpg/pgtest"
)

// team adds machines that work on one list, each with the same arguments.
func (c *chaos) team(machines, rows int, exits []int, args ...string) *chaos {
	c.list("in", addresses("p", rows))
	for n := range machines {
		c.machine("in", fmt.Sprint("out", n), exits, args...)
	}
	return c
}

// ends waits until all machines have ended.
func (c *chaos) ends(t *testing.T) {
	t.Helper()
	if !c.await(patienceForMachine) {
		t.Fatal("the machines do not end")
	}
}

// doubts returns how often contacts were named lost, and how often because another run declared theirs dead.
func (c *chaos) doubts(t *testing.T) (lost, doubts int64) {
	t.Helper()
	by, of := c.recorded(t)
	for _, r := range by {
		lost += r.lost
	}
	for _, n := range of {
		doubts += int64(n)
	}
	return lost, doubts
}

// TestCapsInChaos: whichever machines are killed, no call is above a cap, and no call below it is given up but those that are lost.
func TestCapsInChaos(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args []string
		kept int64 // of the calls under the cap, those that each dead run may have made as retries: nobody knows
		once bool  // machines that were killed stay away: else they begin a new generation, which has calls of its own
	}{
		"calls of a work":           {[]string{"--max-calls", "700"}, 4, true},
		"credits of a work":         {[]string{"--max-credits", "700"}, 0, true},
		"the budget of a month":     {[]string{"--max-credits", "700/month"}, 0, false},
		"the budget, machines away": {[]string{"--max-credits", "700/month"}, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newChaos(t, 7, fakeapi.Options{Match: 1, Latency: 20 * time.Millisecond, LatencyJitter: 20 * time.Millisecond})
			c.team(4, 2000, []int{exitCapped}, test.args...)
			for _, m := range c.machines {
				m.once = test.once
			}
			c.begin()
			for n := range 3 { // three at different instants; the first one lives
				c.heard(int64(100 + 170*n))
				c.machines[1+n].kill()
			}
			c.ends(t)
			c.judgeCalls(t)
			c.judgeDeaths(t)
			lost, doubts := c.doubts(t)
			if got := c.api.Stats().Calls; got > 700 || got < 700-lost-3*test.kept {
				t.Errorf("%d calls, %d lost", got, lost)
			}
			for _, m := range c.machines {
				if m.exited == exitCapped {
					c.summary(m.out + "/leads.summary.json")
				}
			}
			if test.once && c.named() != doubts {
				t.Errorf("the machine that lives has named %d calls, and the ledger %d", c.named(), doubts)
			}
		})
	}
}

// TestTheRateInChaos: however many machines come and go, calls come no faster than the rate. With many kills (make soak) that is
// a whole minute; otherwise a part of it, in which a slot of the rate may be used 250 ms late, and a call may be 250 ms on its way.
func TestTheRateInChaos(t *testing.T) {
	t.Parallel()
	kills, rows, span, apart := number64(t, soakKills, 8), 600, 400, 10*time.Second-500*time.Millisecond // 2400 calls in a minute
	if kills > 100 {
		kills, rows, span, apart = 100, 6000, 2400, time.Minute
	}
	c := newChaos(t, uint64(time.Now().UnixNano()), fakeapi.Options{Match: 1, Latency: 5 * time.Millisecond, Arrivals: 10_000})
	c.team(4, rows, []int{exitOK}, "--rate", "2400/m")
	c.begin()
	c.harm(&breaks{kills: int(kills), servers: 1, cuts: 5})
	c.ends(t)
	c.judge(t)
	arrivals := c.api.Stats().Arrivals
	for i := span; i < len(arrivals); i++ {
		if took := arrivals[i].At - arrivals[i-span].At; took < apart {
			t.Fatalf("the calls %d to %d came within %s", i-span+1, i+1, took)
		}
	}
}

// TestNobodyDiesInALongOutage: the database is stopped for longer than it takes to declare a run dead. Nobody could be seen, so
// nobody is dead.
func TestNobodyDiesInALongOutage(t *testing.T) {
	t.Parallel()
	c := newChaos(t, 1, fakeapi.Options{Match: 1, Latency: 20 * time.Millisecond})
	c.team(3, 1500, []int{exitOK})
	c.begin()
	c.heard(300)
	if err := c.server.Pause(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(longStop) // another process's lease
	if err := c.server.Continue(); err != nil {
		t.Fatal(err)
	}
	c.ends(t)
	c.judge(t)
	for _, m := range c.machines {
		if strings.Contains(m.sayings[0], "is dead") {
			t.Errorf("a run was declared dead:\n%s", m.sayings[0])
		}
	}
}

// TestA401StopsAllMachines: no call is sent later than two seconds after the first refusal, and all end with the same exit code.
func TestA401StopsAllMachines(t *testing.T) {
	t.Parallel()
	const before = 400
	c := newChaos(t, 1, fakeapi.Options{Match: 1, Latency: 20 * time.Millisecond, RevokeAfter: before, Arrivals: 5000})
	c.team(3, 2000, []int{exitRefused})
	c.list("other", addresses("q", 2000))
	c.machine("other", "another", []int{exitRefused})
	c.begin()
	c.ends(t)
	c.judgeCalls(t)
	s := c.api.Stats()
	first, last := s.Arrivals[before].At, s.Arrivals[len(s.Arrivals)-1].At
	if late := last - first; late > 2*time.Second {
		t.Errorf("a call was sent %s after the first that was refused", late)
	}
	t.Logf("%d calls were refused, the last one %s after the first", s.RefusedKeys, last-first)
	for _, m := range c.machines {
		if m.runs > 1 {
			t.Errorf("%s was started %d times", m.out, m.runs)
		}
	}
}

// newPair returns machines that know a primary and its standby. lose cuts the standby off, kills the primary under load, and promotes the
// standby.
func newPair(t *testing.T, synchronous bool, exits ...int) (c *chaos, lose func()) {
	t.Helper()
	c = newChaos(t, 1, fakeapi.Options{Match: 1, Latency: 10 * time.Millisecond, LatencyJitter: 10 * time.Millisecond})
	standby := pgtest.Standby(t, c.server, synchronous)
	c.workers = 8
	c.database = strings.Replace(c.server.URL("ledger"), c.server.Addr(), c.server.Addr()+","+standby.Addr(), 1)
	c.database += "&target_session_attrs=read-write"
	c.team(4, 8000, exits)
	return c, func() {
		c.heard(800)
		standby.CutOff()
		if synchronous {
			time.Sleep(500 * time.Millisecond) // commits of the primary that do not end
		} else {
			c.heard(c.api.Stats().Calls + 600) // the standby lacks them
		}
		if err := c.server.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := standby.Promote(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestASynchronousStandbyTakesOver: the primary is lost in the middle of the work, after the standby was cut off from it. Nothing is.
func TestASynchronousStandbyTakesOver(t *testing.T) {
	t.Parallel()
	c, lose := newPair(t, true, exitOK)
	c.begin()
	lose()
	c.ends(t)
	c.judge(t)
}

// TestAnAsynchronousStandbyTakesOver: it lacks commits that the primary had acknowledged. The runs notice, and stop: none of them pays
// again for what the ledger has forgotten. It is one of the ablations, too: what was paid for is not in the ledger.
func TestAnAsynchronousStandbyTakesOver(t *testing.T) {
	t.Parallel()
	c, lose := newPair(t, false, exitInternal)
	for _, m := range c.machines {
		m.once = true
	}
	c.begin()
	lose()
	c.ends(t)
	by, _ := c.recorded(t)
	calls := (&victim{api: c.api}).quiet(t)
	missing := 0
	for address, n := range calls {
		r := by[address]
		if r == nil || r.attempts == 0 {
			r = &record{}
			missing++
		}
		if n > 1+r.lost {
			t.Errorf("%s was called %d times, and named lost %d times", address, n, r.lost)
		}
	}
	if missing == 0 {
		t.Error("the standby lacks nothing")
	}
	for _, m := range c.machines {
		if !strings.Contains(strings.Join(m.sayings, "\n"), `"code":"run_fenced"`) {
			t.Errorf("%s did not say why it stopped:\n%s", m.out, m.sayings)
		}
	}
	t.Logf("%d contacts were paid for and are not in the ledger", missing)
}

// lostPattern is how many calls were lost with a run, as the one that has declared it dead says it.
var lostPattern = regexp.MustCompile(`calls that are lost with it: (\d+)`)

// named returns how many calls the machines have named lost because they have declared their runs dead.
func (c *chaos) named() (n int64) {
	for _, m := range c.machines {
		for _, match := range lostPattern.FindAllStringSubmatch(strings.Join(m.sayings, ""), -1) {
			lost, _ := strconv.ParseInt(match[1], 10, 64) // digits
			n += lost
		}
	}
	return n
}
