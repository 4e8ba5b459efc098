package ledger

import (
	"fmt"
	"slices"

	"github.com/tidwall/gjson"

	"enrich/contact"
)

// crashed is what is said of a call whose run ended before its outcome was kept.
const crashed = "the run ended before the answer was kept; the call may have been charged"

// openIntents are the intents that have no outcome yet, in order.
type openIntents struct {
	list []Intent
	at   map[contact.Key]int // the place in list of each request's latest intent
}

// intents takes those of one commit.
func (o *openIntents) intents(id, run int64, keys, contacts []byte, sum int64) error {
	if err := checkAsked(id, run, keys, contacts, sum); err != nil {
		return err
	}
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

// close ends an intent. The list is made shorter when most of it is closed, so that it does not grow with the run.
func (o *openIntents) close(k contact.Keys) {
	i, ok := o.at[k.Request]
	if !ok {
		return
	}
	delete(o.at, k.Request)
	o.list[i].Keys = contact.Keys{}
	if len(o.list) >= 64 && len(o.list) > 4*len(o.at) {
		o.compact()
	}
}

func (o *openIntents) compact() {
	o.list = slices.DeleteFunc(o.list, func(i Intent) bool { return i.Keys == contact.Keys{} })
	for i := range o.list {
		o.at[o.list[i].Keys.Request] = i
	}
}

// lost are those that are still open, as outcomes.
func (o *openIntents) lost(ms int64) []contact.Outcome {
	o.compact()
	lost := make([]contact.Outcome, 0, len(o.list))
	for _, i := range o.list {
		lost = append(lost, contact.Outcome{
			Contact: i.Contact, Keys: i.Keys, Kind: contact.Lost, At: moment(ms), Attempts: 1,
			Failure: contact.Exhausted, Message: crashed,
		})
	}
	return lost
}
