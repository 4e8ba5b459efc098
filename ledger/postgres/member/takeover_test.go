package member_test

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/postgres/internal/connect"
	"enrich/ledger/postgres/member"
)

// kill ends a member as kill -9 of its process does: it cannot reach the database any more, and nothing is given back.
type mortal struct {
	tm   *team
	dead atomic.Bool
	mu   sync.Mutex
	all  []*connect.Conn
}

func (k *mortal) dial(ctx context.Context) (*connect.Conn, error) {
	if k.dead.Load() {
		return nil, context.DeadlineExceeded
	}
	c, err := k.tm.dial(ctx)
	if err == nil {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.all = append(k.all, c)
	}
	return c, err
}

func (k *mortal) kill() {
	k.dead.Store(true)
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, c := range k.all {
		_ = c.PgConn().Conn().Close()
	}
}

// joinMortal makes a member that can be killed. resurrect lets it reach the database again, as SIGCONT does.
func (tm *team) joinMortal(work int64, o member.Options) (m *member.Member, run int64, k *mortal) {
	tm.t.Helper()
	k = &mortal{tm: tm}
	run = tm.begin(work, 1)
	setup := tm.setup(run)
	setup.Dial = k.dial
	m, err := member.Join(tm.t.Context(), setup, o)
	check(tm.t, err)
	tm.t.Cleanup(func() { _ = m.Close() })
	return m, run, k
}

// A dead run is declared dead by one survivor, which alone reports its calls. What it was granted and has not used is returned, and
// the work is not finished.
func TestADeadRunIsTakenOverOnce(t *testing.T) {
	tm := newTeam(t)
	work := tm.work(100, 60)
	var survivors []*member.Member
	for range 3 {
		survivors = append(survivors, tm.join(work, member.Options{Timing: fast}))
	}
	victim, run, k := tm.joinMortal(work, member.Options{Timing: fast, Workers: 4})
	tm.exec("UPDATE enrich.run SET id = id WHERE id = $1", run)
	b := victim.Budget()
	for n := range 10 {
		if reached := b.Reserve(t.Context(), 1); reached != "" {
			t.Fatal(reached)
		}
		switch {
		case n < 3: // answered and charged, in the ledger
			check(t, addOutcome(t.Context(), tm.db, run, n, contact.Matched, 1))
			b.Settle(settled(contact.Matched, true), 0)
		case n == 3: // a no match returns its credit, not its call
			check(t, addOutcome(t.Context(), tm.db, run, n, contact.NoMatch, 1))
			b.Settle(settled(contact.NoMatch, false), 0)
		}
	}
	tm.claim(run, 6)
	died := time.Now()
	k.kill()
	eventually(t, "the claims are lost", func() bool {
		n := 0
		for _, m := range survivors {
			n += len(m.Interrupted())
		}
		return n == 6
	})
	if d := time.Since(died); d < 500*time.Millisecond {
		t.Errorf("declared dead after %v", d)
	}
	time.Sleep(300 * time.Millisecond)
	reported := 0
	for _, m := range survivors {
		if n := len(m.Interrupted()); n == 6 {
			reported++
		} else if n > 0 {
			t.Errorf("a survivor reports %d calls", n)
		}
	}
	if reported != 1 {
		t.Errorf("%d survivors report the calls", reported)
	}
	for what, n := range map[string][2]int64{
		"credits of the dead run":     {9, tm.number("SELECT granted_credits FROM enrich.run WHERE id = $1", run)},
		"calls of the dead run":       {10, tm.number("SELECT granted_calls FROM enrich.run WHERE id = $1", run)},
		"contacts left":               {1, tm.number("SELECT unsent::int FROM enrich.work")},
		"its number in the ledger":    {2, tm.number("SELECT state FROM enrich.run WHERE id = $1", run)},
		"granted calls of the work":   {0, tm.number("SELECT calls - (SELECT sum(granted_calls + granted_extra) FROM enrich.run)::bigint FROM enrich.work")},
		"granted credits of the work": {0, tm.number("SELECT credits - (SELECT sum(granted_credits) FROM enrich.run)::bigint FROM enrich.work")},
		"granted credits of the day":  {0, tm.number("SELECT sum(credits)::bigint - (SELECT sum(granted_credits) FROM enrich.run)::bigint FROM enrich.spending")},
		"counted credits of the key":  {9, tm.number("SELECT credits FROM enrich.account WHERE id = 1")},
	} {
		if n[0] != n[1] {
			t.Errorf("%s: %d, expected %d", what, n[1], n[0])
		}
	}
}

