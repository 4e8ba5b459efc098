package member_test

import (
	"context"
	"math/rand/v2"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"enrich/contact"
	"enrich/internal/localpg"
	"enrich/internal/localpg/pgbouncer"
	"enrich/internal/localpg/pgproxy"
	"enrich/internal/localpg/pgtest"
	"enrich/ledger/postgres/internal/connect"
	"enrich/ledger/postgres/member"
)

// cutting starts a proxy that cuts connections at random: before, while and after the server executes what it gets.
func cutting(t *testing.T, server *localpg.Server, part float64) *pgproxy.Proxy {
	t.Helper()
	proxy := pgtest.Proxy(t, server)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(seed, 1))
	proxy.OnBatch(func(_ context.Context, b pgproxy.Batch) pgproxy.Action {
		mu.Lock()
		defer mu.Unlock()
		if !b.Has("enrich.") || random.Float64() > part {
			return pgproxy.Forward
		}
		return []pgproxy.Action{pgproxy.CutBefore, pgproxy.CutAfter, pgproxy.CutSent}[random.IntN(3)]
	})
	return proxy
}

// stall delays a connection of a proxy.
func stall(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// through makes the setup of a run whose connections go through a proxy.
func (tm *team) through(proxy *pgproxy.Proxy, run int64) member.Setup {
	setup := tm.setup(run)
	url := proxy.URL(tm.url)
	setup.Dial = func(ctx context.Context) (*connect.Conn, error) { return dialURL(ctx, url) }
	return setup
}

// However often connections break, also after a commit whose reply is lost, the caps are reached exactly and not exceeded.
func TestCapsAreExactWhenConnectionsBreak(t *testing.T) {
	tm := newTeam(t)
	work := tm.work(400, 300)
	proxy := cutting(t, shared.Server(t), 0.1)
	var calls, credits atomic.Int64
	var runs sync.WaitGroup
	var members []*member.Member
	for range 3 {
		m, err := member.Join(t.Context(), tm.through(proxy, tm.begin(work, 1)), member.Options{Workers: 4, Timing: member.Timing{Renew: 20 * time.Millisecond, Patience: time.Minute}})
		check(t, err)
		members = append(members, m)
	}
	for _, m := range members {
		runs.Go(func() {
			b := m.Budget()
			for n := 0; ; n++ {
				if reached := b.Reserve(t.Context(), 1); reached != "" {
					t.Log(reached)
					return
				}
				calls.Add(1)
				if n%4 == 1 {
					b.Settle(settled(contact.NoMatch, false), 0)
					continue
				}
				credits.Add(1)
				b.Settle(settled(contact.Matched, true), 0)
			}
		})
	}
	runs.Wait()
	proxy.OnBatch(nil)
	for _, m := range members {
		check(t, m.Close())
	}
	if c, k := calls.Load(), credits.Load(); c > 400 || k > 300 || c < 400 && k < 300 {
		t.Errorf("%d calls and %d credits", c, k)
	}
	if n := tm.number("SELECT calls FROM enrich.work"); n != calls.Load() {
		t.Errorf("the ledger counts %d calls, made were %d", n, calls.Load())
	}
	if n := tm.number("SELECT sum(credits)::bigint FROM enrich.spending"); n != credits.Load() {
		t.Errorf("the ledger counts %d credits, spent were %d", n, credits.Load())
	}
}

// A chunk whose transaction was committed without a reply is not lost.
func TestNoChunkIsSkippedWhenConnectionsBreak(t *testing.T) {
	tm := newTeam(t)
	work := tm.work(0, 0)
	proxy := cutting(t, shared.Server(t), 0.2)
	m, err := member.Join(t.Context(), tm.through(proxy, tm.begin(work, 1)), member.Options{})
	check(t, err)
	for expected := range int64(60) {
		if chunk, err := m.Take(t.Context()); err != nil || chunk != expected {
			t.Fatalf("chunk %d, expected %d: %v", chunk, expected, err)
		}
	}
	proxy.OnBatch(nil)
	check(t, m.Close())
}

// The database is killed and comes back: no call is made without a lease, the caps stay exact, and the runs go on.
func TestTheDatabaseIsKilled(t *testing.T) {
	server := pgtest.Start(t, localpg.Options{})
	url, err := server.CreateDatabase(t.Context(), "ledger")
	check(t, err)
	check(t, createLedger(url))
	tm := newTeamAt(t, url)
	work := tm.work(3000, 0)
	var calls atomic.Int64
	var runs sync.WaitGroup
	var members []*member.Member
	for range 2 {
		members = append(members, tm.join(work, member.Options{Workers: 4, Timing: member.Timing{Patience: time.Minute}}))
	}
	for _, m := range members {
		runs.Go(func() {
			for m.Budget().Reserve(t.Context(), 1) == "" {
				for m.Limiter().Take(time.Now()) > 0 {
					time.Sleep(time.Millisecond)
				}
				calls.Add(1)
				time.Sleep(time.Millisecond)
				m.Budget().Settle(settled(contact.Matched, true), 0)
			}
		})
	}
	for range 2 {
		time.Sleep(300 * time.Millisecond)
		check(t, server.Kill())
		time.Sleep(100 * time.Millisecond)
		check(t, server.Restart(t.Context()))
	}
	runs.Wait()
	if n := calls.Load(); n != 3000 {
		t.Errorf("%d calls", n)
	}
	db, err := tm.dial(t.Context())
	check(t, err)
	_ = tm.db.Close(context.Background())
	tm.db = db
	if n := tm.number("SELECT count(*) FROM enrich.run WHERE state <> 0"); n > 0 {
		t.Errorf("%d runs were declared dead", n)
	}
}

// A stop is seen although the connection that listens breaks all the time.
func TestAStopIsSeenWhenTheListenerBreaks(t *testing.T) {
	tm := newTeam(t)
	a := tm.join(0, member.Options{})
	proxy := pgtest.Proxy(t, shared.Server(t))
	proxy.OnBatch(func(_ context.Context, b pgproxy.Batch) pgproxy.Action {
		if b.Has("listen") {
			return pgproxy.CutBefore
		}
		return pgproxy.Forward
	})
	m, err := member.Join(t.Context(), tm.through(proxy, tm.begin(0, 1)), member.Options{})
	check(t, err)
	a.Stop(contact.StopUnauthorized, "")
	stopped := time.Now()
	if d := lastCall(m).Sub(stopped); d > 2*time.Second {
		t.Errorf("calls were made for %v", d)
	}
	check(t, m.Close())
}

// Machines whose clocks are hours apart share a pause, a rate and a work, and none declares another dead.
func TestClocksHoursApart(t *testing.T) {
	tm := newTeam(t)
	work := tm.work(0, 0)
	const patience = 3 * time.Second // longer than a machine that is busy with other tests may stop for
	var members []*member.Member
	offsets := []time.Duration{0, time.Hour, -2 * time.Hour}
	for _, offset := range offsets {
		members = append(members, tm.join(work, member.Options{
			Timing: member.Timing{Patience: patience}, RateCalls: 100, RatePer: time.Second, Now: func() time.Time { return time.Now().Add(offset) },
		}))
	}
	// longer than it takes to declare a run dead
	callTest{workers: 2, span: patience + 2*time.Second, per: time.Second, least: 100, limit: 100, within: time.Second}.check(t, members...)
	const length = 5 * time.Second
	members[1].Pauser().Begin(time.Now().Add(offsets[1]), length)
	for i, m := range members {
		eventually(t, "it is paused", func() bool {
			left := time.Until(m.Pauser().Until().Add(-offsets[i]))
			return left > length/5 && left <= length+200*time.Millisecond
		})
	}
	if n := tm.number("SELECT count(*) FROM enrich.run WHERE state <> 0"); n > 0 {
		t.Errorf("%d runs that are alive were declared dead", n)
	}
	for i, m := range members {
		if chunk, err := m.Take(t.Context()); err != nil || chunk != int64(i) {
			t.Errorf("chunk %d, %v", chunk, err)
		}
	}
}

// The clock of the database's server is set back by hours, as when another server takes over: the rate and the pause go on.
func TestTheDatabasesClockIsSetBack(t *testing.T) {
	tm := newTeam(t)
	tm.exec("UPDATE enrich.api SET tat = now() + interval '3 hours', pause_until = now() + interval '3 hours', pause_ms = 500")
	m := tm.join(0, member.Options{RateCalls: 20, RatePer: time.Second})
	eventually(t, "the pause has ended", func() bool { return !m.Pauser().Until().After(time.Now()) })
	callTest{workers: 1, span: 2 * time.Second, per: time.Second, least: 15, limit: 20, within: time.Second}.check(t, m)
}

// Behind a pooler in transaction mode nothing is notified: a stop is seen with a lease, within 2 s.
func TestAStopIsSeenBehindAPooler(t *testing.T) {
	tm := newTeam(t)
	pooler := pgtest.Pooler(t, shared.Server(t), pgbouncer.Options{Mode: pgbouncer.Transaction})
	setup := tm.setup(tm.begin(0, 1))
	url := pooler.URL(tm.url)
	setup.Dial = func(ctx context.Context) (*connect.Conn, error) { return dialURL(ctx, url) }
	m, err := member.Join(t.Context(), setup, member.Options{})
	check(t, err)
	a := tm.join(0, member.Options{})
	a.Stop(contact.StopUnauthorized, "")
	stopped := time.Now()
	if d := lastCall(m).Sub(stopped); d > 2*time.Second {
		t.Errorf("calls were made for %v", d)
	}
	_ = m.Close() // it needs statements that another session may have prepared
}

// The network to the database is slow, so that to connect takes longer than a lease does: a run whose connection breaks is connected
// again, and renews its lease.
func TestASlowNetwork(t *testing.T) {
	const delay = 300 * time.Millisecond
	tm := newTeam(t)
	proxy := pgtest.Proxy(t, shared.Server(t))
	var cut atomic.Bool
	proxy.OnBatch(func(ctx context.Context, b pgproxy.Batch) pgproxy.Action {
		if b.Has("set beat") && cut.CompareAndSwap(true, false) {
			return pgproxy.CutBefore
		}
		stall(ctx, delay)
		return pgproxy.Forward
	})
	m, err := member.Join(t.Context(), tm.through(proxy, tm.begin(0, 1)), member.Options{})
	check(t, err)
	cut.Store(true)
	eventually(t, "the lease is not renewed", func() bool { return !cut.Load() && m.Limiter().Take(time.Now()) > 0 })
	eventually(t, "the lease is renewed", func() bool { return m.Limiter().Take(time.Now()) == 0 })
	check(t, m.Close())
}

// The first host of the URL accepts connections and never answers, as one that a firewall cut off: when the connection breaks, the
// lease is renewed at the second host.
func TestTheFirstHostDoesNotAnswer(t *testing.T) {
	tm := newTeam(t)
	silent, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	check(t, err)
	defer func() { check(t, silent.Close()) }()
	proxy := pgtest.Proxy(t, shared.Server(t))
	both, err := url.Parse(proxy.URL(tm.url))
	check(t, err)
	both.Host = silent.Addr().String() + "," + both.Host
	both.RawQuery += "&connect_timeout=3" // longer than the first attempt may take
	setup := tm.setup(tm.begin(0, 1))
	setup.Dial = func(ctx context.Context) (*connect.Conn, error) { return dialURL(ctx, both.String()) }
	m, err := member.Join(t.Context(), setup, member.Options{})
	check(t, err)
	proxy.OnBatch(pgproxy.Once(func(b pgproxy.Batch) bool { return b.Has("set beat") }, pgproxy.CutBefore))
	eventually(t, "the lease is not renewed", func() bool { return m.Limiter().Take(time.Now()) > 0 })
	eventually(t, "the lease is renewed", func() bool { return m.Limiter().Take(time.Now()) == 0 })
	check(t, m.Close())
}

// A database that takes longer for a lease than it usually may is waited for: the lease is renewed, although no call is made in time.
func TestASlowDatabase(t *testing.T) {
	const slow = 3 * time.Second // longer than the first attempt may take
	tm := newTeam(t)
	proxy := pgtest.Proxy(t, shared.Server(t))
	var slowly atomic.Bool
	proxy.OnBatch(func(ctx context.Context, b pgproxy.Batch) pgproxy.Action {
		if slowly.Load() && b.Has("set beat") {
			stall(ctx, slow)
		}
		return pgproxy.Forward
	})
	m, err := member.Join(t.Context(), tm.through(proxy, tm.begin(0, 1)), member.Options{})
	check(t, err)
	slowly.Store(true)
	renewals := map[time.Time]bool{}
	eventually(t, "the lease is renewed", func() bool {
		if w, waits := m.Waiting(); waits {
			renewals[w.Until] = true // which is counted from the last renewal
		}
		return len(renewals) > 2
	})
	slowly.Store(false)
	eventually(t, "calls are made again", func() bool { return m.Limiter().Take(time.Now()) == 0 })
	check(t, m.Close())
}

// A lease is one round trip, and the server does not plan its statements again: a fast run has many leases a second.
func TestALeaseIsOneRoundTrip(t *testing.T) {
	const leases, atStart = 100, 20 // what a connection begins with: its settings, and the statements that are prepared
	tm := newTeam(t)
	proxy := pgtest.Proxy(t, shared.Server(t))
	var mu sync.Mutex
	batches, renewals := map[int]int{}, map[int]int{} // of each connection
	var most int
	enough := make(chan struct{})
	proxy.OnBatch(func(_ context.Context, b pgproxy.Batch) pgproxy.Action {
		mu.Lock()
		defer mu.Unlock()
		if most == leases {
			return pgproxy.Forward
		}
		batches[b.Conn]++
		if b.Has("set beat") {
			renewals[b.Conn]++
		}
		if renewals[b.Conn] == leases {
			most = leases
			close(enough)
		}
		return pgproxy.Forward
	})
	m, err := member.Join(t.Context(), tm.through(proxy, tm.begin(tm.work(0, 0), 1)), member.Options{Workers: 4, Timing: member.Timing{Renew: time.Millisecond}})
	check(t, err)
	select {
	case <-enough:
	case <-time.After(time.Minute):
		t.Error("too few leases in a minute")
	}
	check(t, m.Close())
	mu.Lock()
	defer mu.Unlock()
	for conn, n := range renewals {
		if batches[conn] > n+atStart {
			t.Errorf("%d leases took %d round trips", n, batches[conn])
		}
	}
}
