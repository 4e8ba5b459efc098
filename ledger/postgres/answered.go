package postgres

import (
	"context"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/postgres/internal/connect"
	"enrich/ledger/postgres/internal/wire"
)

// latestAnswer counts addresses ($1 or those of table asked) of which the latest answer is fresh. There is a row of table contact
// for each request of an address; the largest outcome is the latest.
const latestAnswer = ` CROSS JOIN LATERAL (
		SELECT c.kind, c.at FROM enrich.contact AS c
		WHERE c.email = asked.email AND c.key <> c.email AND c.kind IN (1, 2) AND c.ref < $4 ORDER BY c.ref DESC LIMIT 1) AS latest
	WHERE latest.at >= CASE latest.kind WHEN 1 THEN $2::timestamptz ELSE $3::timestamptz END`

const (
	answeredAddresses = "SELECT count(*) FROM unnest($1::uuid[]) AS asked(email)" + latestAnswer

	// The contacts of a run are those of its outcomes, except those of other runs' jobs, and those in its open jobs.
	answeredAddressesOf = `SELECT count(*) FROM (
		SELECT c.email FROM enrich.outcome AS o JOIN enrich.contact AS c ON c.key = o.key
		WHERE o.run = $1::bigint AND o.id >= $4 AND o.kind <> 5 AND c.key <> c.email
			AND (o.job IS NULL OR EXISTS (SELECT FROM enrich.job AS j WHERE j.id = o.job AND j.run = $1::bigint))
		UNION SELECT c.email FROM enrich.job AS j JOIN enrich.contact AS c ON c.claim = -j.id
		WHERE j.run = $1::bigint AND j.ended IS NULL AND c.key <> c.email) AS asked` + latestAnswer
)

// endOfIDs is larger than the id of any outcome.
const endOfIDs = 1<<63 - 1

// AnsweredAddresses returns how many of some addresses have a fresh latest answer.
func (l *Ledger) AnsweredAddresses(ctx context.Context, addresses []contact.Key, fresh ledger.Fresh) (int64, error) {
	if len(addresses) == 0 || l.version == 0 {
		return 0, nil
	}
	var asked wire.Array
	asked.BeginUUIDs()
	for _, a := range addresses {
		asked.UUID(a)
	}
	return l.countAnswered(ctx, answeredAddresses, asked.Value(), fresh, endOfIDs)
}

// AnsweredAddressesOf returns how many addresses that the current run has sent had a fresh latest answer when it began.
func (l *Ledger) AnsweredAddressesOf(ctx context.Context, id int64, fresh ledger.Fresh) (int64, error) {
	l.mu.Lock()
	_, err := l.runOf(id)
	l.mu.Unlock()
	if err != nil {
		return 0, err
	}
	var first int64
	err = l.read(ctx, func(ctx context.Context, c *connect.Conn) error {
		return c.QueryRow(ctx, "SELECT first_id FROM enrich.run WHERE id = $1", id).Scan(&first)
	})
	if err != nil {
		return 0, err
	}
	return l.countAnswered(ctx, answeredAddressesOf, wire.Int8(nil, id), fresh, first)
}

func (l *Ledger) countAnswered(ctx context.Context, sql string, of []byte, fresh ledger.Fresh, before int64) (n int64, err error) {
	err = l.read(ctx, func(ctx context.Context, c *connect.Conn) error {
		return c.Lookup(ctx, sql, func(values [][]byte) error {
			row := wire.NewRow(values)
			n = row.Int8()
			return row.Err()
		}, of, wire.Time(nil, fresh.Match), wire.Time(nil, fresh.NoMatch), wire.Int8(nil, before))
	})
	return n, err
}
