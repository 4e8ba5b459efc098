package postgres

import (
	"bytes"
	"cmp"
	"slices"
	"time"
	"unicode/utf8"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/internal/codec"
	"enrich/ledger/postgres/internal/wire"
)

// A change is what one commit makes durable.
type change struct {
	run      *run
	n        int64 // the number of the commit
	intents  []ledger.Intent
	outcomes []contact.Outcome
	// order are indexes of intents, by their keys. A request that is there twice is claimed once: the second one is left out.
	order []int32
	// kept are indexes of intents whose contacts the run has claimed before and whose outcomes are in the same commit: the claim
	// stays.
	kept []int32
	// packed are the indexes of the intents in the row of table intent.
	packed []int32
}

// A statement is one of a transaction. Its parameters are in binary format.
type statement struct {
	sql    string
	params [][]byte
	row    func(values [][]byte) error
}

// newChange sorts the keys of the intents: two commits that claim the same contacts claim them in the same order.
func newChange(r *run, intents []ledger.Intent, outcomes []contact.Outcome) *change {
	c := &change{run: r, n: r.commits + 1, intents: intents, outcomes: outcomes}
	c.order = sorted(len(intents), func(i int32) contact.Key { return intents[i].Keys.Request })
	c.order = slices.CompactFunc(c.order, func(a, b int32) bool { return intents[a].Keys.Request == intents[b].Keys.Request })
	c.order = slices.DeleteFunc(c.order, func(i int32) bool {
		key := intents[i].Keys.Request
		_, open := r.open[key]
		keeps := open && slices.ContainsFunc(outcomes, func(o contact.Outcome) bool { return o.Keys.Request == key })
		if keeps {
			c.kept = append(c.kept, i)
		}
		return keeps
	})
	return c
}

func compareKeys(a, b contact.Key) int { return bytes.Compare(a[:], b[:]) }

func sorted(n int, key func(int32) contact.Key) []int32 {
	order := make([]int32, n)
	for i := range order {
		order[i] = int32(i)
	}
	if !sortsKeys {
		return order
	}
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Or(compareKeys(key(a), key(b)), cmp.Compare(a, b))
	})
	return order
}

// claims reports whether the change claims the contact with a key.
func (c *change) claims(key contact.Key) bool {
	_, found := slices.BinarySearchFunc(c.order, key, func(i int32, key contact.Key) int { return compareKeys(c.intents[i].Keys.Request, key) })
	return found
}

// lastAt returns when the latest outcome of the run ended, with those of the change.
func (c *change) lastAt() time.Time {
	last := c.run.last
	for i := range c.outcomes {
		if c.outcomes[i].At.After(last) {
			last = c.outcomes[i].At
		}
	}
	return last
}

// claimed returns which intents were claimed; refused are the places of those in the row of table intent that were not.
func (c *change) claimed(refused []int32) []bool {
	claimed := make([]bool, len(c.intents))
	for _, i := range c.packed {
		claimed[i] = true
	}
	for _, place := range refused {
		claimed[c.packed[place]] = false
	}
	return claimed
}

// apply applies the change to the open claims of the run.
func (c *change) apply(open map[contact.Key]int64, claimed []bool) {
	for i := range c.intents {
		if claimed[i] {
			open[c.intents[i].Keys.Request] = c.n
		}
	}
	for i := range c.outcomes {
		if key := c.outcomes[i].Keys.Request; !c.keeps(key) {
			delete(open, key)
		}
	}
}

// keeps reports whether the claim of a contact stays after its outcome.
func (c *change) keeps(key contact.Key) bool {
	return slices.ContainsFunc(c.kept, func(i int32) bool { return c.intents[i].Keys.Request == key })
}

// buffers are reused by every commit.
type buffers struct {
	keys, emails, seen wire.Array
	places             wire.Array
	intents            codec.Intents
	numbers            []byte
	outcomes           outcomeArrays
}

// maxNesting bounds the brackets of an answer that is stored as JSON: PostgreSQL's parser has a stack.
const maxNesting = 1000

// storable reports whether a body can be text of PostgreSQL that is read as JSON.
func storable(body []byte) bool {
	return utf8.Valid(body) && bytes.IndexByte(body, 0) < 0 && bytes.Count(body, []byte("["))+bytes.Count(body, []byte("{")) <= maxNesting
}

// charge is the value of column charged. It must agree with the run, which counts by the same parser. A 404 is an error of the API,
// which is never charged.
func charge(o *contact.Outcome) int16 {
	switch {
	case o.Charged:
		return charged
	case o.Kind != contact.NoMatch || o.Status == 404:
		return notCharged
	}
	if a, err := contact.ParseAnswer(o.Body); err != nil || a.ChargeUnknown {
		return chargeUnknown
	}
	return notCharged
}

// The values of outcome.charged.
const (
	notCharged    = 0
	charged       = 1
	chargeUnknown = 2
)

// An outcomeRow is a row of table outcome, as far as its checksum covers it.
type outcomeRow struct {
	run, n, job, kind, at, status, attempts, charged int64
	key, failure, message, contact, body             []byte
}

func (r *outcomeRow) sum() int32 {
	return int32(codec.Checksum([]int64{r.run, r.n, r.job, r.kind, r.at, r.status, r.attempts, r.charged}, r.key, r.failure, r.message, r.contact, r.body))
}
