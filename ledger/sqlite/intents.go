package sqlite

import (
	"fmt"

	"github.com/tidwall/gjson"

	"enrich/contact"
	"enrich/ledger"
)

// crashed is what is said of a call whose run ended before its outcome was kept.
const crashed = "the run ended before the answer was kept; the call may have been charged"

// openIntents are the intents of a run that have no outcome yet, in order. Commits are taken in their order, so that
// never many more are open than the run had permits.
type openIntents struct {
	list []openIntent
	at   map[contact.Key]places
	open int
	last int64 // milliseconds: when its last outcome came
}

// An openIntent knows the next one of the same request: a contact whose call was lost is asked again in the same run.
type openIntent struct {
	ledger.Intent
	next int // its place in list, from 1; 0: there is none
}

// places are those of a request's open intents in list, from 1. The first is ended first.
type places struct{ first, last int }

// intents takes those of one commit.
func (o *openIntents) intents(id int64, keys, contacts []byte) error {
	list := gjson.ParseBytes(contacts).Array()
	if len(list) != len(keys)/keysSize {
		return fmt.Errorf("%w: commit %d has %d keys and %d contacts", ledger.ErrDamaged, id, len(keys)/keysSize, len(list))
	}
	for i, c := range list {
		k := readKeys(keys[i*keysSize:])
		if k == (contact.Keys{}) { // forgotten
			continue
		}
		o.add(ledger.Intent{Contact: contact.ParseJSON([]byte(c.Raw)), Keys: k})
	}
	return nil
}

func checkAsked(id, run int64, keys, contacts []byte, sum int64) error {
	if len(keys)%keysSize != 0 || checksum([]int64{id, run}, keys, contacts) != sum {
		return fmt.Errorf("%w: the intents of commit %d are not what was written", ledger.ErrDamaged, id)
	}
	return nil
}

func newOpenIntents() *openIntents { return &openIntents{at: map[contact.Key]places{}} }

func (o *openIntents) add(i ledger.Intent) {
	o.list = append(o.list, openIntent{Intent: i})
	o.open++
	n := len(o.list)
	at, again := o.at[i.Keys.Request]
	if !again {
		at.first = n
	} else {
		o.list[at.last-1].next = n
	}
	at.last = n
	o.at[i.Keys.Request] = at
}

// close ends the intents of some outcomes.
func (o *openIntents) close(keys []byte) {
	for i := 0; i < len(keys); i += endedSize {
		e := readEnded(keys[i:])
		o.last = max(o.last, e.at)
		at, ok := o.at[e.keys.Request]
		if !ok {
			continue
		}
		ended := &o.list[at.first-1]
		if at.first = ended.next; at.first > 0 {
			o.at[e.keys.Request] = at
		} else {
			delete(o.at, e.keys.Request)
		}
		ended.Keys = contact.Keys{}
		o.open--
	}
	if len(o.list) >= 64 && len(o.list) > 4*o.open {
		o.compact()
	}
}

// compact makes the list shorter when most of it is closed, so that it does not grow with the run.
func (o *openIntents) compact() {
	old := o.list
	o.list, o.open = make([]openIntent, 0, o.open), 0
	clear(o.at)
	for i := range old {
		if old[i].Keys != (contact.Keys{}) {
			o.add(old[i].Intent)
		}
	}
}

// lost are those that are still open, as outcomes of the moment when the run was last heard of.
func (o *openIntents) lost(started int64) []contact.Outcome {
	o.compact()
	lost := make([]contact.Outcome, 0, len(o.list))
	for _, i := range o.list {
		lost = append(lost, contact.Outcome{
			Contact: i.Contact, Keys: i.Keys, Kind: contact.Lost, At: moment(max(started, o.last)), Attempts: 1,
			Failure: contact.Exhausted, Message: crashed,
		})
	}
	return lost
}

// leftOpen finds the intents without an outcome of all runs that are not closed, by their numbers.
func (l *Ledger) leftOpen() (map[int64][]contact.Outcome, error) {
	from, all := int64(-1), map[int64]*openIntents{}
	for i := range l.runs {
		if r := &l.runs[i]; !r.closed {
			all[r.id] = newOpenIntents()
			if from < 0 || r.first < from {
				from = r.first
			}
		}
	}
	if len(all) == 0 {
		return nil, nil
	}
	err := l.walk(max(from, l.pruned+1), func(c *commitRow) error {
		o, ok := all[c.run]
		switch {
		case !ok:
			return nil
		case c.contacts == nil:
			o.close(c.keys)
			return nil
		}
		return o.intents(c.id, c.keys, c.contacts)
	})
	if err != nil {
		return nil, err
	}
	lost := map[int64][]contact.Outcome{}
	for run, o := range all {
		lost[run] = o.lost(l.runs[run-1].Started.UnixMilli())
	}
	return lost, nil
}
