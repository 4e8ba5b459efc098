package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"enrich/contact"
	"enrich/ledger"
)

// newBulkRig returns a first pass that sends a list of addresses in jobs of a size. A job takes 5 s; each of its contacts is
// matched and charged. A submission and a poll take 10 ms.
func newBulkRig(size int, caps Caps, list ...string) *rig {
	r := newRig(2, caps, list...)
	r.jobs = newFakeJobs(r.ledger)
	r.Jobs = Jobs{API: r.jobs, Ledger: r.ledger, URL: "http://api.example", Size: size, Wait: time.Hour}
	return r
}

// again returns a rig for another run on the same ledger and API.
func (r *rig) again(size int, caps Caps, list ...string) *rig {
	next := newBulkRig(size, caps, list...)
	next.journal = r.journal
	next.jobs, next.Jobs.API = r.jobs, r.jobs
	next.jobs.ledger = r.ledger
	r.ledger.counters, r.ledger.claim, r.ledger.fault = next.Counters, next.ledger.claim, next.ledger.fault
	r.ledger.matched, r.ledger.lost, r.ledger.charged, r.ledger.failed = 0, 0, 0, ""
	next.api.journal, next.api.ledger = r.journal, r.ledger
	next.ledger, next.Ledger, next.Jobs.Ledger, next.Run = r.ledger, r.ledger, r.ledger, r.Run+1
	r.ledger.reopen()
	return next
}

// A ledgerJob is a bulk job as the ledger has it.
type ledgerJob struct {
	contact.Job
	state    ledger.JobState
	contacts []ledger.JobContact
	raw      []byte
}

func (j *ledgerJob) ended() bool { return j.state != ledger.JobSubmitted && j.state != ledger.JobOpen }

func (j *ledgerJob) find(k contact.Key) *ledger.JobContact {
	for i := range j.contacts {
		if j.contacts[i].Keys.Request == k {
			return &j.contacts[i]
		}
	}
	return nil
}

// inJob reports whether a contact waits for the results of a job.
func (l *fakeLedger) inJob(k contact.Key) bool {
	return slices.ContainsFunc(l.jobs, func(j *ledgerJob) bool {
		c := j.find(k)
		return c != nil && !c.Done && !j.ended()
	})
}

// reopen is what a ledger does after its process died: submitted jobs are lost, and so are open intents.
func (l *fakeLedger) reopen() {
	for k, s := range l.states {
		s.DoneThisRun = false
		l.states[k] = s
	}
	lose := func(k contact.Keys, c contact.Contact) {
		l.record(contact.Outcome{Contact: c, Keys: k, Kind: contact.Lost})
		s := l.states[k.Request]
		s.DoneThisRun = false
		l.states[k.Request] = s
		l.lost--
		l.interrupted++
	}
	for k, email := range l.open {
		lose(contact.Keys{Request: k}, contact.Contact{Email: email})
	}
	for _, j := range l.jobs {
		for i := range j.contacts {
			if c := &j.contacts[i]; j.state == ledger.JobSubmitted && !c.Done {
				c.Done = true
				lose(c.Keys, c.Contact)
			}
		}
		if j.state == ledger.JobSubmitted {
			j.state = ledger.JobLost
		}
	}
}

func (l *fakeLedger) CommitJob(_ context.Context, run int64, intents []ledger.Intent) (int64, []bool, error) {
	unlock, err := l.begin("jobs", nil)
	defer unlock()
	if err != nil {
		return 0, nil, err
	}
	job := &ledgerJob{state: ledger.JobSubmitted, Job: contact.Job{Number: int64(len(l.jobs) + 1), Run: run}}
	claimed := make([]bool, len(intents))
	for i, in := range intents {
		if l.inJob(in.Keys.Request) {
			l.report("%s is submitted, and is in an open job", in.Contact.Email)
		}
		if claimed[i] = l.claim(in.Contact.Email); claimed[i] {
			job.contacts = append(job.contacts, ledger.JobContact{Intent: in, ID: in.Keys.Request})
		}
	}
	if job.Contacts = len(job.contacts); job.Contacts == 0 {
		return 0, claimed, nil
	}
	l.jobs = append(l.jobs, job)
	return job.Number, claimed, nil
}

func (l *fakeLedger) OpenJob(_ context.Context, number int64, id string, expires time.Time) error {
	unlock, err := l.begin("jobs", nil)
	defer unlock()
	if err != nil {
		return err
	}
	job := l.jobs[number-1]
	if job.state != ledger.JobSubmitted {
		l.report("job %d is opened in the state %s", number, job.state)
	}
	job.state, job.ID, job.Expires = ledger.JobOpen, id, expires
	return nil
}

