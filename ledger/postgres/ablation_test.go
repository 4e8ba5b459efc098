package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"enrich/contact"
	"enrich/internal/debian"
	"enrich/internal/localpg/pgproxy"
	"enrich/internal/localpg/pgtest"
	"enrich/ledger"
	"enrich/ledger/ledgertest"
	"enrich/ledger/postgres"
)

// TestAblations: without each of the rules that keep the promises, the test of that rule fails. An asynchronous standby is the one that
// is not a tag: see TestAnAsynchronousStandbyTakesOver in cmd/enrich.
func TestAblations(t *testing.T) {
	debian.SkipIfShort(t) // it compiles the tests for each tag
	t.Parallel()
	for _, a := range []struct{ tag, test, folder, says string }{
		{"ablation_nofence", "TestNoContactIsCalledAgainAfterALostCommit", ".", "a contact that was paid for is called again"},
		{"ablation_redo", "TestARedoKnowsItsOwnClaims", ".", "it was claimed twice"},
		{"ablation_unsorted", "TestClaimsInOppositeOrders", ".", "have waited for each other"},
		{"ablation_dbclock", "TestNobodyIsDeclaredDeadInAnOutage", "./member", "runs that are alive were declared dead"},
	} {
		t.Run(a.tag, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-vet=off", "-pgo=off", "-timeout=5m", "-tags="+a.tag, "-run=^"+a.test+"$", a.folder)
			cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || !strings.Contains(string(out), "--- FAIL: "+a.test) || !strings.Contains(string(out), a.says) {
				t.Errorf("%s did not fail as it should: %v\n%s", a.test, err, out)
			}
			t.Logf("%s of processor time", cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
		})
	}
}

// TestARedoKnowsItsOwnClaims: after a commit whose reply was lost, a contact that the run has claimed by an earlier commit is not
// claimed a second time.
func TestARedoKnowsItsOwnClaims(t *testing.T) {
	url := newLedger(t)
	proxy := pgtest.Proxy(t, shared.Server(t))
	l := open(t, postgres.Options{URL: proxy.URL(url)})
	run := ledgertest.Begin(t, l)
	claim(t, l, run, ledgertest.Person(1))
	proxy.OnBatch(pgproxy.Once(func(b pgproxy.Batch) bool { return b.Commits && b.Has("update enrich.run set commits") }, pgproxy.CutAfter))
	if claimed := claim(t, l, run, ledgertest.Person(1), ledgertest.Person(2)); claimed[0] || !claimed[1] {
		t.Errorf("claimed %v: it was claimed twice", claimed)
	}
}

// TestClaimsInOppositeOrders: runs that claim the same contacts in opposite orders do not wait for each other. They meet at the second of
// three contacts, which a third transaction keeps until both wait.
func TestClaimsInOppositeOrders(t *testing.T) {
	url := newLedger(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	stores := make([]*postgres.Ledger, 2)
	runs := make([]int64, len(stores))
	for i := range stores {
		stores[i] = open(t, postgres.Options{URL: url})
		runs[i] = ledgertest.Begin(t, stores[i])
	}
	held, err := pgx.Connect(ctx, url)
	check(t, err)
	defer func() { check(t, held.Close(ctx)) }()
	for round, seen := range []ledger.Version{0, 1} { // contacts that may have rows, and new ones
		intents := make([]ledger.Intent, 3)
		for i := range intents {
			intents[i] = ledgertest.Person(10*round + i)
			intents[i].Seen = seen
		}
		tx, err := held.Begin(ctx)
		check(t, err)
		_, err = tx.Exec(ctx, "INSERT INTO enrich.contact (key, email, ref) VALUES ($1, $2, 0)", [16]byte(intents[1].Keys.Request), [16]byte(intents[1].Keys.Email))
		check(t, err)
		var claims sync.WaitGroup
		for i, l := range stores {
			mine := slices.Clone(intents)
			if i > 0 {
				slices.Reverse(mine)
			}
			claims.Go(func() {
				if _, err := l.Commit(ctx, runs[i], mine, []contact.Outcome{}); err != nil {
					t.Error(err)
				}
			})
		}
		for query(t, url, waitingForLocks)[0][0] != int64(len(stores)) && ctx.Err() == nil {
			time.Sleep(time.Millisecond) // it is other processes that wait
		}
		check(t, tx.Rollback(ctx))
		claims.Wait()
	}
	for line := range strings.Lines(shared.Server(t).Log()) {
		if strings.Contains(line, fmt.Sprintf("@%s ", databaseOf(url))) && strings.Contains(line, "deadlock detected") {
			t.Fatalf("transactions have waited for each other: %s", line)
		}
	}
}
