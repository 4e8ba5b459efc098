package postgres_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"enrich/contact"
	"enrich/internal/localpg"
	"enrich/internal/localpg/pgproxy"
	"enrich/internal/localpg/pgtest"
	"enrich/ledger"
	"enrich/ledger/ledgertest"
	"enrich/ledger/postgres"
)

// A commit whose connection breaks is made once, at whatever instant it breaks, and its claims are known.
func TestACommitIsMadeOnceIfItsConnectionBreaks(t *testing.T) {
	server := shared.Server(t)
	for name, action := range map[string]pgproxy.Action{"before": pgproxy.CutBefore, "after": pgproxy.CutAfter, "sent": pgproxy.CutSent} {
		for _, times := range []int{1, 3} {
			t.Run(name, func(t *testing.T) {
				url := newLedger(t)
				proxy := pgtest.Proxy(t, server)
				l := open(t, postgres.Options{URL: proxy.URL(url)})
				rival := open(t, postgres.Options{URL: url})
				run, other := ledgertest.Begin(t, l), ledgertest.Begin(t, rival)
				claim(t, rival, other, ledgertest.Person(7))
				left := times
				proxy.OnBatch(func(_ context.Context, b pgproxy.Batch) pgproxy.Action {
					if left == 0 || !b.Commits || !b.Has("update enrich.run set commits") && !(len(b.Statements) == 1 && b.Has("commit")) {
						return pgproxy.Forward
					}
					left--
					return action
				})
				intents := []ledger.Intent{ledgertest.Person(1), ledgertest.Person(7), ledgertest.Person(2)}
				for i := range intents {
					intents[i].Seen = 1
				}
				claimed := claim(t, l, run, intents...)
				if left != 0 {
					t.Fatalf("%d connections were not cut", left)
				}
				if !claimed[0] || claimed[1] || !claimed[2] {
					t.Errorf("claimed %v", claimed)
				}
				left = times
				if got, err := l.Commit(t.Context(), run, []ledger.Intent{seen(t, l, 3)}, []contact.Outcome{ledgertest.Outcome(1, contact.Matched), ledgertest.Outcome(2, contact.Lost)}); err != nil || !got[0] {
					t.Error(got, err)
				}
				ledgertest.Commit(t, l, run, nil, ledgertest.Outcome(3, contact.Matched))
				ledgertest.Commit(t, rival, other, nil, ledgertest.Outcome(7, contact.Matched))
				check(t, l.Finish(t.Context(), run, "", 0))
				if v := ledgertest.Valid(t, rival); v.Outcomes != 4 || v.Intents != 4 {
					t.Errorf("%+v", v)
				}
				if rows := query(t, url, "SELECT commits, outcomes FROM enrich.run WHERE id = $1", run); rows[0][0] != int64(3) || rows[0][1] != int64(3) {
					t.Errorf("commits and outcomes of the run: %v", rows)
				}
			})
		}
	}
}

// A commit that meets another run's claims is made again, once. The next ones expect such claims, so they are made in one round trip.
func TestCommitsThatMeetTheClaimsOfAnotherRun(t *testing.T) {
	const commits = 20
	url := newLedger(t)
	proxy := pgtest.Proxy(t, shared.Server(t))
	rival, l := open(t, postgres.Options{URL: url}), open(t, postgres.Options{URL: proxy.URL(url)})
	other, run := ledgertest.Begin(t, rival), ledgertest.Begin(t, l)
	var tries atomic.Int64
	proxy.OnBatch(func(_ context.Context, b pgproxy.Batch) pgproxy.Action {
		if b.Has("insert into enrich.intent") {
			tries.Add(1)
		}
		return pgproxy.Forward
	})
	person := func(n int) ledger.Intent {
		i := ledgertest.Person(n)
		i.Seen = 1
		return i
	}
	for n := range commits {
		claim(t, rival, other, person(2*n))
		if got := claim(t, l, run, person(2*n), person(2*n+1)); got[0] || !got[1] {
			t.Fatalf("commit %d has claimed %v", n, got)
		}
	}
	if n := tries.Load(); n != commits+1 {
		t.Errorf("%d commits took %d tries", commits, n)
	}
	ledgertest.Valid(t, rival)
}

