package ledgertest

import (
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"enrich/contact"
	"enrich/ledger"
)

// A modelJob is a bulk job as it should be.
type modelJob struct {
	number, run int64
	state       ledger.JobState
	contacts    int // as submitted
	persons     []int
	done        []bool
	forgotten   int
	from, to    time.Time // it was submitted between them
}

// inJob reports whether a person waits for the results of a job, or another person of the same address.
func (m *model) inJob(n int, byEmail bool) bool {
	for _, j := range m.jobs {
		for i, p := range j.persons {
			if !j.state.IsEnd() && !j.done[i] && (p == n || byEmail && p/2 == n/2) {
				return true
			}
		}
	}
	return false
}

// pending returns how many contacts wait for the results of jobs.
func (m *model) pending() (n int64) {
	for _, j := range m.jobs {
		for i := range j.persons {
			if !j.state.IsEnd() && !j.done[i] {
				n++
			}
		}
	}
	return n
}

// choose returns one of the jobs in one of some states, or nil.
func (m *model) choose(states ...ledger.JobState) *modelJob {
	var jobs []*modelJob
	for _, j := range m.jobs {
		if slices.Contains(states, j.state) {
			jobs = append(jobs, j)
		}
	}
	if len(jobs) == 0 {
		return nil
	}
	return jobs[rapid.IntRange(0, len(jobs)-1).Draw(m.T, "job")]
}

// submit commits a job of some persons. Some may be in a job already, or twice in this one.
func (m *model) submit() {
	m.begin(0)
	j := &modelJob{number: 1, run: m.run, state: ledger.JobSubmitted, from: time.Now().Truncate(time.Millisecond)}
	if n := len(m.jobs); n > 0 {
		j.number = m.jobs[n-1].number + 1
	}
	m.jobs = append(m.jobs, j)
	var intents []ledger.Intent
	var expected []bool
	for range rapid.IntRange(1, 6).Draw(m.T, "contacts") {
		n := rapid.IntRange(0, persons-1).Draw(m.T, "person")
		if m.open[n] {
			continue
		}
		claimed := !m.inJob(n, m.byEmail)
		if claimed {
			j.persons, j.done, j.contacts = append(j.persons, n), append(j.done, false), j.contacts+1
		}
		intents, expected = append(intents, twin(n)), append(expected, claimed)
	}
	number, claimed, err := m.store.CommitJob(m.Context(), m.run, intents)
	if err != nil || !slices.Equal(claimed, expected) {
		m.Fatalf("job %d, claimed %v, expected %v; %v", number, claimed, expected, err)
	}
	j.to = time.Now()
	if j.contacts == 0 {
		m.jobs = m.jobs[:len(m.jobs)-1]
		j.number = 0
	}
	if number != j.number {
		m.Fatalf("job %d, expected %d", number, j.number)
	}
}

func (m *model) openJob() {
	if j := m.choose(ledger.JobSubmitted); j != nil {
		check(m, m.store.OpenJob(m.Context(), j.number, fmt.Sprint("api-", j.number), time.Time{}))
		j.state = ledger.JobOpen
	}
}

// results records results of some contacts of a job. If none is left, the job may end.
func (m *model) results() {
	j := m.choose(ledger.JobSubmitted, ledger.JobOpen)
	if j == nil {
		return
	}
	var outcomes []contact.Outcome
	all := rapid.Bool().Draw(m.T, "all")
	for i, n := range j.persons {
		if !j.done[i] && (all || rapid.Bool().Draw(m.T, "has a result")) {
			j.done[i] = true
			kind := contact.Kind(rapid.IntRange(1, 5).Draw(m.T, "kind"))
			outcomes = append(outcomes, m.outcome(n, kind, m.clock, j))
		}
	}
	m.begin(len(outcomes))
	if len(outcomes) > 0 {
		m.last = max(m.last, m.clock)
	}
	end := ledger.JobState("")
	if !slices.Contains(j.done, false) && (all || rapid.Bool().Draw(m.T, "ends")) {
		ends := []ledger.JobState{ledger.JobDone, ledger.JobRefused, ledger.JobReleased, ledger.JobLost, ledger.JobExpired, ledger.JobUnreadable}
		end = rapid.SampledFrom(ends).Draw(m.T, "end")
		j.state = end
	}
	check(m, m.store.CommitResults(m.Context(), m.run, j.number, outcomes, nil, end))
}

