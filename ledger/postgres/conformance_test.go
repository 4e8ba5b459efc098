package postgres_test

import (
	"context"
	"fmt"
	"testing"

	"enrich/ledger"
	"enrich/ledger/ledgertest"
	"enrich/ledger/postgres"
)

func TestConformance(t *testing.T) {
	ledgertest.Run(t, func(t testing.TB) ledgertest.Backend {
		return &backend{t: t, url: shared.Database(t), dead: map[int64]bool{}}
	})
}

// A backend is a ledger in a database of its own, which is created when it is opened for writing.
type backend struct {
	t    testing.TB
	url  string
	made bool
	dead map[int64]bool // the runs whose store was killed
}

func (b *backend) Open(ctx context.Context, o ledgertest.Options) (ledger.Store, error) {
	if !b.made && !o.ReadOnly {
		if _, _, err := postgres.Init(ctx, postgres.Options{URL: b.url}); err != nil {
			return nil, err
		}
		b.made = true
	}
	options := postgres.Options{URL: b.url, ReadOnly: o.ReadOnly, ByEmail: o.ByEmail}
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
