package pipeline

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"enrich/contact"
	"enrich/ledger"
)

// Bounds of one commit of results: a larger one is no cheaper.
const (
	resultsPerCommit = 1000
	rawChunk         = 256 << 10
)

// jobContacts are the contacts of a job, by the id that the results repeat.
type jobContacts struct {
	list  []ledger.JobContact
	index map[contact.Key]int
	seen  []bool // an element with its id was read
}

func (d *jobDispatcher) contactsOf(j *openJob) (*jobContacts, error) {
	c := &jobContacts{index: make(map[contact.Key]int, j.Contacts)}
	err := d.Jobs.Ledger.JobContacts(d.uncancelled, j.Number, func(jc ledger.JobContact) error {
		jc.Contact = jc.Contact.Clone()
		c.index[jc.ID] = len(c.list)
		c.list = append(c.list, jc)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the ledger: %w", err)
	}
	c.seen = make([]bool, len(c.list))
	return c, nil
}

// find returns the contact of an element; nil if the element has no id of the job, or is not the first with this id.
func (c *jobContacts) find(r *contact.JobResult) *ledger.JobContact {
	i, found := c.index[r.Key]
	if !r.Identified || !found || c.seen[i] {
		return nil
	}
	c.seen[i] = true
	return &c.list[i]
}

// A survey is what must be known of all results before the first is recorded.
type survey struct {
	elements, ours int
	noMatch        bool // one of our contacts is a no match
	outOfCredits   bool
	unidentified   bool // an element has no id: it may be the answer of a contact that seems to be missing
	remaining      *int64
}

// survey reads all results once. It returns an error that wraps contact.ErrResults if they cannot be understood.
func (c *jobContacts) survey(results contact.JobResults) (s survey, err error) {
	clear(c.seen)
	for {
		r, err := results.Next()
		switch {
		case errors.Is(err, io.EOF):
			s.remaining = results.Remaining()
			clear(c.seen)
			return s, results.Rewind()
		case err != nil:
			return s, err
		}
		s.elements++
		s.outOfCredits = s.outOfCredits || r.OutOfCredits
		s.unidentified = s.unidentified || !r.Identified
		if c.find(&r) != nil {
			s.ours++
			s.noMatch = s.noMatch || r.Outcome.Kind == contact.NoMatch
		}
	}
}

// missing returns the outcome of a contact that is not in the results: a no match if the API leaves those out, or else lost.
func (s *survey) missing() contact.Outcome {
	o := contact.Outcome{Kind: contact.Lost, Failure: contact.Malformed, Status: http.StatusOK, Message: "the results of the bulk job do not have this contact"}
	if s.ours > 0 && !s.noMatch && !s.unidentified && !s.outOfCredits {
		o.Kind, o.Failure, o.ChargeUnknown, o.Body = contact.NoMatch, "", true, []byte(`{"contact":null}`)
	}
	return o
}

// withoutOurs returns the error of results that have none of the job's contacts.
func (s *survey) withoutOurs() error {
	if s.elements == 0 {
		return fmt.Errorf("%w: they are empty", contact.ErrResults)
	}
	return fmt.Errorf("%w: none of the %d elements has an id of this job in custom_fields", contact.ErrResults, s.elements)
}

// handleResults records the results of a job. If they cannot be understood, or contacts would be lost because they are missing, they are
// fetched once more first. While jobs are taken over, nothing waits: a contact that is lost then is sent again by this run.
func (d *jobDispatcher) handleResults(j *openJob, results contact.JobResults) {
	defer func() { _ = results.Close() }() // they were only read
	contacts, err := d.contactsOf(j)
	if err != nil {
		d.stop.abandon(err)
		return
	}
	s, err := contacts.survey(results)
	if err == nil && s.ours == 0 && j.Forgotten == 0 && (s.elements > 0 || j == d.trial) {
		err = s.withoutOurs()
	}
	unreadable := errors.Is(err, contact.ErrResults)
	switch {
	case err != nil && !unreadable:
		d.stop.abandon(err)
	case !j.incomplete && (unreadable || d.takenOver && s.ours < len(contacts.list) && s.missing().Kind == contact.Lost):
		j.incomplete = true // the API may have answered too early: contacts that are missing now may have been charged
		j.pollAgain(time.Now(), 0)
	case unreadable:
		d.handleUnreadable(j, contacts, results, err)
	default:
		d.commitResults(j, contacts, &s, results)
	}
}

// commitResults records readable results in commits of a bounded size. The last one ends the job.
func (d *jobDispatcher) commitResults(j *openJob, contacts *jobContacts, s *survey, results contact.JobResults) {
	if j.own { // what earlier runs spent until their jobs ended is not of this run
		d.observe(s.remaining)
	}
	now, unpaid := outcomeTime(time.Now()), 0
	for {
		r, err := results.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			d.stop.abandon(err)
			return
		}
		switch c := contacts.find(&r); {
		case c == nil: // foreign, or repeated
			d.buffer.addRaw(r.Raw)
		case !c.Done:
			if r.Outcome.Kind == contact.Released { // not looked up, because no credits are left
				unpaid++
			}
			d.buffer.add(c, &r.Outcome, now)
		}
		if d.buffer.isFull() && !d.commit(j, "") {
			return
		}
	}
	if !d.commitRest(j, contacts, s.missing(), now, ledger.JobDone) {
		return
	}
	if j == d.trial && s.ours > 0 {
		d.small, d.proved = false, true
	}
	d.small = d.small || d.takenOver && s.ours == 0
	d.remove(j)
	if unpaid > 0 {
		d.applyStop(contact.StopNoCredits, fmt.Sprintf("%d of the %d contacts of bulk job %.100q were not looked up", unpaid, len(contacts.list), j.ID))
	}
}