// hasSubmitted reports whether a job waits for its name at the API: a run does not finish before it has one.
func (m *model) hasSubmitted() bool {
	return slices.ContainsFunc(m.jobs, func(j *modelJob) bool { return j.state == ledger.JobSubmitted })
}

// loseJobs is what opening the store for writing does to submitted jobs.
func (m *model) loseJobs() {
	found := m.store.InterruptedCalls()
	for _, j := range m.jobs {
		if j.state != ledger.JobSubmitted {
			continue
		}
		j.state = ledger.JobLost
		for i, n := range j.persons {
			if j.done[i] {
				continue
			}
			e := event{person: n, kind: contact.Lost, run: j.run, job: j}
			if len(m.found) < len(found) {
				e.at = found[len(m.found)].At
			}
			if e.at.Before(j.from) || e.at.After(j.to) {
				m.Fatalf("job %d was lost at %s, but submitted between %s and %s", j.number, e.at, j.from, j.to)
			}
			m.events = append(m.events, e)
			m.found = append(m.found, n)
		}
	}
}

// forgetJobs forgets the persons of an address.
func (m *model) forgetJobs(who int) {
	for _, j := range m.jobs {
		if j.state.IsEnd() {
			continue
		}
		waited := slices.Contains(j.done, false)
		for i := len(j.persons) - 1; i >= 0; i-- {
			if j.persons[i]/2 != who {
				continue
			}
			if !j.done[i] {
				m.gone++
			}
			j.persons, j.done = slices.Delete(j.persons, i, i+1), slices.Delete(j.done, i, i+1)
			j.forgotten++
		}
		if waited && !slices.Contains(j.done, false) {
			j.state = ledger.JobDone
		}
	}
}

// checkJobs compares the jobs, and what was spent.
func (m *model) checkJobs(s ledger.Store) {
	var open []string
	for _, j := range m.jobs {
		var got []string
		err := s.JobContacts(m.Context(), j.number, func(c ledger.JobContact) error {
			got = append(got, fmt.Sprint(c.Contact.FirstName, c.Done, c.ID == c.Keys.Request))
			return nil
		})
		if (err != nil) != j.state.IsEnd() {
			m.Fatalf("job %d is %s: %v", j.number, j.state, err)
		}
		var expected []string
		for i, n := range j.persons {
			if !j.state.IsEnd() {
				expected = append(expected, fmt.Sprint(twin(n).Contact.FirstName, j.done[i], true))
			}
		}
		if !slices.Equal(got, expected) {
			m.Fatalf("job %d has %v, expected %v", j.number, got, expected)
		}
		if j.state == ledger.JobOpen {
			open = append(open, fmt.Sprintf("%d of run %d: api-%d, %d contacts, %d forgotten", j.number, j.run, j.number, j.contacts, j.forgotten))
		}
	}
	var got []string
	for _, j := range openJobs(m, s, URL) {
		got = append(got, fmt.Sprintf("%d of run %d: %s, %d contacts, %d forgotten", j.Number, j.Run, j.ID, j.Contacts, j.Forgotten))
	}
	if !slices.Equal(got, open) {
		m.Fatalf("open are %v, expected %v", got, open)
	}
	spent := ledger.Spent{MaybeCharged: m.gone + m.pending()}
	for i := range m.events {
		if m.events[i].maybeCharged() {
			spent.MaybeCharged++
		}
	}
	if got, err := s.SpentSince(m.Context(), time.Unix(0, 0)); err != nil || got != spent {
		m.Fatalf("spent %+v, expected %+v; %v", got, spent, err)
	}
}