// A process that is stopped for longer than its lease makes no call when it continues. If it was declared dead meanwhile, it is
// told so.
func TestAStoppedProcessMakesNoCall(t *testing.T) {
	tm := newTeam(t)
	survivor := tm.join(0, member.Options{Timing: fast})
	m, run, k := tm.joinMortal(0, member.Options{Timing: fast})
	eventually(t, "a call is possible", func() bool { return m.Limiter().Take(time.Now()) == 0 })
	k.kill()
	stopped := time.Now()
	if d := lastCall(m).Sub(stopped); d > fast.Valid {
		t.Errorf("calls were made for %v after the last lease", d)
	}
	if !m.Pauser().Until().After(time.Now()) {
		t.Error("a request of a bulk job would be made")
	}
	if w, waits := m.Waiting(); !waits || w.Reason != member.WaitDatabase {
		t.Errorf("waiting %+v", w)
	}
	eventually(t, "it is declared dead", func() bool { return tm.number("SELECT state FROM enrich.run WHERE id = $1", run) == 2 })
	if m.Limiter().Take(time.Now()) == 0 {
		t.Error("a call is made")
	}
	k.dead.Store(false)
	err := m.Lost(t.Context())
	if err == nil || !strings.Contains(err.Error(), "declared it dead") || !isFenced(err) {
		t.Errorf("%v", err)
	}
	if _, err := m.Take(t.Context()); err == nil && tm.number("SELECT count(*) FROM enrich.work") > 0 {
		t.Error("it takes rows")
	}
	eventually(t, "the survivor is not held back", func() bool { return survivor.Limiter().Take(time.Now()) == 0 })
	check(t, m.Close())
}

func isFenced(err error) bool { return strings.Contains(err.Error(), ledger.ErrFenced.Error()) }

// A process that is stopped between its beginning and its first lease, and was declared dead meanwhile, is told so.
func TestARunThatIsDeadBeforeItsFirstLease(t *testing.T) {
	tm := newTeam(t)
	tm.join(0, member.Options{Timing: fast})
	run := tm.begin(0, 1)
	eventually(t, "it is declared dead", func() bool { return tm.number("SELECT state FROM enrich.run WHERE id = $1", run) == 2 })
	if _, err := member.Join(t.Context(), tm.setup(run), member.Options{}); !isFenced(err) || !strings.Contains(err.Error(), "before its first lease") {
		t.Errorf("%v", err)
	}
}

// While the database is away nobody is declared dead, however long that is, and all runs go on afterwards. The one that comes back
// first has time to declare the others dead: their beats are as old as the outage.
func TestNobodyIsDeclaredDeadInAnOutage(t *testing.T) {
	const outage = time.Hour
	tm := newTeam(t)
	work := tm.work(0, 0)
	var passed atomic.Int64 // of the outage, by the clock of all machines
	o := member.Options{
		MaxElapsed: 2 * outage, Now: func() time.Time { return time.Now().Add(time.Duration(passed.Load())) },
		Timing: member.Timing{Renew: fast.Renew, Valid: fast.Valid}, // and the usual patience: a slow machine is not dead in this test
	}
	var members []*member.Member
	var processes []*mortal
	for range 3 {
		m, _, k := tm.joinMortal(work, o)
		members, processes = append(members, m), append(processes, k)
	}
	beat := tm.number("SELECT max(beat) FROM enrich.run")
	eventually(t, "each has seen the others", func() bool { return tm.number("SELECT min(beat) FROM enrich.run") > beat+2 })
	for _, k := range processes[1:] {
		k.kill()
	}
	first := func() int64 { return tm.number("SELECT beat FROM enrich.run ORDER BY id LIMIT 1") }
	beat = first()
	eventually(t, "the first one has seen the last beats of the others", func() bool { return first() > beat+2 })
	processes[0].kill()
	passed.Add(int64(outage))
	for i, k := range processes {
		k.dead.Store(false)
		eventually(t, "calls are made again", func() bool { return members[i].Limiter().Take(o.Now()) == 0 })
		for wait := time.Now(); i == 0 && time.Since(wait) < time.Second; time.Sleep(10 * time.Millisecond) { // fifty leases
			if n := tm.number("SELECT count(*) FROM enrich.run WHERE state <> 0"); n > 0 {
				t.Fatalf("%d runs that are alive were declared dead", n)
			}
		}
	}
	if n := tm.number("SELECT count(*) FROM enrich.run WHERE state <> 0"); n > 0 {
		t.Errorf("%d runs that are alive were declared dead", n)
	}
}

// A run whose database is away for longer than --max-elapsed loses its lease.
func TestALongOutageEndsTheRun(t *testing.T) {
	tm := newTeam(t)
	m, _, k := tm.joinMortal(0, member.Options{Timing: fast, MaxElapsed: time.Second})
	k.kill()
	err := m.Lost(t.Context())
	if err == nil || !strings.Contains(err.Error(), ledger.ErrUnreachable.Error()) {
		t.Errorf("%v", err)
	}
	if reached := m.Budget().Reserve(t.Context(), 1); reached == "" && m.Limiter().Take(time.Now()) == 0 {
		t.Error("a call is made")
	}
}

// What a run had used that was dead before this one began does not count for the caps: the caps are those of one life of the work,
// and the ledger cannot know earlier that it has ended.
func TestTheCapsOfADeadWorkAreFreed(t *testing.T) {
	tm := newTeam(t)
	work := tm.work(10, 0)
	old, _, k := tm.joinMortal(work, member.Options{Timing: fast})
	for range 10 {
		if reached := old.Budget().Reserve(t.Context(), 1); reached != "" {
			t.Fatal(reached)
		}
	}
	k.kill()
	m := tm.join(work, member.Options{Timing: fast})
	for range 10 {
		if reached := m.Budget().Reserve(t.Context(), 1); reached != "" {
			t.Fatal(reached)
		}
		m.Budget().Settle(settled(contact.Matched, true), 0)
	}
	if reached := m.Budget().Reserve(t.Context(), 1); reached == "" {
		t.Error("the cap does not count")
	}
}
