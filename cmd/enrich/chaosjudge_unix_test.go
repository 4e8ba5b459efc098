//go:build unix

package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/postgres"
)

// A record is what the ledger has about the calls of a contact.
type record struct {
	attempts, answers, lost int64
}

// recorded returns it by address, and how many calls of each run were in doubt when another run declared it dead.
func (c *chaos) recorded(t *testing.T) (by map[string]*record, doubts map[int64]int) {
	t.Helper()
	l, err := postgres.Open(context.Background(), postgres.Options{URL: c.database, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }() // it was only read
	by, doubts = map[string]*record{}, map[int64]int{}
	err = l.Each(context.Background(), func(r *ledger.Record) error {
		n := by[r.Contact.Email]
		if n == nil {
			n = &record{}
			by[r.Contact.Email] = n
		}
		n.attempts += int64(r.Attempts)
		switch {
		case r.Kind.Answered():
			n.answers++
		case r.Kind == contact.Lost:
			n.lost++
			if strings.HasPrefix(r.Message, "the run ended before") {
				doubts[r.Run]++
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if v, err := l.Verify(context.Background()); err != nil || v.Problems > 0 {
		t.Errorf("the ledger: %+v, %v", v, err)
	}
	return by, doubts
}

// judge compares what the machines did with the stand-in's count.
func (c *chaos) judge(t *testing.T) {
	t.Helper()
	c.judgeCalls(t)
	c.judgeDeaths(t)
	c.judgeOutputs(t)
	if log := c.server.Log(); strings.Contains(log, "deadlock detected") {
		t.Error("transactions have waited for each other")
	}
}

// judgeCalls: a contact is sent once, and once more for each time that it was named lost; and what was sent is in the ledger.
func (c *chaos) judgeCalls(t *testing.T) {
	t.Helper()
	v := victim{api: c.api}
	calls := v.quiet(t)
	by, doubts := c.recorded(t)
	for address, n := range calls {
		r := by[address]
		switch {
		case r == nil:
			t.Errorf("%s was called %d times, and the ledger knows nothing", address, n)
		case n > 1+r.lost:
			t.Errorf("%s was called %d times, and named lost %d times", address, n, r.lost)
		case n > r.attempts:
			t.Errorf("%s was called %d times, and the ledger has %d calls: %+v", address, n, r.attempts, *r)
		case r.answers > n:
			t.Errorf("%s was called %d times, and has %d answers", address, n, r.answers)
		}
	}
	for run, n := range doubts {
		if n > 2*c.workers {
			t.Errorf("%d calls of run %d are lost, with %d workers", n, run, c.workers)
		}
	}
}

// deadPattern is how a run says that it has declared another one dead.
var deadPattern = regexp.MustCompile(`run (\d+)(?: on host [^"]*?)? is dead: `)

// judgeDeaths: no run is declared dead by two, and none that neither was killed nor stood still: that one's process would have ended
// with an exit code that its machine does not expect.
func (c *chaos) judgeDeaths(t *testing.T) {
	t.Helper()
	dead, ended := map[string]int{}, 0
	for _, m := range c.machines {
		ended += m.runs - 1
		for _, said := range m.sayings {
			for _, match := range deadPattern.FindAllStringSubmatch(said, -1) {
				dead[match[1]]++
			}
		}
	}
	for run, n := range dead {
		if n > 1 {
			t.Errorf("run %s was declared dead %d times", run, n)
		}
	}
	if len(dead) > ended {
		t.Errorf("%d runs were declared dead, and %d were killed or stopped", len(dead), ended)
	}
}

// judgeOutputs: every row once, in order, in each machine's outputs; and all machines with one input have written the same.
func (c *chaos) judgeOutputs(t *testing.T) {
	t.Helper()
	first := map[string]string{}
	for _, m := range c.machines {
		if m.exited != exitOK {
			continue
		}
		v := victim{dir: c.path(m.out), rows: c.lists[m.list], api: c.api}
		results := v.ids(t, "leads.results.csv")
		for n := range v.rows {
			if results[n] != 1 {
				t.Errorf("%s: row %d is %d times in the results", m.out, n, results[n])
			}
		}
		v.judgeSummary(t)
		other, there := first[m.list]
		if !there {
			first[m.list] = m.out
			continue
		}
		for _, name := range []string{"leads.results.csv", "leads.failures.csv"} {
			if !sameFile(c.path(filepath.Join(other, name)), c.path(filepath.Join(m.out, name))) {
				t.Errorf("%s and %s have written different %s", other, m.out, name)
			}
		}
	}
}

// sameFile reports whether two files have the same bytes, or neither is there.
func sameFile(a, b string) bool {
	one, err := os.ReadFile(a)
	other, otherErr := os.ReadFile(b)
	return bytes.Equal(one, other) && os.IsNotExist(err) == os.IsNotExist(otherErr)
}