func (l *fakeLedger) CommitResults(_ context.Context, _, number int64, outcomes []contact.Outcome, raw [][]byte, end ledger.JobState) error {
	unlock, err := l.begin("jobs", outcomes)
	defer unlock()
	if err != nil {
		return err
	}
	job := l.jobs[number-1]
	if job.ended() {
		l.report("results of job %d, which is %s", number, job.state)
	}
	for i := range outcomes {
		c := job.find(outcomes[i].Keys.Request)
		if c == nil || c.Done {
			l.report("an outcome of %s, which does not wait for it in job %d", outcomes[i].Contact.Email, number)
			continue
		}
		c.Done = true
		o := outcomes[i]
		o.Body = bytes.Clone(o.Body)
		l.record(o)
	}
	job.raw = append(job.raw, bytes.Join(raw, nil)...)
	if end != "" {
		if job.state = end; slices.ContainsFunc(job.contacts, func(c ledger.JobContact) bool { return !c.Done }) {
			l.report("job %d ends with contacts that have no outcome", number)
		}
	}
	return nil
}

func (l *fakeLedger) OpenJobs(context.Context, string) (list []contact.Job, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, j := range l.jobs {
		if j.state == ledger.JobOpen {
			list = append(list, j.Job)
		}
	}
	return list, l.lookups
}

func (l *fakeLedger) AdoptJob(context.Context, int64, int64) (bool, error) { return true, nil }

func (l *fakeLedger) LeaveJob(context.Context, int64, int64) error { return nil }

func (l *fakeLedger) JobContacts(_ context.Context, number int64, do func(ledger.JobContact) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.jobs[number-1].contacts {
		if err := do(c); err != nil {
			return err
		}
	}
	return l.lookups
}

// jobStates returns the states of all jobs, as text.
func (l *fakeLedger) jobStates() string {
	var list []string
	for _, j := range l.jobs {
		list = append(list, fmt.Sprintf("%s %d", j.state, len(j.contacts)))
	}
	return strings.Join(list, ", ")
}

// An apiJob is a job that the API has accepted.
type apiJob struct {
	id       string
	contacts []ledger.Intent
	ready    time.Time
	polls    int
}

// fakeJobs is the API's side of bulk jobs. It checks that what it is sent may be sent.
type fakeJobs struct {
	*journal
	ledger *fakeLedger
	// submit returns how the nth submission ends, and whether the API has the job; a zero Acceptance is completed.
	submit func(n int, contacts []*contact.Question) (a contact.Acceptance, accepted bool)
	// poll returns how the nth poll of a job ends instead of with its results; nil: with them.
	poll func(j *apiJob, n int) *contact.JobPoll
	// results returns the results of a job, and whether they end before their end.
	results func(j *apiJob) *fakeResults
	took    func() time.Duration // a request
	ready   func(n int) time.Duration
	matches func(email string) bool
	retries func() int // of a request

	jobs        []*apiJob
	sizes       []int // of the submissions
	requests    int
	charged     map[string]int
	submitted   map[string]int // how often the API has accepted a contact
	busy        bool
	lastRequest time.Time
	openResults int
}

func newFakeJobs(l *fakeLedger) *fakeJobs {
	return &fakeJobs{
		journal: l.journal, ledger: l,
		submit: func(int, []*contact.Question) (contact.Acceptance, bool) { return contact.Acceptance{}, true },
		poll:   func(*apiJob, int) *contact.JobPoll { return nil },
		took:   func() time.Duration { return 10 * time.Millisecond }, ready: func(int) time.Duration { return 5 * time.Second },
		matches: func(string) bool { return true }, retries: func() int { return 0 },
		charged: map[string]int{}, submitted: map[string]int{},
	}
}

// request makes a request and its retries. It returns how many were made, and which cap ended them.
func (a *fakeJobs) request(soft context.Context, retry func() string) (n int, reached string) {
	for more := a.retries(); soft.Err() == nil; more-- {
		a.mu.Lock()
		if a.busy {
			a.report("two requests for jobs at once")
		}
		if a.ledger.failed == "jobs" {
			a.report("a request after a commit failed")
		}
		a.busy = true
		a.requests++
		a.lastRequest = time.Now()
		a.mu.Unlock()
		time.Sleep(a.took())
		a.mu.Lock()
		a.busy = false
		a.mu.Unlock()
		if n++; more <= 0 {
			break
		}
		if reached = retry(); reached != "" {
			break
		}
	}
	return n, reached
}

func (a *fakeJobs) Submit(soft, _ context.Context, contacts []*contact.Question, retry func() string) contact.Acceptance {
	a.mu.Lock()
	a.checkSubmission(contacts)
	a.sizes = append(a.sizes, len(contacts))
	n := len(a.sizes)
	a.mu.Unlock()
	sent, reached := a.request(soft, retry)
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case sent == 0:
		a.sizes = a.sizes[:n-1]
		return contact.Acceptance{Outcome: contact.Outcome{Kind: contact.Released, At: time.Now()}}
	case reached != "":
		a.sizes = a.sizes[:n-1]
		return contact.Acceptance{Outcome: contact.Outcome{Kind: contact.Released, At: time.Now(), Attempts: sent}, Stop: contact.StopCap, StopDetail: reached}
	}
	r, accepted := a.submit(n, contacts)
	r.Outcome.Attempts, r.Outcome.At = sent, time.Now()
	if accepted {
		j := a.accept(n, contacts)
		if r.Outcome.Kind == 0 {
			r.ID = j.id
		}
	}
	return r
}

