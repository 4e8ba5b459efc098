package postgres

import (
	"context"
	"encoding/binary"
	"slices"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/postgres/internal/connect"
	"enrich/ledger/postgres/internal/wire"
)

// lockAddresses takes a lock on each address until the end of the transaction, in the order of the addresses. Only runs that
// identify contacts by their address take them.
const lockAddresses = "SELECT pg_advisory_xact_lock(address) FROM unnest($1::bigint[]) AS asked(address)"

// claimAddresses is the part of the claim that the rows of the contacts cannot provide if a contact is an address: another request of
// the address may be another run's, or in a job. It leaves out the intents that cannot be claimed.
func (t *transaction) claimAddresses(ctx context.Context, conn *connect.Conn) error {
	asked := slices.Concat(t.order, t.kept)
	keys := make([]contact.Keys, 0, len(asked))
	for _, i := range asked {
		keys = append(keys, t.intents[i].Keys)
	}
	var locks wire.Array
	locks.BeginInt8s()
	for _, k := range sorted(len(keys), func(i int32) contact.Key { return keys[i].Email }) {
		locks.Int8(int64(binary.BigEndian.Uint64(keys[k].Email[:])))
	}
	if err := conn.Lookup(ctx, lockAddresses, func([][]byte) error { return nil }, locks.Value()); err != nil {
		return err
	}
	rows := make([][]stateRow, len(keys))
	if err := t.l.lookup(ctx, conn, keys, func(i int, s stateRow) { rows[i] = append(rows[i], s) }); err != nil {
		return err
	}
	var order, kept []int32
	for n, i := range asked {
		var s ledger.State
		fillAddress(&s, rows[n], t.run.id, nil)
		seen := t.intents[i].Seen
		switch {
		case s.InJob:
		case n >= len(t.order):
			kept = append(kept, i)
		case !s.ClaimedElsewhere && (seen == 0 || seen == s.Version()):
			order = append(order, i)
		}
	}
	t.order, t.kept = order, kept
	return nil
}
