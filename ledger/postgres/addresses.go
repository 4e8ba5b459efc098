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

// claimAddresses is the part of the claim that the rows of the contacts cannot provide if a contact is an address: another run may
// have another request of the address. It removes from the order of the intents those that cannot be claimed.
func (t *transaction) claimAddresses(ctx context.Context, conn *connect.Conn) error {
	var locks wire.Array
	locks.BeginInt8s()
	addresses := make([]contact.Key, 0, len(t.order))
	for _, i := range t.order {
		addresses = append(addresses, t.intents[i].Keys.Email)
	}
	for _, k := range sorted(len(addresses), func(i int32) contact.Key { return addresses[i] }) {
		locks.Int8(int64(binary.BigEndian.Uint64(addresses[k][:])))
	}
	if err := conn.Lookup(ctx, lockAddresses, func([][]byte) error { return nil }, locks.Value()); err != nil {
		return err
	}
	keys := make([]contact.Keys, 0, len(t.order))
	for _, i := range t.order {
		keys = append(keys, t.intents[i].Keys)
	}
	rows := make([][]stateRow, len(keys))
	if err := t.l.lookup(ctx, conn, keys, func(i int, s stateRow) { rows[i] = append(rows[i], s) }); err != nil {
		return err
	}
	kept := make([]int32, 0, len(t.order))
	for n, i := range t.order {
		var s ledger.State
		fillAddress(&s, rows[n], t.run.id, nil)
		if intent := &t.intents[i]; !s.ClaimedElsewhere && !s.InJob && (intent.Seen == 0 || intent.Seen == s.Version()) {
			kept = append(kept, i)
		}
	}
	t.order = slices.Clip(kept)
	return nil
}
