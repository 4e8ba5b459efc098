package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"enrich/contact"
)

// A Digest counts the records of an export and sums up their hashes. Two ledgers with equal digests have the same records, in
// whatever order they export them. It leaves out what may differ between stores: how intents are grouped, whether a run is closed
// (which follows from its intents and outcomes), and the last number. The zero value is that of an empty ledger.
type Digest struct {
	Runs, Jobs, Intents, Outcomes, Raw, Costs int64
	// sum is the sum of the records' SHA-256, as four numbers modulo 2^64: it does not depend on the order, and a record
	// that is there twice counts twice.
	sum    [4]uint64
	record []byte // reused
}

// Add adds an entry.
func (d *Digest) Add(e *Entry) {
	switch {
	case e.Run != nil:
		r := e.Run
		d.Runs++
		d.begin('r', r.ID, millis(r.Started), millis(r.Finished), int64(r.ExitCode))
		d.text(r.URL, string(r.Constants), r.Input, r.Version, r.Stopped)
	case e.Job != nil:
		j := e.Job
		d.Jobs++
		d.begin('j', j.ID, j.Run, millis(j.Submitted), millis(j.Expires), millis(j.Ended), j.Contacts, j.Pending, j.Raw)
		d.text(string(j.State), j.APIID)
		for i := range j.IDs {
			d.bytes(j.IDs[i][:])
		}
	case e.Intents != nil:
		d.addIntents(e.Intents)
		return
	case e.Outcome != nil:
		d.Outcomes++
		d.addOutcome(e.Outcome)
	case e.Raw != nil:
		d.Raw++
		d.begin('w', e.Raw.ID, e.Raw.Job)
		d.bytes(e.Raw.Content)
	case e.Cost != nil:
		d.Costs++
		d.begin('c', e.Cost.Day.Unix(), e.Cost.Charged, e.Cost.MaybeCharged)
	case e.Last != nil:
		d.begin('l', millis(e.Last.Erased))
	}
	d.end()
}

func (d *Digest) addIntents(e *IntentsEntry) {
	for i := range e.Intents {
		if intent := &e.Intents[i]; intent.Keys != (contact.Keys{}) {
			d.Intents++
			d.begin('i', e.Run, e.Job)
			d.keys(intent.Keys)
			d.contact(&intent.Contact)
			d.end()
		}
	}
}

func (d *Digest) addOutcome(o *OutcomeEntry) {
	charged := int64(0)
	if o.Charged {
		charged = 1
	}
	d.begin('o', o.ID, o.Run, o.Job, int64(o.Kind), millis(o.At), int64(o.Status), int64(o.Attempts), charged)
	d.keys(o.Keys)
	d.text(string(o.Failure), o.Message)
	d.contact(&o.Contact)
	d.bytes(o.Body)
}

// begin starts a record. Each text follows its length, so that no byte can move from one to the next unnoticed.
func (d *Digest) begin(what byte, numbers ...int64) {
	d.record = append(d.record[:0], what)
	for _, n := range numbers {
		d.record = binary.BigEndian.AppendUint64(d.record, uint64(n))
	}
}

func (d *Digest) bytes(b []byte) {
	d.record = binary.BigEndian.AppendUint64(d.record, uint64(len(b)))
	d.record = append(d.record, b...)
}

// text adds texts without what PostgreSQL does not store: a NUL, and what is not UTF-8.
func (d *Digest) text(texts ...string) {
	for _, t := range texts {
		d.bytes([]byte(strings.ToValidUTF8(strings.ReplaceAll(t, "\x00", ""), "\ufffd")))
	}
}

func (d *Digest) keys(k contact.Keys) {
	d.record = append(append(d.record, k.Request[:]...), k.Email[:]...)
}

func (d *Digest) contact(c *contact.Contact) { d.record = append(c.AppendJSON(d.record), 0) }

func (d *Digest) end() {
	sum := sha256.Sum256(d.record)
	for i := range d.sum {
		d.sum[i] += binary.BigEndian.Uint64(sum[8*i:])
	}
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return -1
	}
	return t.UnixMilli()
}

// Difference says what two ledgers do not have in common; "" if they are equal.
func (d *Digest) Difference(other *Digest) string {
	for _, n := range []struct {
		what string
		a, b int64
	}{
		{"runs", d.Runs, other.Runs},
		{"bulk jobs", d.Jobs, other.Jobs},
		{"intents", d.Intents, other.Intents},
		{"outcomes", d.Outcomes, other.Outcomes},
		{"raw results", d.Raw, other.Raw},
		{"days with erased outcomes", d.Costs, other.Costs},
	} {
		if n.a != n.b {
			return fmt.Sprintf("%d %s became %d", n.a, n.what, n.b)
		}
	}
	if d.sum != other.sum {
		return "the checksums of the records differ"
	}
	return ""
}
