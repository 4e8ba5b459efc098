package postgres_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"enrich/internal/localpg/pgproxy"
	"enrich/internal/localpg/pgtest"
	"enrich/ledger"
	"enrich/ledger/ledgertest"
	"enrich/ledger/postgres"
)

// Opening a ledger is tried again at whatever batch the connection breaks, and reports each lost call once.
func TestOpeningIsTriedAgain(t *testing.T) {
	for _, readOnly := range []bool{false, true} {
		t.Run(fmt.Sprintf("read only %t", readOnly), func(t *testing.T) {
			url := newLedger(t)
			claimed := 0
			cutEach(t, url, func(proxied string, n int) {
				if n == 1 || !readOnly { // a store that is read only leaves the lost call to the next run
					claimed++
					l := open(t, postgres.Options{URL: url})
					ledgertest.Commit(t, l, ledgertest.Begin(t, l), []ledger.Intent{ledgertest.Person(claimed)})
					check(t, l.Close())
				}
				l, err := postgres.Open(t.Context(), postgres.Options{URL: proxied, ReadOnly: readOnly, MustExist: true})
				if err != nil {
					t.Fatalf("the connection was cut at batch %d: %v", n, err)
				}
				if calls := l.InterruptedCalls(); len(calls) != 1 {
					t.Errorf("the connection was cut at batch %d: %d lost calls", n, len(calls))
				}
				check(t, l.Close())
			})
		})
	}
}

// So is its creation.
func TestCreatingIsTriedAgain(t *testing.T) {
	url := newLedger(t)
	cutEach(t, url, func(proxied string, n int) {
		if _, _, err := postgres.Init(t.Context(), postgres.Options{URL: proxied}); err != nil {
			t.Fatalf("the connection was cut at batch %d: %v", n, err)
		}
	})
}

// cutEach calls do again and again: its connection breaks at the first batch, then at the second, and so on up to the last one. The
// server has run every other of these batches.
func cutEach(t *testing.T, url string, do func(proxied string, n int)) {
	t.Helper()
	proxy := pgtest.Proxy(t, shared.Server(t))
	for n := 1; ; n++ {
		var seen atomic.Int64
		var cut atomic.Bool
		proxy.OnBatch(func(context.Context, pgproxy.Batch) pgproxy.Action {
			if seen.Add(1) != int64(n) {
				return pgproxy.Forward
			}
			cut.Store(true)
			if n%2 == 0 {
				return pgproxy.CutBefore
			}
			return pgproxy.CutAfter
		})
		do(proxy.URL(url), n)
		if !cut.Load() {
			if n < 5 {
				t.Errorf("it has only %d batches", n-1)
			}
			return
		}
	}
}
