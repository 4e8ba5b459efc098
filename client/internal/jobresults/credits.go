package jobresults

import (
	"enrich/contact"
)

// credits is what results say about the credits of the account, as far as they were read.
type credits struct {
	stated *int64 // remaining_credits of the results; nil: they have none so far
	lowest *int64 // of all elements; nil: none has any
	failed bool   // the results have an error besides the contacts: nobody knows what it says
	member []byte // reused
}

// read looks at a member of the results besides contacts.
func (c *credits) read(name string, value []byte) {
	switch name {
	case "remaining_credits":
		c.member = append(append(append(c.member[:0], `{"remaining_credits":`...), value...), '}')
		if a, err := contact.ParseAnswer(c.member); err == nil && a.Remaining != nil {
			c.stated = a.Remaining
		}
	case "error":
		switch contact.ErrorText(value) {
		case "", "{}", "[]":
		default:
			c.failed = true
		}
	}
}

// observe takes what an element says.
func (c *credits) observe(remaining *int64) {
	if remaining != nil && (c.lowest == nil || *remaining < *c.lowest) {
		c.lowest = remaining
	}
}

// areOut reports whether no credits are left, as far as is known.
func (c *credits) areOut() bool { return isOut(c.stated) || isOut(c.lowest) }

func isOut(remaining *int64) bool { return remaining != nil && *remaining <= 0 }
