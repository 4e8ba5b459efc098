package fakeapi

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"enrich/internal/jsonscan"
)

// A submission is the body of POST /contacts.
type submission struct {
	rows []entry
}

// An entry is a contact of a submission.
type entry struct {
	person
	contact string
	fields  []byte // its custom_fields
	orders  []order
	turn    int64
}

var (
	errContacts = errors.New("contacts must be an array of objects that is not empty")
	errBody     = errors.New("the body must have one member, contacts")
	errFields   = errors.New("custom_fields is required, and must be an object")
	errMetadata = errors.New("metadata must be an object")
)

// parse reads a body, and counts the contacts. The submission shares the body's memory. A body that is not JSON or not as documented
// is an error, as is the first contact that is not valid.
func (s *submission) parse(c *call, body []byte) error {
	contacts, err := contactsOf(body)
	if err != nil {
		return err
	}
	b := &c.options.Bulk
	limit := cmp.Or(b.Limit, MaxJobContacts)
	var invalid error
	var scan jsonscan.Scanner[[]byte]
	scan.Reset(contacts, jsonscan.MaxDepth)
	scan.Array()
	n := 0
	for ; scan.Element(); n++ {
		value := scan.Value()
		if n >= limit {
			continue
		}
		if err := s.add(c, value); err != nil && invalid == nil {
			invalid = fmt.Errorf("contacts[%d]: %w", n, err)
		}
	}
	switch {
	case n > limit:
		return &statusError{cmp.Or(b.LimitStatus, http.StatusBadRequest), fmt.Sprintf("contacts has %d elements: at most %d are accepted", n, limit)}
	case n == 0:
		return errContacts
	case invalid == nil && !c.jobs.admits(n, c.now()):
		return &statusError{http.StatusServiceUnavailable, "There are too many jobs."}
	}
	return invalid
}

// contactsOf returns the array of a body.
func contactsOf(body []byte) (contacts []byte, err error) {
	var scan jsonscan.Scanner[[]byte]
	scan.Reset(body, jsonscan.MaxDepth)
	if !scan.Object() {
		if scan.Value(); scan.End() {
			return nil, errObject
		}
		return nil, errJSON
	}
	for name, ok := scan.Member(); ok; name, ok = scan.Member() {
		if string(name) != "contacts" || contacts != nil {
			err = errBody
		}
		contacts = scan.Value()
	}
	switch {
	case !scan.End():
		return nil, errJSON
	case err != nil:
		return nil, err
	case len(contacts) == 0 || contacts[0] != '[':
		return nil, errContacts
	}
	return contacts, nil
}

// add parses and counts a contact.
func (s *submission) add(c *call, value []byte) error {
	if len(value) == 0 || value[0] != '{' {
		return errContacts
	}
	var e entry
	var err error
	if e.question, err = parseQuestion(value); err == nil {
		err = e.question.check(c.options.Bulk.required())
	}
	e.contact = e.question.contact()
	e.hash = hashOf(e.contact, c.options.Seed)
	e.orders = ordersOf(e.contact)
	if e.contact != "" && (!c.options.Uncounted || counted(e.orders)) {
		e.turn = c.tally.turn(e.contact)
	}
	if err == nil {
		e.fields, err = customFields(value)
	}
	if err == nil {
		err = e.refusal()
	}
	s.rows = append(s.rows, e)
	return err
}

// required is the only valid name of the address; empty: both are.
func (b *Bulk) required() string {
	switch b.Field {
	case "":
		return "business_email"
	case "both":
		return ""
	}
	return b.Field
}

// customFields returns a contact's custom_fields, and checks what parseQuestion ignores.
func customFields(value []byte) (fields []byte, err error) {
	var scan jsonscan.Scanner[[]byte]
	scan.Reset(value, jsonscan.MaxDepth)
	scan.Object()
	for name, ok := scan.Member(); ok; name, ok = scan.Member() {
		member := scan.Value()
		switch {
		case string(name) == "custom_fields":
			fields = member
		case string(name) == "metadata" && member[0] != '{':
			err = errMetadata
		}
	}
	if len(fields) == 0 || fields[0] != '{' {
		return nil, errFields
	}
	return fields, err
}

