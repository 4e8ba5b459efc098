package postgres

import (
	"fmt"

	"enrich/contact"
	"enrich/internal/jsonscan"
	"enrich/ledger"
	"enrich/ledger/internal/codec"
	"enrich/ledger/postgres/internal/wire"
)

// An intentRow is a row of table intent. Its bytes are valid while it is read.
type intentRow struct {
	run, commit, job int64
	crc              int32
	keys, contacts   []byte
}

// intents returns the intents of the row but not those that were erased.
func (r *intentRow) intents() ([]ledger.Intent, error) {
	list := make([]ledger.Intent, 0, len(r.keys)/codec.KeysSize)
	err := r.each(func(_ int, i ledger.Intent) {
		if i.Keys != (contact.Keys{}) {
			list = append(list, i)
		}
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// each checks the row, and calls do with each of its intents and its place, from 0. One that was erased is zero.
func (r *intentRow) each(do func(place int, i ledger.Intent)) error {
	if r.crc != intentSum(r.run, r.commit, r.job, r.keys, r.contacts) {
		return r.damaged("checksum mismatch")
	}
	n := 0
	for text := range jsonscan.Elements(r.contacts) {
		if (n+1)*codec.KeysSize > len(r.keys) {
			return r.damaged("more contacts than keys")
		}
		var i ledger.Intent
		if i.Keys = codec.ReadKeys(r.keys[n*codec.KeysSize:]); i.Keys != (contact.Keys{}) {
			i.Contact = contact.ParseJSON(text)
		}
		do(n, i)
		n++
	}
	if n*codec.KeysSize != len(r.keys) {
		return r.damaged("more keys than contacts")
	}
	return nil
}

func (r *intentRow) damaged(what string) error {
	return fmt.Errorf("%w: the intents of commit %d of run %d: %s", ledger.ErrDamaged, r.commit, r.run, what)
}

func intentSum(run, commit, job int64, keys, contacts []byte) int32 {
	return int32(codec.Checksum([]int64{run, commit, job}, keys, contacts))
}

// intentColumns begins a query of table intent for readIntent.
const intentColumns = "SELECT run, commit, coalesce(job, 0), crc, keys, contacts, refused "

// readIntent reads a row of intentColumns. refused are the places of the contacts that were not claimed.
func readIntent(row *wire.Row) (i intentRow, refused []int32) {
	i = intentRow{run: row.Int8(), commit: row.Int8(), job: row.Int8(), crc: row.Int4(), keys: row.Bytes(), contacts: row.Bytes()}
	return i, row.Int4s()
}