// A run that was taken over claims nothing more, and its late answers are recorded.
func TestAFencedRunRecordsItsLateAnswers(t *testing.T) {
	url := newLedger(t)
	l := open(t, postgres.Options{URL: url})
	run := ledgertest.Begin(t, l)
	ledgertest.Commit(t, l, run, []ledger.Intent{ledgertest.Person(1), ledgertest.Person(2), ledgertest.Person(4)})
	survivor := open(t, postgres.Options{URL: url}.PresumeDead(func(id int64) bool { return id == run }))
	if n := len(survivor.InterruptedCalls()); n != 3 {
		t.Fatalf("%d lost calls", n)
	}
	other := ledgertest.Begin(t, survivor)
	if got := claim(t, survivor, other, seen(t, survivor, 2)); !got[0] {
		t.Fatal("a lost contact was not claimed")
	}
	claimed, err := l.Commit(t.Context(), run, []ledger.Intent{ledgertest.Person(3)}, []contact.Outcome{ledgertest.Outcome(1, contact.Matched)})
	if err != nil || claimed[0] {
		t.Errorf("a fenced run claimed %v, %v", claimed, err)
	}
	ledgertest.Commit(t, l, run, nil, ledgertest.Outcome(2, contact.Matched))
	if s := ledgertest.State(t, survivor, ledgertest.Person(1).Keys); s.Kind != contact.Matched || s.Lost != 0 {
		t.Errorf("the late answer: %+v", s)
	}
	if s := ledgertest.State(t, l, ledgertest.Person(2).Keys); s.Kind != contact.Matched || !s.ClaimedElsewhere {
		t.Errorf("the late answer of a contact that was claimed again: %+v", s)
	}
	ledgertest.Commit(t, l, run, nil, ledgertest.Outcome(4, contact.Lost)) // its takeover has recorded that
	if s := ledgertest.State(t, survivor, ledgertest.Person(4).Keys); s.Kind != contact.Lost || s.Lost != 1 {
		t.Errorf("a call that was lost with its run, and then for the run: %+v", s)
	}
	ledgertest.Commit(t, survivor, other, nil, ledgertest.Outcome(2, contact.Refused))
	check(t, survivor.Finish(t.Context(), other, "", 0))
	if v := ledgertest.Valid(t, survivor); v.Outcomes != 6 {
		t.Errorf("%+v", v)
	}
}

// A run whose acknowledged commits the database has lost stops, and its last answers are in a file. The contact that the database has
// forgotten is new to it: if the run went on, it would call it again.
func TestNoContactIsCalledAgainAfterALostCommit(t *testing.T) {
	url, folder := newLedger(t), t.TempDir()
	l := open(t, postgres.Options{URL: url, Uncommitted: folder})
	run := ledgertest.Begin(t, l)
	ledgertest.Commit(t, l, run, []ledger.Intent{ledgertest.Person(1)})
	rewind := rewinder(t, url)
	ledgertest.Commit(t, l, run, []ledger.Intent{ledgertest.Person(2)})
	ledgertest.Commit(t, l, run, nil, ledgertest.Outcome(2, contact.Matched))
	rewind()
	claimed, err := l.Commit(t.Context(), run, []ledger.Intent{seen(t, l, 2)}, []contact.Outcome{ledgertest.Outcome(1, contact.Matched)})
	if err == nil && claimed[0] {
		t.Fatal("a contact that was paid for is called again")
	}
	if !errors.Is(err, ledger.ErrFenced) || !errors.Is(err, postgres.ErrRewound) {
		t.Error(err)
	}
	if names := files(t, folder); len(names) != 1 {
		t.Errorf("files: %v", names)
	}
	if _, err := l.Commit(t.Context(), run, []ledger.Intent{ledgertest.Person(3)}, nil); !errors.Is(err, ledger.ErrFailed) {
		t.Error(err)
	}
}

