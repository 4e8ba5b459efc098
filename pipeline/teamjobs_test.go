package pipeline

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"enrich/contact"
	"enrich/ledger"
)

// Bulk jobs: the ledger's side and the API's.

type teamJob struct {
	contact.Job
	by, poller *teamRun
	state      ledger.JobState
	contacts   []ledger.JobContact
	ready      time.Time
	polls      int
}

// jobOf returns the job in which a contact waits for its results; nil: there is none.
func (t *team) jobOf(k contact.Key) *teamJob {
	for _, j := range t.jobs {
		if j.state.IsEnd() {
			continue
		}
		if slices.ContainsFunc(j.contacts, func(c ledger.JobContact) bool { return c.Keys.Request == k && !c.Done }) {
			return j
		}
	}
	return nil
}

// leaveJobs is what becomes of the jobs of a dead run. Those that have no name are lost, with what was reserved for their contacts.
func (m *teamRun) leaveJobs() {
	for _, j := range m.jobs {
		if j.poller == m {
			j.poller = nil
		}
		if j.by != m || j.state != ledger.JobSubmitted {
			continue
		}
		j.state = ledger.JobLost
		for _, c := range j.contacts {
			m.record(nil, c.Keys.Request, contact.Outcome{Contact: c.Contact, Kind: contact.Lost})
		}
	}
}

func (m *teamRun) CommitJob(_ context.Context, _ int64, intents []ledger.Intent) (int64, []bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return 0, nil, errKilled
	}
	j := &teamJob{by: m, poller: m, state: ledger.JobSubmitted}
	claimed := make([]bool, len(intents))
	for i := range intents {
		if claimed[i] = m.claim(&intents[i]); claimed[i] {
			m.contact(intents[i].Keys.Request).claim = nil
			j.contacts = append(j.contacts, ledger.JobContact{Intent: intents[i], ID: intents[i].Keys.Request})
		}
	}
	if len(j.contacts) == 0 {
		return 0, claimed, nil
	}
	m.jobs = append(m.jobs, j)
	j.Job = contact.Job{Number: int64(len(m.jobs)), Run: m.ask.Run, Contacts: len(j.contacts)}
	return j.Number, claimed, nil
}

func (m *teamRun) OpenJob(_ context.Context, job int64, id string, _ time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return errKilled
	}
	m.jobs[job-1].state, m.jobs[job-1].ID = ledger.JobOpen, id
	return nil
}

func (m *teamRun) CommitResults(_ context.Context, run, job int64, outcomes []contact.Outcome, _ [][]byte, end ledger.JobState) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return errKilled
	}
	j := m.jobs[job-1]
	if j.poller != m {
		m.report("run %d records results of job %d, which is not its own", m.ask.Run, job)
	}
	for _, o := range outcomes {
		for i := range j.contacts {
			if c := &j.contacts[i]; c.Keys == o.Keys {
				if c.Done {
					m.report("two outcomes of %s in job %d", o.Contact.Email, job)
				}
				c.Done = true
			}
		}
		o.Run, o.Body = run, slices.Clone(o.Body) // the caller reuses its memory
		m.record(m, o.Keys.Request, o)
	}
	if end != "" {
		j.state, j.poller = end, nil
	}
	return nil
}

func (m *teamRun) OpenJobs(context.Context, string) (list []contact.Job, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return nil, errKilled
	}
	for _, j := range m.jobs {
		if j.state == ledger.JobOpen && (j.poller == nil || j.poller == m || j.poller.gone) {
			list = append(list, j.Job)
		}
	}
	return list, nil
}

func (m *teamRun) AdoptJob(_ context.Context, _, job int64) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	j := m.jobs[job-1]
	if m.dead || j.state != ledger.JobOpen || j.poller != nil && j.poller != m && !j.poller.gone {
		return false, nil
	}
	j.poller = m
	return true, nil
}

