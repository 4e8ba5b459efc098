package sqlite

import (
	"fmt"
	"slices"

	"enrich/contact"
	"enrich/internal/jsonscan"
	"enrich/ledger"
	"enrich/ledger/internal/codec"
)

// interruptedJobMessage is the message of a lost call of a contact that was part of a job.
const interruptedJobMessage = "the run ended before the API's answer to the job was recorded; the contact may have been charged"

// openIntents are the intents of a run that have no outcome yet, in order. If commits are added in order, no more intents are
// open at a time than the run had permits.
type openIntents struct {
	list    []openIntent
	byKey   map[contact.Key]chain
	n       int
	lastEnd int64 // milliseconds: when the last outcome ended
}

// An openIntent links to the next one with the same request: a contact whose call was lost is sent again in the same run.
type openIntent struct {
	ledger.Intent
	next int // its index in list, from 1; 0: none
}

// A chain is the open intents of one request: indexes in list, from 1. An outcome ends the first one.
type chain struct{ first, last int }

func newOpenIntents() *openIntents { return &openIntents{byKey: map[contact.Key]chain{}} }

// addCommit adds the intents of a row of table asked.
func (o *openIntents) addCommit(row *commitRow) error {
	contacts := slices.Collect(jsonscan.Elements(row.contacts))
	if len(contacts) != len(row.keys)/codec.KeysSize {
		return fmt.Errorf("%w: commit %d has %d keys and %d contacts", ledger.ErrDamaged, row.id, len(row.keys)/codec.KeysSize, len(contacts))
	}
	for i, c := range contacts {
		k := codec.ReadKeys(row.keys[i*codec.KeysSize:])
		if k == (contact.Keys{}) { // forgotten
			continue
		}
		o.add(ledger.Intent{Contact: contact.ParseJSON(c), Keys: k})
	}
	return nil
}

func (o *openIntents) add(i ledger.Intent) {
	o.list = append(o.list, openIntent{Intent: i})
	o.n++
	index := len(o.list)
	c, again := o.byKey[i.Keys.Request]
	if !again {
		c.first = index
	} else {
		o.list[c.last-1].next = index
	}
	c.last = index
	o.byKey[i.Keys.Request] = c
}

// end ends the intents of the outcomes of a row of table ended.
func (o *openIntents) end(row *commitRow) {
	for i := 0; i < len(row.keys); i += endedSize {
		e := readEnded(row.keys[i:])
		o.lastEnd = max(o.lastEnd, e.at)
		c, ok := o.byKey[e.keys.Request]
		if !ok {
			continue
		}
		first := &o.list[c.first-1]
		if c.first = first.next; c.first > 0 {
			o.byKey[e.keys.Request] = c
		} else {
			delete(o.byKey, e.keys.Request)
		}
		first.Keys = contact.Keys{}
		o.n--
	}
	if len(o.list) >= 64 && len(o.list) > 4*o.n {
		o.shrink()
	}
}

// noteEnds notes when the outcomes of a row ended whose intents are of no interest.
func (o *openIntents) noteEnds(row *commitRow) {
	for i := 0; i < len(row.keys); i += endedSize {
		o.lastEnd = max(o.lastEnd, readEnded(row.keys[i:]).at)
	}
}

// shrink removes ended intents from the list, so that it does not grow with the run.
func (o *openIntents) shrink() {
	old := o.list
	o.list, o.n = make([]openIntent, 0, o.n), 0
	clear(o.byKey)
	for i := range old {
		if old[i].Keys != (contact.Keys{}) {
			o.add(old[i].Intent)
		}
	}
}

// lost returns the intents that are still open as lost outcomes, at the time of the run's last outcome.
func (o *openIntents) lost(started int64) []contact.Outcome {
	o.shrink()
	lost := make([]contact.Outcome, 0, len(o.list))
	for _, i := range o.list {
		lost = append(lost, contact.Outcome{
			Contact: i.Contact, Keys: i.Keys, Kind: contact.Lost, At: moment(max(started, o.lastEnd)), Attempts: 1,
			Failure: contact.Exhausted, Message: ledger.InterruptedMessage,
		})
	}
	return lost
}

// openCalls returns the intents without an outcome of all runs that are not closed, by run, but not those of jobs.
func (l *Ledger) openCalls() (map[int64][]contact.Outcome, error) {
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
		case c.contacts == nil && c.job != 0:
			o.noteEnds(c)
			return nil
		case c.contacts == nil:
			o.end(c)
			return nil
		case c.job != 0:
			return nil
		}
		return o.addCommit(c)
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

// lostContacts returns the contacts of a job that have no outcome, as lost outcomes, at the time of the submission.
func (l *Ledger) lostContacts(j *openJob) ([]contact.Outcome, error) {
	var lost []contact.Outcome
	err := l.eachContact(j, func(c ledger.JobContact) error {
		if !c.Done {
			lost = append(lost, contact.Outcome{
				Contact: c.Contact, Keys: c.Keys, Kind: contact.Lost, At: moment(j.submitted), Attempts: 1,
				Failure: contact.Exhausted, Message: interruptedJobMessage,
			})
		}
		return nil
	})
	return lost, err
}
