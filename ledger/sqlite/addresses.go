package sqlite

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"math"

	"enrich/contact"
	"enrich/ledger"
)

// There is no index on addresses, because nothing else needs one and every commit would pay for it. So the rows of ended are read
// from the first to the last, once for each addressBatch addresses.
const addressBatch = 1 << 17

func (l *Ledger) addressBatch() int { return cmp.Or(l.options.addressBatch, addressBatch) }

// AnsweredAddresses returns how many of some addresses have a fresh latest answer. It reads the ledger as it is now, also if it is
// opened read-only and a run is writing.
func (l *Ledger) AnsweredAddresses(ctx context.Context, addresses []contact.Key, fresh ledger.Fresh) (n int64, err error) {
	l.db.Lock()
	defer l.db.Unlock()
	if l.conn == nil { // it does not exist yet
		return 0, nil
	}
	for len(addresses) > 0 {
		batch := addresses[:min(l.addressBatch(), len(addresses))]
		addresses = addresses[len(batch):]
		var table addressTable
		for _, a := range batch {
			table.add(addressHash(a))
		}
		if err := l.findAnswers(ctx, &table, math.MaxInt64, fresh); err != nil {
			return 0, err
		}
		for _, a := range batch {
			if table.fresh[table.find(addressHash(a))] {
				n++
			}
		}
	}
	return n, nil
}

// AnsweredAddressesOf returns how many addresses that a run has sent had a fresh latest answer when it began.
//
// The addresses are in the rows of the run already. They are taken from there in parts, each of about addressBatch, so that an
// address that was sent under several other fields is in one part, and no memory is needed for the others.
func (l *Ledger) AnsweredAddressesOf(ctx context.Context, run int64, fresh ledger.Fresh) (n int64, err error) {
	l.db.Lock()
	defer l.db.Unlock()
	if !l.hasRun(run) {
		return 0, fmt.Errorf("read the ledger: there is no run %d", run)
	}
	first := l.runs[run-1].first
	earlier, err := l.number("SELECT EXISTS(SELECT 1 FROM ended WHERE id < ?)", first)
	if err != nil || earlier == 0 {
		return 0, damaged(err)
	}
	outcomes, err := l.outcomesOf(run)
	if err != nil {
		return 0, damaged(err)
	}
	parts := 1 + (outcomes+l.pendingOf(run))/int64(l.addressBatch())
	for part := range parts {
		var table addressTable
		err := l.eachSent(ctx, run, func(k contact.Keys) {
			if h := addressHash(k.Email); h%uint64(parts) == uint64(part) {
				table.add(h)
			}
		})
		if err == nil {
			err = l.findAnswers(ctx, &table, first, fresh)
		}
		if err != nil {
			return 0, err
		}
		n += table.count()
	}
	return n, nil
}

// outcomesOf returns how many outcomes the ledger has from the first one of a run on.
func (l *Ledger) outcomesOf(run int64) (int64, error) {
	first, err := l.firstOutcome(run)
	return max(0, l.last-first+1), err
}

// eachSent calls do with each contact with an address that a run has sent, by calls or in jobs. What was released was perhaps
// not sent, and the results of another run's job were not asked for by this one.
func (l *Ledger) eachSent(ctx context.Context, run int64, do func(contact.Keys)) error {
	for _, j := range l.unfinishedJobs() {
		if j.run != run {
			continue
		}
		err := l.eachContact(j, func(c ledger.JobContact) error {
			if !c.Done && hasAddress(c.Keys) {
				do(c.Keys)
			}
			return context.Cause(ctx)
		})
		if err != nil {
			return damaged(err)
		}
	}
	return l.eachEnded(ctx, "id >= ?1 AND run = ?2 AND "+l.ownJob(), func(e ended) {
		if e.kind != 0 && e.kind != contact.Released && hasAddress(e.keys) {
			do(e.keys)
		}
	}, l.runs[run-1].first, run)
}

// pendingOf returns how many contacts of a run are in open jobs.
func (l *Ledger) pendingOf(run int64) (n int64) {
	for _, j := range l.jobs {
		if j.run == run {
			n += j.pending
		}
	}
	return n
}

// ownJob is the SQL condition that outcomes are of no job, or of one that their run has submitted.
func (l *Ledger) ownJob() string {
	if l.version < jobVersion {
		return "1"
	}
	return "(job = 0 OR EXISTS(SELECT 1 FROM job WHERE job.id = ended.job AND job.run = ended.run))"
}

// findAnswers notes for each address whether its latest answer before a commit is fresh.
func (l *Ledger) findAnswers(ctx context.Context, table *addressTable, before int64, fresh ledger.Fresh) error {
	if table.n == 0 {
		return nil
	}
	return l.eachEnded(ctx, "id < ?", func(e ended) {
		if !e.kind.Answered() || !hasAddress(e.keys) {
			return
		}
		if i := table.find(addressHash(e.keys.Email)); table.hashes[i] != 0 {
			table.fresh[i] = fresh.Includes(e.kind, moment(e.at))
		}
	}, before)
}

// eachEnded calls do with each outcome of some rows of ended, in the order of commits.
func (l *Ledger) eachEnded(ctx context.Context, where string, do func(ended), args ...int64) error {
	for stmt, err := range l.rows(l.selectEnded()+" WHERE "+where+" ORDER BY id", args...) {
		if err != nil {
			return damaged(err)
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		c, err := readCommit(stmt)
		if err == nil && l.outdated() {
			_, err = l.rekeyRow(&c)
		}
		if err != nil {
			return damaged(err)
		}
		for i := 0; i < len(c.keys); i += endedSize {
			do(readEnded(c.keys[i:]))
		}
	}
	return nil
}

func hasAddress(k contact.Keys) bool { return k.Email != k.Request }

// addressHash is 63 bits of an address's key, and never 0: enough for a count that is only shown.
func addressHash(address contact.Key) uint64 { return binary.BigEndian.Uint64(address[:]) | 1 }

// An addressTable is a hash table of addresses that is at most half full. The zero value is empty.
type addressTable struct {
	hashes []uint64 // 0: free
	fresh  []bool   // whether the latest answer is fresh
	n      int
}

// minAddressSlots is the size of a table with one address.
const minAddressSlots = 1 << 10

func (t *addressTable) add(h uint64) {
	if 2*(t.n+1) > len(t.hashes) {
		t.grow()
	}
	if i := t.find(h); t.hashes[i] == 0 {
		t.hashes[i] = h
		t.n++
	}
}

// grow doubles the table, in which no answer was noted yet.
func (t *addressTable) grow() {
	old := t.hashes
	t.hashes = make([]uint64, max(minAddressSlots, 2*len(old)))
	t.fresh = make([]bool, len(t.hashes))
	for _, h := range old {
		if h != 0 {
			t.hashes[t.find(h)] = h
		}
	}
}

// find returns the slot of an address, or the free one where it would be. The parts of [Ledger.AnsweredAddressesOf] are chosen by the
// low bits, so the high ones choose the slot.
func (t *addressTable) find(h uint64) int {
	i := int(h >> 32 * uint64(len(t.hashes)) >> 32)
	for t.hashes[i] != 0 && t.hashes[i] != h {
		if i++; i == len(t.hashes) {
			i = 0
		}
	}
	return i
}

// count returns how many addresses have a fresh latest answer.
func (t *addressTable) count() (n int64) {
	for _, fresh := range t.fresh {
		if fresh {
			n++
		}
	}
	return n
}
