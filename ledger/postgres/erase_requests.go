package postgres

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"enrich/contact"
	"enrich/internal/jsonscan"
	"enrich/ledger"
	"enrich/ledger/internal/codec"
	"enrich/ledger/postgres/internal/wire"
)

// forget removes the requests that are about a person.
func (e *erasure) forget(ctx context.Context, filter *ledger.Filter) error {
	if err := e.findRequests(ctx, filter); err != nil {
		return err
	}
	keys := make([][16]byte, 0, len(e.requests))
	for key := range e.requests {
		keys = append(keys, key)
	}
	const ofRequests = "o.key = ANY ($1::uuid[])"
	err := e.eraseIntents(ctx, 0, func(s sending, _ bool) bool {
		_, ok := e.requests[s.key]
		return ok
	})
	if err == nil {
		err = e.findPending(ctx, keys)
	}
	if err == nil {
		err = e.removeOutcomes(ctx, ofRequests, keys)
	}
	if err == nil {
		_, err = e.tx.Exec(ctx, "DELETE FROM enrich.contact AS o WHERE "+ofRequests, keys)
	}
	if err != nil {
		return err
	}
	return e.forgetJobs(ctx, filter)
}

// findRequests finds the requests that are about a person, by what was sent and by what was answered.
func (e *erasure) findRequests(ctx context.Context, filter *ledger.Filter) error {
	err := e.eachIntent(ctx, intentColumns+"FROM enrich.intent", func(i *intentRow, _ []int32) error {
		list, err := i.intents()
		for n := range list {
			if filter.MatchesRequest(list[n].Contact) {
				e.requests[list[n].Keys.Request] = struct{}{}
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	return e.conn.Lookup(ctx, recordColumns+" FROM enrich.outcome AS o", func(values [][]byte) error {
		row := wire.NewRow(values)
		r := readRecord(&row)
		if err := errors.Join(row.Err(), r.check()); err != nil {
			return err
		}
		if filter.MatchesRequest(contact.ParseJSON(r.contact)) || filter.MatchesAnswer(r.body) {
			e.requests[contact.Key(r.key)] = struct{}{}
		}
		return nil
	})
}

// eachIntent calls do with each row of a query of intentColumns, and the places that were not claimed.
func (e *erasure) eachIntent(ctx context.Context, query string, do func(*intentRow, []int32) error, params ...[]byte) error {
	return e.conn.Lookup(ctx, query, func(values [][]byte) error {
		row := wire.NewRow(values)
		i, refused := readIntent(&row)
		if err := row.Err(); err != nil {
			return err
		}
		return do(&i, refused)
	}, params...)
}

// findPending counts the contacts of open jobs that have no outcome. Each may still be charged: that counts from now on.
func (e *erasure) findPending(ctx context.Context, keys [][16]byte) error {
	rows, err := e.tx.Query(ctx, "SELECT -claim, count(*) FROM enrich.contact WHERE key = ANY ($1::uuid[]) AND claim < 0 GROUP BY claim ORDER BY claim", keys)
	if err != nil {
		return err
	}
	var job, n int64
	_, err = pgx.ForEachRow(rows, []any{&job, &n}, func() error {
		j := e.fromJobs[job]
		j.pending = n
		e.fromJobs[job] = j
		e.removed.InJobs += n
		return nil
	})
	if err != nil || e.removed.InJobs == 0 {
		return err
	}
	return e.addDay(ctx, time.Now().UTC().Truncate(24*time.Hour), ledger.Spent{MaybeCharged: e.removed.InJobs})
}

// eraseIntents erases intents of a run (0: of all): their keys become zero and their contacts null, so that the others keep their
// places. A Prune leaves those of open jobs. Rows are read in groups, because a row cannot be changed while the next one is read.
func (e *erasure) eraseIntents(ctx context.Context, of int64, removes func(s sending, refused bool) bool) error {
	const group = 512
	const query = intentColumns + `FROM enrich.intent AS i WHERE (run, commit) > ($1, $2) AND $4::bigint IN (0, run)
		AND NOT ($5 AND EXISTS (SELECT FROM enrich.job AS j WHERE j.id = i.job AND j.ended IS NULL)) ORDER BY run, commit LIMIT $3::bigint`
	keepsJobs := []byte{0}
	if !e.before.IsZero() {
		keepsJobs[0] = 1
	}
	run, commit := max(of-1, 0), int64(0)
	for {
		rows := 0
		var changed []intentRow
		err := e.eachIntent(ctx, query, func(i *intentRow, refused []int32) error {
			rows, run, commit = rows+1, i.run, i.commit
			if e.eraseContacts(i, refused, removes) {
				changed = append(changed, *i)
			}
			return nil
		}, wire.Int8(nil, run), wire.Int8(nil, commit), wire.Int8(nil, group), wire.Int8(nil, of), keepsJobs)
		for i := range changed {
			if err == nil {
				err = e.writeIntents(ctx, &changed[i])
			}
		}
		if err != nil || rows < group {
			return err
		}
	}
}

func (e *erasure) writeIntents(ctx context.Context, i *intentRow) error {
	sum := intentSum(i.run, i.commit, i.job, i.keys, i.contacts)
	_, err := e.tx.Exec(ctx, "UPDATE enrich.intent SET keys = $3, contacts = $4, crc = $5 WHERE run = $1 AND commit = $2", i.run, i.commit, i.keys, string(i.contacts), sum)
	return err
}

// eraseContacts erases intents of one commit, in copies of the row's keys and contacts, and reports whether there were any.
func (e *erasure) eraseContacts(i *intentRow, refused []int32, removes func(sending, bool) bool) (changed bool) {
	keys, contacts, n := bytes.Clone(i.keys), []byte{'['}, 0
	for text := range jsonscan.Elements(i.contacts) {
		if n > 0 {
			contacts = append(contacts, ',')
		}
		k := codec.ReadKeys(keys[n*codec.KeysSize:])
		wasRefused := slices.Contains(refused, int32(n))
		if k != (contact.Keys{}) && removes(sending{job: i.job, key: k.Request}, wasRefused) {
			changed = true
			clear(keys[n*codec.KeysSize:][:codec.KeysSize])
			text = []byte("null")
			if !wasRefused {
				e.removed.Intents++
			}
			if i.job != 0 && !wasRefused {
				j := e.fromJobs[i.job]
				j.contacts++
				e.fromJobs[i.job] = j
			}
		}
		contacts = append(contacts, text...)
		n++
	}
	i.keys, i.contacts = keys, append(contacts, ']')
	return changed
}