// rewinder copies a database. rewind puts the copy in its place, as a standby that was behind takes the place of its primary. Both break
// all connections to the database.
func rewinder(t testing.TB, url string) (rewind func()) {
	t.Helper()
	server, name := shared.Server(t), databaseOf(url)
	exec := func(sql string) { t.Helper(); check(t, server.Exec(t.Context(), sql)) }
	exec("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '" + name + "'")
	_, err := server.CopyDatabase(t.Context(), name, name+"_before")
	check(t, err)
	return func() {
		exec("DROP DATABASE " + name + " WITH (FORCE)")
		exec("ALTER DATABASE " + name + "_before RENAME TO " + name)
	}
}

// databaseOf returns the name of the database of a URL.
func databaseOf(url string) string {
	name, _, _ := strings.Cut(url[strings.LastIndexByte(url, '/')+1:], "?")
	return name
}

func files(t testing.TB, folder string) (paths []string) {
	entries, err := os.ReadDir(folder)
	check(t, err)
	for _, e := range entries {
		paths = append(paths, filepath.Join(folder, e.Name()))
	}
	return paths
}

// A database that is killed and comes back loses no commit. If it does not come back in time, the answers are in a file that can be
// added later, once.
func TestADatabaseGoesAway(t *testing.T) {
	server := pgtest.Start(t, localpg.Options{})
	url, err := server.CreateDatabase(t.Context(), "ledger")
	check(t, err)
	_, _, err = postgres.Init(t.Context(), postgres.Options{URL: url})
	check(t, err)
	folder, waits := t.TempDir(), 0
	waiting := func(err error, _ time.Duration) {
		if err != nil {
			waits++
		}
	}
	l := open(t, postgres.Options{URL: url, Uncommitted: folder, MaxElapsed: time.Minute, Waiting: waiting})
	run := ledgertest.Begin(t, l)
	ledgertest.Commit(t, l, run, []ledger.Intent{ledgertest.Person(1), ledgertest.Person(2), ledgertest.Person(3)})
	check(t, server.Kill())
	restarted := make(chan error, 1)
	go func() { restarted <- server.Restart(t.Context()) }()
	ledgertest.Commit(t, l, run, nil, ledgertest.Outcome(1, contact.Matched))
	check(t, <-restarted)
	if waits == 0 {
		t.Error("the wait was not reported")
	}
	l.SetMaxElapsed(300 * time.Millisecond)
	check(t, server.Stop())
	answer := ledgertest.Outcome(2, contact.Matched)
	answer.Body = []byte("{\"contact\":{\"title\":\"\xff\"}}")
	if _, err := l.Commit(t.Context(), run, nil, []contact.Outcome{answer}); !errors.Is(err, ledger.ErrUnreachable) || !strings.Contains(err.Error(), folder) {
		t.Error(err)
	}
	if _, err := l.Commit(t.Context(), run, nil, []contact.Outcome{ledgertest.Outcome(3, contact.NoMatch)}); !errors.Is(err, ledger.ErrFailed) {
		t.Error(err)
	}
	l.Drop()
	paths := files(t, folder)
	if len(paths) != 1 {
		t.Fatalf("files: %v", paths)
	}
	if info, err := os.Stat(paths[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info, err)
	}
	check(t, server.Restart(t.Context()))
	var said []string
	later := open(t, postgres.Options{URL: url, Warn: func(text string) { said = append(said, text) }}.WithTiming(fast))
	conn, err := pgx.Connect(t.Context(), url)
	check(t, err)
	defer func() { check(t, conn.Close(context.WithoutCancel(t.Context()))) }()
	var stop atomic.Bool
	beating := make(chan struct{})
	go func() {
		defer close(beating)
		for err := error(nil); err == nil && !stop.Load(); {
			_, err = conn.Exec(t.Context(), "UPDATE enrich.run SET beat = beat + 1")
		}
	}()
	if _, _, err := addFile(t, later, paths[0]); !errors.Is(err, ledger.ErrLocked) {
		t.Errorf("of a run that is live: %v", err)
	}
	stop.Store(true)
	<-beating
	for _, expected := range []int{2, 0} {
		if added, known, err := addFile(t, later, paths[0]); err != nil || added != expected || known != 2-expected {
			t.Errorf("added %d, known %d; %v", added, known, err)
		}
	}
	if len(said) == 0 || !strings.Contains(said[0], "run 1 has not said") {
		t.Errorf("it said %q", said)
	}
	if o := ledgertest.State(t, later, answer.Keys); o.Kind != contact.Matched {
		t.Errorf("%+v", o)
	}
	if v := ledgertest.Valid(t, later); v.Outcomes != 5 { // two lost calls
		t.Errorf("%+v", v)
	}
}