// refusal is the status that the address orders, if that is one for a bad row: then the whole submission gets it.
func (e *entry) refusal() error {
	o := current(e.orders, e.turn)
	if o == nil || o.kind.status == nil {
		return nil
	}
	switch o.arg {
	case "400", "413", "422":
		status, _ := strconv.Atoi(o.arg)
		return &statusError{status, "the contact was not accepted: " + http.StatusText(status)}
	}
	return nil
}

// accept makes a job of the submission and charges its contacts at once: the worst case for a client. name, if it is not nil, changes
// the job's id.
func (s *submission) accept(c *call, name func(id string) string) *job {
	b, now := &c.options.Bulk, c.now()
	life := cmp.Or(b.Life, DefaultJobLife)
	j := &job{
		done:    now.Add(b.JobTime + time.Duration(len(s.rows))*b.ContactTime),
		expires: time.Unix(now.Add(life+time.Second-1).Unix(), 0), rows: make([]row, len(s.rows)),
	}
	c.jobs.number(j, c.options.Seed)
	paid := len(s.rows)
	if o := c.jobs.order(j, 1, c.options.Seed); o != nil && o.kind.halfPaid && !c.healed.Load() {
		paid /= 2
	}
	for i := range s.rows {
		j.rows[i] = s.rows[i].process(c, i < paid)
	}
	if j.left = c.account.credits.Load(); paid < len(s.rows) {
		j.left = 0
	}
	if name != nil {
		j.id = name(j.id)
	}
	c.jobs.add(j)
	c.tally.jobs.Add(1)
	c.tally.jobContacts.Add(int64(len(j.rows)))
	return j
}

// process charges a contact that is found. If no credits are left, the API does not even say that there is no match.
func (e *entry) process(c *call, payable bool) row {
	r := row{person: e.person, fields: e.fields, shape: e.shape(&c.options)}
	if o := current(e.orders, e.turn); o != nil && o.kind.shape != 0 {
		r.shape, r.size = o.kind.shape, o.arg
	}
	switch {
	case !payable:
		r.unpaid = true
	case r.shape.misses():
		r.unpaid = c.account.credits.Load() <= 0
	default:
		_, paid := c.account.charge()
		if r.unpaid = !paid; paid {
			id, _ := jsonscan.ToText(jsonscan.Get(e.fields, "enrich_id"))
			c.tally.charge(e.contact, id)
		}
	}
	return r
}

func (s *submission) serve(c *call) {
	if s.build(c) {
		c.send(http.StatusOK)
		return
	}
	c.outOfCredits()
}

func (s *submission) build(c *call) bool { return s.answer(c, spelling{}) }

func (s *submission) spend(c *call) { s.accept(c, nil) }

// answer accepts the submission and says so. It returns false if no credits are left and that is a 402.
func (s *submission) answer(c *call, how spelling) bool {
	if c.options.PaymentRequired && c.account.credits.Load() <= 0 {
		return false
	}
	j := s.accept(c, how.name)
	c.out = how.append(c.out, j, c.downloadURL(j.id))
	return true
}

// downloadURL is on another host than the API's, which leads to this server too: it counts who follows it.
func (c *call) downloadURL(id string) string {
	u := url.URL{Scheme: "http", Host: "localhost", Path: downloads + id + resultsEnd}
	if c.options.TLS {
		u.Scheme = "https"
	}
	if host, port, err := net.SplitHostPort(c.r.Host); err == nil {
		if host == "localhost" {
			host = "127.0.0.1"
		} else {
			host = "localhost"
		}
		u.Host = net.JoinHostPort(host, port)
	}
	return u.String()
}