// handleUnreadable keeps results that cannot be understood as they are. All contacts of the job are lost, and the run stops.
func (d *jobDispatcher) handleUnreadable(j *openJob, contacts *jobContacts, results contact.JobResults, why error) {
	raw := results.Raw()
	for {
		chunk := make([]byte, rawChunk)
		n, err := io.ReadFull(raw, chunk)
		if n > 0 {
			d.buffer.raw = append(d.buffer.raw, chunk[:n])
			if !d.commit(j, "") {
				return
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			d.stop.abandon(err)
			return
		}
	}
	o := contact.Outcome{Kind: contact.Lost, Failure: contact.Malformed, Status: http.StatusOK, Message: why.Error()}
	clear(contacts.seen)
	if d.commitRest(j, contacts, o, outcomeTime(time.Now()), ledger.JobUnreadable) {
		d.remove(j)
		d.stop.stop(contact.StopAPIDown, fmt.Sprintf("bulk job %.100q: %v; they are kept in the ledger as they are", j.ID, why))
	}
}

// commitRest records one outcome for each contact that was not seen in the results, and ends the job.
func (d *jobDispatcher) commitRest(j *openJob, contacts *jobContacts, o contact.Outcome, now time.Time, end ledger.JobState) bool {
	for i := range contacts.list {
		if c := &contacts.list[i]; !contacts.seen[i] && !c.Done {
			d.buffer.add(c, &o, now)
		}
		if d.buffer.isFull() && !d.commit(j, "") {
			return false
		}
	}
	return d.commit(j, end)
}

// commit makes what is in the buffer durable, and then counts it. It returns false if the run must end: then the job stays open.
func (d *jobDispatcher) commit(j *openJob, end ledger.JobState) bool {
	b := &d.buffer
	defer b.reset()
	if d.stop.hard.Err() != nil {
		return false
	}
	if err := d.Jobs.Ledger.CommitResults(d.uncancelled, d.Run, j.Number, b.outcomes, b.raw, end); err != nil {
		d.stop.fail(err)
		return false
	}
	for i := range b.outcomes {
		o := &b.outcomes[i]
		if j.own {
			d.Budget.Settle(o, 0)
		}
		d.Counters.add(o)
		d.markFinished(o.Keys)
		if o.Kind == contact.Lost && !d.takenOver {
			d.markLostBefore(o.Keys)
		}
	}
	j.Contacts -= len(b.outcomes)
	return true
}

// A resultBuffer collects what the next commit of results makes durable. Its memory is reused.
type resultBuffer struct {
	outcomes []contact.Outcome
	raw      [][]byte
	bytes    []byte // of both
}

func (b *resultBuffer) add(c *ledger.JobContact, o *contact.Outcome, at time.Time) {
	from := len(b.bytes)
	b.bytes = append(b.bytes, o.Body...)
	b.outcomes = append(b.outcomes, *o)
	last := &b.outcomes[len(b.outcomes)-1]
	last.Contact, last.Keys, last.At, last.Attempts = c.Contact, c.Keys, at, 1
	if last.Body = nil; o.Body != nil {
		last.Body = b.bytes[from:len(b.bytes):len(b.bytes)]
	}
}

func (b *resultBuffer) addRaw(element []byte) {
	from := len(b.bytes)
	b.bytes = append(b.bytes, element...)
	b.raw = append(b.raw, b.bytes[from:len(b.bytes):len(b.bytes)])
}

func (b *resultBuffer) isFull() bool {
	return len(b.outcomes) >= resultsPerCommit || len(b.bytes) >= fullBytes
}

func (b *resultBuffer) reset() {
	clear(b.outcomes)
	clear(b.raw)
	b.outcomes, b.raw, b.bytes = b.outcomes[:0], b.raw[:0], b.bytes[:0]
}
