package postgres_test

import (
	"cmp"
	"context"
	"fmt"
	"testing"

	"enrich/internal/debian"
	"enrich/ledger"
	"enrich/ledger/ledgertest"
	"enrich/ledger/postgres"
)

func TestConformance(t *testing.T) {
	debian.SkipIfShort(t) // one goroutine does one thing after the other
	ledgertest.Run(t, newBackend)
}

// A backend is a ledger in a database of its own, which is created when it is opened for writing. Before that, readers have an empty
// database.
type backend struct {
	t          testing.TB
	url, empty string
	dead       map[int64]bool // the runs whose store was killed
}

func newBackend(t testing.TB) ledgertest.Backend { return &backend{t: t, dead: map[int64]bool{}} }

func (b *backend) Open(ctx context.Context, o ledgertest.Options) (ledger.Store, error) {
	switch {
	case b.url == "" && !o.ReadOnly:
		b.url = newLedger(b.t)
	case b.url == "" && b.empty == "":
		b.empty = shared.Database(b.t)
	}
	options := postgres.Options{URL: cmp.Or(b.url, b.empty), ReadOnly: o.ReadOnly, ByEmail: o.ByEmail}
	l, err := postgres.Open(ctx, options.PresumeDead(func(run int64) bool { return b.dead[run] }))
	if err != nil {
		return nil, err
	}
	b.t.Cleanup(l.Drop)
	return l, nil
}

// Kill drops the connections. From then on the run is not seen any more; that somebody has observed that for long enough is
// injected.
func (b *backend) Kill(s ledger.Store) error {
	l := s.(*postgres.Ledger)
	b.dead[l.Run()] = true
	l.Drop()
	return nil
}

func (b *backend) Columns(view string) (names []string, err error) {
	for _, row := range query(b.t, b.url, "SELECT column_name FROM information_schema.columns WHERE table_schema = 'enrich' AND table_name = $1 ORDER BY ordinal_position", view) {
		names = append(names, row[0].(string))
	}
	return names, nil
}

func (b *backend) RawResults(job int64) (pieces [][]byte, err error) {
	for _, row := range query(b.t, b.url, fmt.Sprintf("SELECT content FROM enrich.job_raw WHERE job = %d ORDER BY id", job)) {
		pieces = append(pieces, row[0].([]byte))
	}
	return pieces, nil
}