func (a *fakeJobs) checkSubmission(contacts []*contact.Question) {
	var job *ledgerJob
	open := 0
	for _, j := range a.ledger.jobs {
		switch j.state {
		case ledger.JobSubmitted:
			job = j
		case ledger.JobOpen:
			open++
		}
	}
	if open >= maxOpenJobs && a.ledger.jobs[0].Run == job.Run {
		a.report("a submission with %d open jobs", open)
	}
	if job == nil || len(job.contacts) != len(contacts) {
		a.report("%d contacts are submitted without a durable job", len(contacts))
		return
	}
	for i, q := range contacts {
		if job.contacts[i].Keys != q.Keys || job.contacts[i].Contact != q.Contact {
			a.report("%s is submitted, and is not in the job", q.Contact.Email)
		}
	}
}

func (a *fakeJobs) accept(n int, contacts []*contact.Question) *apiJob {
	j := &apiJob{id: fmt.Sprintf("job-%d", len(a.jobs)+1), ready: time.Now().Add(a.ready(n))}
	for _, q := range contacts {
		j.contacts = append(j.contacts, ledger.Intent{Contact: q.Contact, Keys: q.Keys})
		a.submitted[q.Contact.Email]++
		if a.matches(q.Contact.Email) {
			a.charged[q.Contact.Email]++
		}
	}
	a.jobs = append(a.jobs, j)
	return j
}

func (a *fakeJobs) Poll(soft, _ context.Context, job *contact.Job, retry func() string) contact.JobPoll {
	sent, reached := a.request(soft, retry)
	a.mu.Lock()
	defer a.mu.Unlock()
	if state := a.ledger.jobs[job.Number-1].state; state != ledger.JobOpen {
		a.report("job %d is polled in the state %s", job.Number, state)
	}
	if sent == 0 || reached != "" {
		p := contact.JobPoll{Sent: sent}
		if reached != "" {
			p.Stop, p.StopDetail = contact.StopCap, reached
		}
		return p
	}
	i := slices.IndexFunc(a.jobs, func(j *apiJob) bool { return j.id == job.ID })
	if i < 0 {
		return contact.JobPoll{State: contact.PollGone, Sent: sent, Status: 404}
	}
	j := a.jobs[i]
	j.polls++
	if p := a.poll(j, j.polls); p != nil {
		if p.Sent < 0 { // the client did not send it
			sent = 0
		}
		answer := *p
		answer.Sent = sent
		return answer
	}
	if time.Now().Before(j.ready) {
		return contact.JobPoll{State: contact.PollRunning, Sent: sent, Status: 202}
	}
	a.openResults++
	r := a.allResults(j)
	if a.results != nil {
		r = a.results(j)
	}
	r.api = a
	return contact.JobPoll{State: contact.PollReady, Sent: sent, Status: 200, Results: r}
}

// allResults returns the results of a job as they should be.
func (a *fakeJobs) allResults(j *apiJob) *fakeResults {
	r := &fakeResults{}
	for _, in := range j.contacts {
		r.list = append(r.list, a.element(in))
	}
	return r
}

func (a *fakeJobs) element(in ledger.Intent) contact.JobResult {
	o := contact.Outcome{Kind: contact.NoMatch, Status: 200, Body: []byte(`{"contact":{"credit_charged":false}}`)}
	if a.matches(in.Contact.Email) {
		o = contact.Outcome{Kind: contact.Matched, Charged: true, Status: 200, Body: []byte(`{"contact":{"credit_charged":true,"email":"` + in.Contact.Email + `"}}`)}
	}
	return contact.JobResult{Key: in.Keys.Request, Identified: true, Outcome: o, Raw: []byte("<" + in.Contact.Email + ">")}
}

// fakeResults are results in memory. They end with end; nil: io.EOF.
type fakeResults struct {
	api       *fakeJobs
	list      []contact.JobResult
	end       error
	remaining *int64
	at        int
	body      []byte // of the last element, which the next one overwrites
}

var errDiskOfResults = errors.New("the temporary file cannot be read")

func (r *fakeResults) Next() (contact.JobResult, error) {
	if r.at == len(r.list) {
		if r.end != nil {
			return contact.JobResult{}, r.end
		}
		return contact.JobResult{}, io.EOF
	}
	e := r.list[r.at]
	r.at++
	for i := range r.body {
		r.body[i] = '!'
	}
	r.body = append(bytes.Clone(e.Outcome.Body), e.Raw...)
	n := len(e.Outcome.Body)
	if e.Outcome.Body != nil {
		e.Outcome.Body = r.body[:n]
	}
	e.Raw = r.body[n:]
	return e, nil
}

func (r *fakeResults) Rewind() error { r.at = 0; return nil }

func (r *fakeResults) Raw() io.Reader {
	var all []byte
	for _, e := range r.list {
		all = append(all, e.Raw...)
	}
	return bytes.NewReader(all)
}

func (r *fakeResults) Remaining() *int64 { return r.remaining }

func (r *fakeResults) Close() error {
	r.api.mu.Lock()
	defer r.api.mu.Unlock()
	r.api.openResults--
	return nil
}
