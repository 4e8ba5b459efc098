package ledger

import (
	"fmt"
	"slices"

	"github.com/ncruces/go-sqlite3"
	"github.com/tidwall/gjson"

	"enrich/contact"
)

// crashed is what is said of a call whose run ended before its outcome was kept.
const crashed = "the run ended before the answer was kept; the call may have been charged"

// openIntents are the intents of a run that have no outcome yet, in order. Commits are taken in their order, so that
// never more are open than the run had permits.
type openIntents struct {
	list []Intent
	at   map[contact.Key]int // the place in list of each request's latest intent
	last int64               // milliseconds: when its last outcome came
}

// intents takes those of one commit.
func (o *openIntents) intents(id int64, keys, contacts []byte) error {
	list := gjson.ParseBytes(contacts).Array()
	if len(list) != len(keys)/keysSize {
		return fmt.Errorf("%w: commit %d has %d keys and %d contacts", ErrDamaged, id, len(keys)/keysSize, len(list))
	}
	for i, c := range list {
		k := readKeys(keys[i*keysSize:])
		if k == (contact.Keys{}) { // forgotten
			continue
		}
		o.at[k.Request] = len(o.list)
		o.list = append(o.list, Intent{Contact: contact.ParseJSON([]byte(c.Raw)), Keys: k})
	}
	return nil
}

func checkAsked(id, run int64, keys, contacts []byte, sum int64) error {
	if len(keys)%keysSize != 0 || checksum([]int64{id, run}, keys, contacts) != sum {
		return fmt.Errorf("%w: the intents of commit %d are not what was written", ErrDamaged, id)
	}
	return nil
}

// close ends the intents of one commit's outcomes.
func (o *openIntents) close(keys []byte) {
	for i := 0; i < len(keys); i += endedSize {
		e := readEnded(keys[i:])
		o.last = max(o.last, e.at)
		at, ok := o.at[e.keys.Request]
		if !ok {
			continue
		}
		delete(o.at, e.keys.Request)
		o.list[at].Keys = contact.Keys{}
	}
	if len(o.list) >= 64 && len(o.list) > 4*len(o.at) {
		o.compact()
	}
}

// compact makes the list shorter when most of it is closed, so that it does not grow with the run.
func (o *openIntents) compact() {
	o.list = slices.DeleteFunc(o.list, func(i Intent) bool { return i.Keys == contact.Keys{} })
	for i := range o.list {
		o.at[o.list[i].Keys.Request] = i
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
			all[r.id] = &openIntents{at: map[contact.Key]int{}}
			if from < 0 || r.first < from {
				from = r.first
			}
		}
	}
	if len(all) == 0 {
		return nil, nil
	}
	err := l.commits(max(from, l.pruned+1), func(c *commitRow) error {
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

// A commitRow is a row of ended or, with contacts, of asked. It is valid until the next one.
type commitRow struct {
	id, run, first int64
	keys, contacts []byte
}

// commits goes through the commits from a number on, each with its outcomes before its intents, and checks that none is
// missing.
func (l *Ledger) commits(from int64, do func(*commitRow) error) error {
	const merged = `SELECT id, 0, run, first, keys, NULL, checksum FROM ended WHERE id >= ?1
		UNION ALL SELECT id, 1, run, 0, keys, contacts, checksum FROM asked WHERE id >= ?1 ORDER BY 1, 2`
	last := from - 1
	for stmt, err := range l.rows(merged, from) {
		if err != nil {
			return err
		}
		c := commitRow{id: stmt.ColumnInt64(0), run: stmt.ColumnInt64(2), first: stmt.ColumnInt64(3), keys: stmt.ColumnRawBlob(4)}
		if err := c.check(stmt); err != nil {
			return err
		}
		if c.id > last+1 || c.run < 1 || c.run > int64(len(l.runs)) {
			return fmt.Errorf("%w: something is missing before commit %d", ErrDamaged, c.id)
		}
		last = c.id
		if err := do(&c); err != nil {
			return err
		}
	}
	return nil
}

func (c *commitRow) check(stmt *sqlite3.Stmt) error {
	sum := stmt.ColumnInt64(6)
	if stmt.ColumnInt64(1) == 0 {
		return checkEnded(c.id, c.run, c.first, c.keys, sum)
	}
	c.contacts = stmt.ColumnRawText(5)
	return checkAsked(c.id, c.run, c.keys, c.contacts, sum)
}
