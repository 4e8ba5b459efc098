package fakeapi

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// DefaultJobLife is how long the results of a job are kept by default. The API's documents give no time.
	DefaultJobLife = 24 * time.Hour
	// MaxJobContacts is the most contacts that a submission may contain.
	MaxJobContacts = 100_000
	// maxJobsContacts is the most contacts in the jobs that have not expired; a submission above it gets a 503.
	maxJobsContacts = 5_000_000
	// maxSubmission is the largest body of a submission, in bytes.
	maxSubmission = 64 << 20
	// downloads is the path of each download_url. A client must not follow it: its host is another one.
	downloads = "/_downloads/"
	// resultsPath is what the path of a job's results begins with; resultsEnd is its end.
	resultsPath, resultsEnd = "/contacts/results/", ".json"
)

// Bulk says how POST /contacts and the results of jobs behave. The zero value is as documented: a job is done at once, and its
// results are kept for DefaultJobLife.
type Bulk struct {
	// JobTime is how long a job takes, ContactTime how much longer for each of its contacts.
	JobTime, ContactTime time.Duration
	// Life is how long after its submission a job expires, to which its results are deleted; it is rounded up to a whole second, as in
	// expiration_date. 0: DefaultJobLife.
	Life time.Duration
	// Limit is the most contacts in a submission; 0: MaxJobContacts. One above it gets LimitStatus; 0: 400.
	Limit, LimitStatus int
	// Field is how the address of a contact is called: "business_email", "email" or "both". Empty: business_email, as documented. The
	// other name gets a 400.
	Field string
	// UnpaidMissing leaves contacts that the credits were not enough for out of the results, instead of an element with an error.
	UnpaidMissing bool
	// RetryAfter is the text of the Retry-After header of a 202; empty: none, as documented.
	RetryAfter string
	// SubmitFaults apply to submissions by their number, PollFaults to polls by their number. With a count, as in 503x2, a
	// fault of a submission applies to the first two, one of a poll to the first two polls of each job.
	SubmitFaults, PollFaults []Fault
	// JobFaults apply by the number of the job, counted from 1 over the accepted submissions, to the polls that come when it is
	// done. With a count, as in cutx1, a fault applies to the first of these polls.
	JobFaults []Fault
}

// validate refuses what is out of range.
func (b *Bulk) validate() error {
	switch {
	case b.JobTime < 0 || b.ContactTime < 0 || b.Life < 0:
		return errors.New("a negative time of a job")
	case b.Limit < 0 || b.Limit > MaxJobContacts:
		return fmt.Errorf("the limit of a submission is %d contacts: expected 0 to %d", b.Limit, MaxJobContacts)
	case b.LimitStatus != 0 && (b.LimitStatus < 400 || b.LimitStatus >= maxStatus):
		return fmt.Errorf("the status of a submission above the limit is %d: expected 400 to %d", b.LimitStatus, maxStatus-1)
	case b.Field != "" && b.Field != "email" && b.Field != "business_email" && b.Field != "both":
		return fmt.Errorf("the field of an address in a job is %q: expected business_email, email or both", b.Field)
	}
	for where, faults := range map[places][]Fault{onSubmit: b.SubmitFaults, onPoll: b.PollFaults, onJob: b.JobFaults} {
		if _, err := prepare(faults, where); err != nil {
			return err
		}
	}
	return nil
}

// A bulkRequest is a submission or a poll.
type bulkRequest interface {
	// serve answers as documented.
	serve(*call)
	// build makes the documented answer and its status, and charges what it costs. It returns false if no credits are left.
	build(*call) bool
	// spend charges what build would, without an answer.
	spend(*call)
}

// isResults reports whether a URL is one of a job's results.
func isResults(u *url.URL) bool {
	_, ok := jobOf(u)
	return ok
}

// jobOf returns the id in the URL of a job's results.
func jobOf(u *url.URL) (id string, ok bool) {
	escaped, ok := strings.CutPrefix(u.EscapedPath(), resultsPath)
	if !ok {
		return "", false
	}
	escaped, ok = strings.CutSuffix(escaped, resultsEnd)
	if !ok || strings.Contains(escaped, "/") {
		return "", false
	}
	id, err := url.PathUnescape(escaped)
	return id, err == nil
}

// serveSubmission answers POST /contacts. The body is read, then the call is counted, then anything else is decided, as for
// POST /contact.
func (s *Server) serveSubmission(w http.ResponseWriter, r *http.Request) {
	body, err := readBody(make([]byte, 0, min(max(r.ContentLength, 0), 1<<20)+1), r.Body, maxSubmission)
	if err != nil {
		s.tally.unread.Add(1)
		s.reject(w, http.StatusRequestEntityTooLarge, err.Error())
		return
	}
	in := submission{}
	c := call{Server: s, endpoint: &s.submit, w: w, r: r, bulk: &in, status: http.StatusOK}
	c.enter("POST /contacts")
	defer s.tally.inFlight.Add(-1)
	invalid := in.parse(&c, body)
	c.turn = c.nth
	c.answer(nil, invalid)
}

// servePoll answers GET /contacts/results/ID.json.
func (s *Server) servePoll(w http.ResponseWriter, r *http.Request) {
	id, _ := jobOf(r.URL) // isResults accepted it
	in := poll{job: s.jobs.find(id)}
	c := call{Server: s, endpoint: &s.poll, w: w, r: r, bulk: &in, status: http.StatusOK}
	c.enter("GET " + r.URL.EscapedPath())
	defer s.tally.inFlight.Add(-1)
	if in.job != nil {
		c.turn = in.job.polls.Add(1)
	}
	c.answer(nil, nil)
}
