package postgres_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/ledgertest"
	"enrich/ledger/postgres"
)

// A jobTeam is runs that share a ledger, and what the tests know of the claims that they were given.
type jobTeam struct {
	mu     sync.Mutex
	holder map[int]string // of a contact, from the commit that claimed it until the one that records its outcome begins
	claims map[int]int
	jobs   map[int64]bool
}

// take records claims. A contact that somebody has already was claimed twice.
func (m *jobTeam) take(by string, numbers []int, claimed []bool) (mine []int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, n := range numbers {
		if !claimed[i] {
			continue
		}
		if other := m.holder[n]; other != "" {
			err = errors.Join(err, fmt.Errorf("contact %d was claimed by %s, and %s has it", n, by, other))
		}
		m.holder[n] = by
		m.claims[n]++
		mine = append(mine, n)
	}
	return mine, err
}

// release says that the outcomes of contacts are about to be recorded.
func (m *jobTeam) release(numbers []int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, n := range numbers {
		delete(m.holder, n)
	}
}

// A jobWorker is a run of a team.
type jobWorker struct {
	*jobTeam
	t      *testing.T
	l      *postgres.Ledger
	run    int64
	random *rand.Rand
	alone  []int           // contacts in flight
	jobs   map[int64][]int // its jobs, and who waits in them
}

// some returns different contacts in random order, as intents that were looked up.
func (w *jobWorker) some(most, contacts int) (numbers []int, intents []ledger.Intent) {
	numbers = w.random.Perm(contacts)[:1+w.random.IntN(most)]
	keys := make([]contact.Keys, len(numbers))
	for i, n := range numbers {
		intents = append(intents, ledgertest.Person(n))
		keys[i] = intents[i].Keys
	}
	states := make([]ledger.State, len(keys))
	if err := w.l.States(w.t.Context(), keys, states); err != nil {
		w.t.Error(err)
	}
	for i := range intents {
		intents[i].Seen = states[i].Version()
	}
	return numbers, intents
}

// step makes one random change.
func (w *jobWorker) step(contacts int) error {
	by := fmt.Sprint("run ", w.run)
	switch w.random.IntN(4) {
	case 0: // single calls, with the outcomes of some that are in flight
		numbers, intents := w.some(6, contacts)
		ended := w.alone[:w.random.IntN(len(w.alone)+1)]
		w.release(ended)
		claimed, err := w.l.Commit(w.t.Context(), w.run, intents, results(contact.Kind(1+w.random.IntN(5)), ended...))
		if err != nil {
			return err
		}
		w.alone = slices.Clone(w.alone[len(ended):])
		mine, err := w.take(by, numbers, claimed)
		w.alone = append(w.alone, mine...)
		return err
	case 1: // a job
		numbers, intents := w.some(30, contacts)
		job, claimed, err := w.l.CommitJob(w.t.Context(), w.run, intents)
		if err != nil || job == 0 {
			return err
		}
		mine, err := w.take(fmt.Sprint(by, " in job ", job), numbers, claimed)
		w.jobs[job] = mine
		w.mu.Lock()
		defer w.mu.Unlock()
		w.jobTeam.jobs[job] = true
		return errors.Join(err, w.l.OpenJob(w.t.Context(), job, fmt.Sprint("api-", job), ledgertest.Noon))
	case 2: // results
		for job, waiting := range w.jobs {
			return w.results(job, waiting[:w.random.IntN(len(waiting)+1)])
		}
	default: // a job changes hands
		for job, waiting := range w.jobs {
			return w.handOver(job, waiting)
		}
	}
	return nil
}

// results records results of a job.
func (w *jobWorker) results(job int64, numbers []int) error {
	end := ledger.JobState("")
	if len(numbers) == len(w.jobs[job]) {
		end = ledger.JobDone
	}
	w.release(numbers)
	if err := w.l.CommitResults(w.t.Context(), w.run, job, results(contact.Kind(1+w.random.IntN(5)), numbers...), nil, end); err != nil {
		return err
	}
	if w.jobs[job] = slices.Clone(w.jobs[job][len(numbers):]); end != "" {
		delete(w.jobs, job)
	}
	return nil
}

// handOver leaves a job and adopts it again, unless another run was quicker.
func (w *jobWorker) handOver(job int64, waiting []int) error {
	if err := w.l.LeaveJob(w.t.Context(), w.run, job); err != nil {
		return err
	}
	adopted, err := w.l.AdoptJob(w.t.Context(), w.run, job)
	if err != nil || !adopted {
		return errors.Join(err, fmt.Errorf("job %d of %v: adopted %v", job, waiting, adopted))
	}
	return nil
}

// Runs that ask for the same contacts at the same time, in jobs and alone, in random order: each contact is claimed by one at a time, the
// jobs are numbered without gaps, nothing deadlocks, and the ledger is valid.
func TestRunsWithJobsShareContacts(t *testing.T) {
	const runs, steps, contacts = 4, 40, 60
	url := newLedger(t)
	team := &jobTeam{holder: map[int]string{}, claims: map[int]int{}, jobs: map[int64]bool{}}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	var wg sync.WaitGroup
	for n := range runs {
		l := open(t, postgres.Options{URL: url})
		w := &jobWorker{jobTeam: team, t: t, l: l, run: ledgertest.Begin(t, l), random: rand.New(rand.NewPCG(seed, uint64(n))), jobs: map[int64][]int{}}
		wg.Go(func() {
			for range steps {
				if err := w.step(contacts); err != nil {
					t.Errorf("run %d: %v", w.run, err)
					return
				}
			}
			w.release(w.alone)
			if _, err := l.Commit(t.Context(), w.run, nil, results(contact.Matched, w.alone...)); err != nil {
				t.Error(err)
			}
			for job, waiting := range w.jobs {
				if err := w.results(job, waiting); err != nil {
					t.Error(err)
				}
			}
			if err := l.Finish(t.Context(), w.run, "", 0); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	claims := 0
	for _, n := range team.claims {
		claims += n
	}
	for job := range int64(len(team.jobs)) {
		if !team.jobs[job+1] {
			t.Errorf("there are %d jobs, but none has the number %d", len(team.jobs), job+1)
		}
	}
	if rows := query(t, url, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"); rows[0][0].(int64) != 0 {
		t.Errorf("%v deadlocks", rows[0][0])
	}
	l := open(t, postgres.Options{URL: url})
	if v := ledgertest.Valid(t, l); len(l.InterruptedCalls()) != 0 || v.Outcomes != int64(claims) || v.Intents != int64(claims) || v.Jobs != int64(len(team.jobs)) {
		t.Errorf("%+v; claimed %d in %d jobs; lost are %+v", v, claims, len(team.jobs), l.InterruptedCalls())
	}
}