// startPair starts a server with a ledger, whose URL it returns, and a synchronous standby.
func startPair(t *testing.T) (server *localpg.Server, standby *localpg.Standby, url string) {
	t.Helper()
	server = pgtest.Start(t, localpg.Options{})
	url, err := server.CreateDatabase(t.Context(), "ledger")
	check(t, err)
	_, _, err = postgres.Init(t.Context(), postgres.Options{URL: url})
	check(t, err)
	return server, pgtest.Standby(t, server, true), url
}

// An address that moves to a standby before it is promoted is waited for, too. A standby that was never the primary is refused.
func TestAFailoverOfAnAddress(t *testing.T) {
	server, standby, url := startPair(t)
	address := pgtest.Proxy(t, server)
	waiting := make(chan error, 100)
	o := postgres.Options{URL: address.URL(url), RequireSync: true, MaxElapsed: time.Minute}
	o.Waiting = func(err error, _ time.Duration) {
		select {
		case waiting <- err:
		default:
		}
	}
	l := open(t, o)
	run := ledgertest.Begin(t, l)
	ledgertest.Commit(t, l, run, []ledger.Intent{ledgertest.Person(1)}, ledgertest.Outcome(1, contact.Matched))
	check(t, server.Kill())
	address.Redirect(standby.Addr())
	address.Cut()
	committed := make(chan error, 1)
	go func() {
		_, err := l.Commit(t.Context(), run, []ledger.Intent{ledgertest.Person(2)}, nil)
		committed <- err
	}()
	if why := <-waiting; why == nil {
		t.Error("it waits without a reason")
	}
	select {
	case err := <-committed:
		t.Fatalf("committed before the standby was promoted: %v", err)
	case <-time.After(time.Second): // the standby has no clock that could be passed in
	}
	refused(t, "a standby at an address", o, postgres.ErrStandby)
	check(t, standby.Promote(t.Context()))
	check(t, <-committed)
	if v := ledgertest.Valid(t, l); v.Outcomes != 1 || v.Intents != 2 {
		t.Errorf("%+v", v)
	}
}

func addFile(t testing.TB, l *postgres.Ledger, path string) (added, known int, err error) {
	file, err := os.Open(path)
	check(t, err)
	defer func() { check(t, file.Close()) }()
	return l.AddUncommitted(t.Context(), file)
}

// A commit waits for a failover: after the primary is lost, the run goes on with the standby, which has what was acknowledged.
func TestAFailover(t *testing.T) {
	server, standby, _ := startPair(t)
	hosts := "postgres://postgres@" + server.Addr() + "," + standby.Addr() + "/ledger?sslmode=disable&target_session_attrs=read-write"
	l := open(t, postgres.Options{URL: hosts, RequireSync: true, MaxElapsed: time.Minute})
	run := ledgertest.Begin(t, l)
	ledgertest.Commit(t, l, run, []ledger.Intent{ledgertest.Person(1), ledgertest.Person(2)})
	ledgertest.Commit(t, l, run, nil, ledgertest.Outcome(1, contact.Matched))
	check(t, server.Kill())
	promoted := make(chan error, 1)
	go func() { promoted <- standby.Promote(t.Context()) }()
	ledgertest.Commit(t, l, run, []ledger.Intent{seen(t, l, 3)}, ledgertest.Outcome(2, contact.Matched))
	check(t, <-promoted)
	if v := ledgertest.Valid(t, l); v.Outcomes != 2 || v.Intents != 3 {
		t.Errorf("%+v", v)
	}
}