func (m *teamRun) LeaveJob(_ context.Context, _, job int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if j := m.jobs[job-1]; j.poller == m && !m.dead {
		j.poller = nil
	}
	return nil
}

func (m *teamRun) JobContacts(_ context.Context, job int64, do func(ledger.JobContact) error) error {
	m.mu.Lock()
	contacts := slices.Clone(m.jobs[job-1].contacts)
	m.mu.Unlock()
	for _, c := range contacts {
		if err := do(c); err != nil {
			return err
		}
	}
	return nil
}

func (m *teamRun) Submit(soft, _ context.Context, contacts []*contact.Question, _ func() string) contact.Acceptance {
	time.Sleep(10 * time.Millisecond)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead || soft.Err() != nil {
		return contact.Acceptance{Outcome: contact.Outcome{Kind: contact.Released, At: time.Now()}}
	}
	var job *teamJob
	for _, j := range m.jobs {
		if j.by == m && j.state == ledger.JobSubmitted {
			job = j
		}
	}
	job.ready = time.Now().Add(m.call("job"))
	for _, q := range contacts {
		m.calls[q.Contact.Email]++
	}
	return contact.Acceptance{ID: fmt.Sprintf("job-%d", job.Number), Outcome: contact.Outcome{Attempts: 1}}
}

func (m *teamRun) Poll(soft, _ context.Context, job *contact.Job, _ func() string) contact.JobPoll {
	time.Sleep(10 * time.Millisecond)
	m.mu.Lock()
	defer m.mu.Unlock()
	j := m.jobs[job.Number-1]
	switch {
	case m.dead || soft.Err() != nil:
		return contact.JobPoll{}
	case j.poller != m:
		m.report("run %d polls job %d, which is not its own", m.ask.Run, job.Number)
	}
	j.polls++
	if time.Now().Before(j.ready) {
		return contact.JobPoll{State: contact.PollRunning, Sent: 1, Status: 202}
	}
	results := &fakeResults{api: &fakeJobs{journal: &journal{}}}
	for _, c := range j.contacts {
		r := m.answer(c.Contact.Email)
		for r.Outcome.Kind == contact.Lost || r.Outcome.Kind == contact.Refused { // no element of a job is
			r = charged()
		}
		results.list = append(results.list, contact.JobResult{Key: c.ID, Identified: true, Outcome: r.Outcome})
	}
	return contact.JobPoll{State: contact.PollReady, Sent: 1, Status: 200, Results: results}
}

// A jobThatEnds is a ledger in which another run ends the open jobs while this one looks at them.
type jobThatEnds struct{ JobLedger }

func (jobThatEnds) OpenJobs(context.Context, string) ([]contact.Job, error) {
	return []contact.Job{{Number: 1}, {Number: 2}}, nil
}

func (jobThatEnds) JobContacts(_ context.Context, job int64, do func(ledger.JobContact) error) error {
	if job == 1 {
		return fmt.Errorf("read the ledger: %w", ledger.ErrNoJob)
	}
	return do(ledger.JobContact{})
}

func (jobThatEnds) AdoptJob(context.Context, int64, int64) (bool, error) { return true, nil }

// A job that another run ends between two looks at it is left alone, and the run goes on with the next one.
func TestAJobThatAnotherRunEndsIsLeftAlone(t *testing.T) {
	p := &askPass{Ask: &Ask{Jobs: Jobs{API: &fakeJobs{}, Ledger: jobThatEnds{}}}, uncancelled: t.Context()}
	p.stop = newStopper(t.Context(), t.Context(), 0, 0)
	p.awaited.add(contact.Key{}, awaitedContact{inJob: true})
	if !p.findJobs(p.isAwaited) || len(p.orphans) != 1 || p.orphans[0].Number != 2 || p.stop.soft.Err() != nil {
		t.Errorf("adopted %+v, %v", p.orphans, p.stop.soft.Err())
	}
}
