package ledgertest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"enrich/contact"
	"enrich/ledger"
)

// expires is when the results of the tests' jobs expire.
var expires = Noon.Add(24 * time.Hour)

// people returns the intents of the persons from a to b-1.
func people(a, b int) (intents []ledger.Intent) {
	for n := a; n < b; n++ {
		intents = append(intents, Person(n))
	}
	return intents
}

// results returns outcomes of some persons.
func results(kind contact.Kind, persons ...int) (outcomes []contact.Outcome) {
	for _, n := range persons {
		outcomes = append(outcomes, Outcome(n, kind))
	}
	return outcomes
}

// submit commits a job of which every contact is claimed.
func submit(t TB, s ledger.Store, run int64, intents []ledger.Intent) int64 {
	t.Helper()
	job, claimed, err := s.CommitJob(t.Context(), run, intents)
	check(t, err)
	if len(claimed) != len(intents) || slices.Contains(claimed, false) || job <= 0 {
		t.Fatalf("job %d, claimed %v", job, claimed)
	}
	return job
}

// openJob commits a job and the API's name of it.
func openJob(t TB, s ledger.Store, run int64, intents []ledger.Intent) int64 {
	t.Helper()
	job := submit(t, s, run, intents)
	check(t, s.OpenJob(t.Context(), job, fmt.Sprint("api-", job), expires))
	return job
}

// jobContacts returns the contacts of a job, as the numbers of persons; those that are done are negative.
func jobContacts(t TB, s ledger.Store, job int64) (persons []int) {
	t.Helper()
	check(t, s.JobContacts(t.Context(), job, func(c ledger.JobContact) error {
		n := 0
		if _, err := fmt.Sscanf(c.Contact.Email, "ann.smith.%d@", &n); err != nil || c.Intent != Person(n) || c.ID != c.Keys.Request {
			t.Fatalf("a contact of the job: %+v, %v", c, err)
		}
		if c.Done {
			n = -n
		}
		persons = append(persons, n)
		return nil
	}))
	return persons
}

func openJobs(t TB, s ledger.Store, url string) []contact.Job {
	t.Helper()
	jobs, err := s.OpenJobs(t.Context(), url)
	check(t, err)
	return jobs
}

// adopt reports whether a run may poll a job.
func adopt(t TB, s ledger.Store, run, job int64) bool {
	t.Helper()
	adopted, err := s.AdoptJob(t.Context(), run, job)
	check(t, err)
	return adopted
}

// inJob returns which of some persons are in a job.
func inJob(t TB, s ledger.Store, persons ...int) (in []int) {
	t.Helper()
	for _, n := range persons {
		if State(t, s, Person(n).Keys).InJob {
			in = append(in, n)
		}
	}
	return in
}

// A job that has the API's name survives its run: the next one records its results.
func testJobs(t *testing.T, newBackend func(testing.TB) Backend) {
	for _, kill := range []bool{false, true} {
		b := newBackend(t)
		job, other := leaveTwoJobs(t, b, kill)
		checkLeftJobs(t, b, job, other)
		fetchHalf(t, b, job.Number, other)
		fetchRest(t, b, job.Number, other)
		s := open(t, b, Options{ReadOnly: true})
		if len(openJobs(t, s, URL)) != 0 || inJob(t, s, 1, 2, 3, 4, 5, 7) != nil || s.Answers() != 4 {
			t.Errorf("at the end: open are %v, in a job are %v, %d answers", openJobs(t, s, URL), inJob(t, s, 1, 2, 3, 4, 5, 7), s.Answers())
		}
		if v := Valid(t, s); v.Intents != 8 || v.Outcomes != 8 {
			t.Errorf("%+v", v)
		}
		check(t, s.Close())
	}
}

// leaveTwoJobs is a run that submits a job of the persons 1 to 5, of which 1 has an answer, and another one of person 7, and then is killed
// or ends. Both jobs have their names at the API.
func leaveTwoJobs(t *testing.T, b Backend, kill bool) (job contact.Job, other int64) {
	t.Helper()
	s := open(t, b, Options{})
	run := Begin(t, s)
	Commit(t, s, run, people(1, 2), Outcome(1, contact.NoMatch))
	before := time.Now().Add(-time.Second)
	number := submit(t, s, run, people(1, 6))
	if in := inJob(t, s, 1, 2, 6); !slices.Equal(in, []int{1, 2}) || len(openJobs(t, s, URL)) != 0 {
		t.Errorf("submitted: in a job are %v; open are %v", in, openJobs(t, s, URL))
	}
	if state := State(t, s, Person(1).Keys); state.Kind != contact.NoMatch || state.Ref == 0 || !state.At.Equal(Outcome(1, contact.NoMatch).At) {
		t.Errorf("an answered contact in a job: %+v", state)
	}
	if state := State(t, s, Person(2).Keys); state != (ledger.State{InJob: true}) {
		t.Errorf("a new contact in a job: %+v", state)
	}
	check(t, s.OpenJob(t.Context(), number, "job/ü 1", expires))
	job = openJobs(t, s, URL)[0]
	if at := job.Submitted; at.Before(before) || at.After(time.Now()) {
		t.Errorf("submitted at %s", at)
	}
	if expected := (contact.Job{Number: number, Run: run, ID: "job/ü 1", Contacts: 5, Submitted: job.Submitted, Expires: expires}); job != expected {
		t.Errorf("%+v, expected %+v", job, expected)
	}
	other = openJob(t, s, run, people(7, 8))
	if kill {
		check(t, b.Kill(s))
	} else {
		finish(t, s, run)
	}
	return job, other
}

// checkLeftJobs checks what a reader and the next run see of the jobs.
func checkLeftJobs(t *testing.T, b Backend, expected contact.Job, other int64) {
	t.Helper()
	for _, o := range []Options{{ReadOnly: true}, {}} {
		s := open(t, b, o)
		jobs := openJobs(t, s, URL)
		if len(jobs) != 2 || len(openJobs(t, s, "https://other.example")) != 0 || len(s.InterruptedCalls()) != 0 {
			t.Fatalf("%+v: open are %+v; lost are %+v", o, jobs, s.InterruptedCalls())
		}
		if jobs[0] != expected || jobs[1].Number != other {
			t.Errorf("%+v: %+v, expected %+v", o, jobs[0], expected)
		}
		if got := jobContacts(t, s, expected.Number); !slices.Equal(got, []int{1, 2, 3, 4, 5}) {
			t.Errorf("%+v: contacts %v", o, got)
		}
		if in := inJob(t, s, 1, 5, 6, 7); !slices.Equal(in, []int{1, 5, 7}) {
			t.Errorf("%+v: in a job are %v", o, in)
		}
		Valid(t, s)
		check(t, s.Close())
	}
}

// fetchHalf is a run that adopts both jobs, leaves one of them, records results of 2, 3 and 4, and is killed.
func fetchHalf(t *testing.T, b Backend, job, other int64) {
	t.Helper()
	s := open(t, b, Options{})
	run := Begin(t, s)
	for _, j := range []int64{job, other, job} { // one of them twice
		if !adopt(t, s, run, j) {
			t.Errorf("job %d of a run that has ended cannot be adopted", j)
		}
	}
	check(t, s.LeaveJob(t.Context(), run, other))
	if len(openJobs(t, s, URL)) != 2 {
		t.Errorf("open are %v", openJobs(t, s, URL))
	}
	check(t, s.CommitResults(t.Context(), run, job, append(results(contact.Matched, 4, 2), Outcome(3, contact.Lost)), nil, ""))
	if state := State(t, s, Person(4).Keys); state.InJob || state.Kind != contact.Matched || !state.DoneThisRun {
		t.Errorf("a result: %+v", state)
	}
	if o := outcomeAt(t, s, State(t, s, Person(4).Keys).Ref); o.Run != run {
		t.Errorf("the result is of run %d, expected %d", o.Run, run)
	}
	check(t, b.Kill(s))
}

// fetchRest is a run that records the results of 1 and 5, which ends the job, and that the other job has expired.
func fetchRest(t *testing.T, b Backend, job, other int64) {
	t.Helper()
	s := open(t, b, Options{})
	if got := jobContacts(t, s, job); !slices.Equal(got, []int{1, -2, -3, -4, 5}) || len(s.InterruptedCalls()) != 0 {
		t.Errorf("contacts %v; lost are %+v", got, s.InterruptedCalls())
	}
	if in := inJob(t, s, 1, 2, 3, 4, 5); !slices.Equal(in, []int{1, 5}) || State(t, s, Person(3).Keys).Lost != 1 {
		t.Errorf("in the middle, in a job are %v", in)
	}
	run := Begin(t, s)
	if !adopt(t, s, run, job) || !adopt(t, s, run, other) {
		t.Error("a job of a run that has died cannot be adopted")
	}
	check(t, s.CommitResults(t.Context(), run, job, results(contact.NoMatch, 1, 5), nil, ledger.JobDone))
	if adopt(t, s, run, job) {
		t.Error("a job that has ended was adopted")
	}
	if jobs := openJobs(t, s, URL); len(jobs) != 1 || jobs[0].Number != other {
		t.Errorf("open are %+v", jobs)
	}
	check(t, s.CommitResults(t.Context(), run, other, results(contact.Lost, 7), nil, ledger.JobExpired))
	if again := submit(t, s, run, people(3, 4)); again <= other {
		t.Errorf("job %d after job %d", again, other)
	}
	check(t, s.CommitResults(t.Context(), run, other+1, results(contact.Released, 3), nil, ledger.JobReleased))
	finish(t, s, run)
}

// A submission whose result was not recorded may have been accepted: each contact is lost, once.
func testLostJobs(t *testing.T, newBackend func(testing.TB) Backend) {
	for _, kill := range []bool{false, true} {
		b := newBackend(t)
		s := open(t, b, Options{})
		run := Begin(t, s)
		Commit(t, s, run, people(1, 3), Outcome(2, contact.Matched))
		job := submit(t, s, run, people(2, 5))
		openJob(t, s, run, people(5, 6))
		r := open(t, b, Options{ReadOnly: true}) // beside the run
		if in := inJob(t, r, 2, 3, 5); len(r.InterruptedCalls()) != 0 || len(in) != 3 || len(openJobs(t, r, URL)) != 1 {
			t.Errorf("beside the run: lost are %+v; in a job are %v", r.InterruptedCalls(), in)
		}
		check(t, r.Close())
		if kill {
			check(t, b.Kill(s))
		} else {
			check(t, s.Close())
		}
		found := []int{4, 4, 0, 0}
		for i, o := range []Options{{ReadOnly: true}, {}, {}, {ReadOnly: true}} {
			s := open(t, b, o)
			if len(s.InterruptedCalls()) != found[i] {
				t.Errorf("%+v: %d found, expected %d", o, len(s.InterruptedCalls()), found[i])
			}
			for n, expected := range []ledger.State{{}, {Kind: contact.Lost, Lost: 1}, {Kind: contact.Matched, Lost: 1}, {Kind: contact.Lost, Lost: 1}, {Kind: contact.Lost, Lost: 1}, {InJob: true}} {
				state := State(t, s, Person(n).Keys)
				if state.Ref, state.At = 0, (time.Time{}); state != expected {
					t.Errorf("%+v: person %d: %+v, expected %+v", o, n, state, expected)
				}
			}
			lost := outcomeAt(t, s, State(t, s, Person(3).Keys).Ref)
			if lost.Kind != contact.Lost || lost.Message == "" || lost.Run != run || lost.Failure != contact.Exhausted || time.Since(lost.At).Abs() > time.Hour {
				t.Errorf("%+v: the lost contact: %+v", o, lost)
			}
			if err := s.JobContacts(t.Context(), job, func(ledger.JobContact) error { return nil }); !errors.Is(err, ledger.ErrNoJob) {
				t.Errorf("%+v: the lost job has not ended: %v", o, err)
			}
			if stats, err := s.Stats(t.Context()); err != nil || stats.Jobs != 2 || stats.JobsOpen != 1 || stats.ContactsInOpenJobs != 1 {
				t.Errorf("%+v: %+v, %v", o, stats, err)
			}
			Valid(t, s)
			check(t, s.Close())
		}
	}
}

// A run that says that it has finished, although the result of a submission is not recorded, has lost its contacts all the same.
func testLeftByFinish(t *testing.T, newBackend func(testing.TB) Backend) {
	b := newBackend(t)
	s := open(t, b, Options{})
	run := Begin(t, s)
	submit(t, s, run, people(1, 4))
	openJob(t, s, run, people(4, 5))
	finish(t, s, run)
	for _, o := range []Options{{ReadOnly: true}, {}, {}} {
		s = open(t, b, o)
		if in := inJob(t, s, 1, 2, 3, 4); !slices.Equal(in, []int{4}) {
			t.Errorf("%+v: in a job are %v", o, in)
		}
		if state := State(t, s, Person(3).Keys); state.Kind != contact.Lost || state.Lost != 1 {
			t.Errorf("%+v: %+v", o, state)
		}
		Valid(t, s)
		check(t, s.Close())
	}
}

// A contact in an open job is in no other one and is not sent alone, whatever the run asks for.
func testJobClaims(t *testing.T, newBackend func(testing.TB) Backend) {
	for _, byEmail := range []bool{false, true} {
		b := newBackend(t)
		other := Person(1)
		other.Contact.FirstName = "Bea" // under the same address
		other.Keys = Identity.Keys(other.Contact)
		s := open(t, b, Options{ByEmail: byEmail})
		run := Begin(t, s)
		job, claimed, err := s.CommitJob(t.Context(), run, []ledger.Intent{Person(1), Person(2), Person(1), other})
		if err != nil || !slices.Equal(claimed, []bool{true, true, false, !byEmail}) {
			t.Errorf("claimed %v, %v", claimed, err)
		}
		none, claimed, err := s.CommitJob(t.Context(), run, []ledger.Intent{Person(1), Person(2)})
		if err != nil || none != 0 || !slices.Equal(claimed, []bool{false, false}) {
			t.Errorf("job %d, claimed %v, %v", none, claimed, err)
		}
		claimed, err = s.Commit(t.Context(), run, []ledger.Intent{Person(1), Person(3), other}, nil)
		if err != nil || !slices.Equal(claimed, []bool{false, true, false}) {
			t.Errorf("claimed %v, %v", claimed, err)
		}
		Commit(t, s, run, nil, Outcome(3, contact.Matched))
		claimed, err = s.Commit(t.Context(), run, []ledger.Intent{Person(1)}, results(contact.Released, 3)[:0])
		if err != nil || !slices.Equal(claimed, []bool{false}) {
			t.Errorf("claimed %v, %v", claimed, err)
		}
		ended := results(contact.Released, 1, 2)
		if !byEmail {
			ended = append(ended, contact.Outcome{Contact: other.Contact, Keys: other.Keys, Kind: contact.Released, At: Noon})
		}
		check(t, s.CommitResults(t.Context(), run, job, ended, nil, ledger.JobRefused))
		Commit(t, s, run, []ledger.Intent{Person(1)}, results(contact.Matched)...)
		Commit(t, s, run, nil, Outcome(1, contact.Matched))
		Valid(t, s)
		finish(t, s, run)
	}
}

// What a job cannot be is an error, changes nothing, and does no harm to the store.
func testJobErrors(t *testing.T, newBackend func(testing.TB) Backend) {
	b := newBackend(t)
	s := open(t, b, Options{})
	elsewhere := begin(t, s, ledger.Run{Started: Noon, URL: "https://other.example"})
	check(t, s.Finish(t.Context(), elsewhere, "", 0))
	run := Begin(t, s)
	job := submit(t, s, run, people(1, 4))
	refuse := func(what string, err error) {
		t.Helper()
		if err == nil {
			t.Errorf("%s was accepted", what)
		}
		if stats, err := s.Stats(t.Context()); err != nil || stats.RawResults != 0 || stats.Lost+stats.Matched != 0 {
			t.Errorf("%s changed something: %+v, %v", what, stats, err)
		}
	}
	_, _, err := s.CommitJob(t.Context(), 77, people(8, 9))
	refuse("a job of a run that does not exist", err)
	refuse("a name for a job that does not exist", s.OpenJob(t.Context(), job+1, "a", expires))
	refuse("an empty name", s.OpenJob(t.Context(), job, "", expires))
	check(t, s.OpenJob(t.Context(), job, "a", time.Time{}))
	refuse("a second name", s.OpenJob(t.Context(), job, "b", expires))
	for _, test := range []struct {
		what     string
		run, job int64
		outcomes []contact.Outcome
		end      ledger.JobState
	}{
		{"a result of a job that does not exist", run, job + 1, results(contact.Matched, 1), ""},
		{"a result from another API", elsewhere, job, results(contact.Matched, 1), ""},
		{"a result of a run that does not exist", 77, job, results(contact.Matched, 1), ""},
		{"a contact that is not in the job", run, job, results(contact.Matched, 1, 4), ""},
		{"a contact twice", run, job, results(contact.Matched, 1, 1), ""},
		{"an end with a contact that waits", run, job, results(contact.Lost, 1, 2), ledger.JobDone},
		{"an end that is none", run, job, results(contact.Lost, 1, 2, 3), ledger.JobOpen},
		{"an unknown end", run, job, results(contact.Lost, 1, 2, 3), "finished"},
	} {
		refuse(test.what, s.CommitResults(t.Context(), test.run, test.job, test.outcomes, [][]byte{[]byte("x")}, test.end))
	}
	if got := jobContacts(t, s, job); !slices.Equal(got, []int{1, 2, 3}) || openJobs(t, s, URL)[0].Expires != (time.Time{}) {
		t.Errorf("contacts %v, job %+v", got, openJobs(t, s, URL))
	}
	endOnce(t, b, s, run, job)
}

// endOnce ends a job of the persons 1 to 3 in several commits, and checks that it cannot be changed after that, and never by a reader.
func endOnce(t *testing.T, b Backend, s ledger.Store, run, job int64) {
	t.Helper()
	commit := func(s ledger.Store, outcomes []contact.Outcome, end ledger.JobState) error {
		return s.CommitResults(t.Context(), run, job, outcomes, nil, end)
	}
	check(t, commit(s, nil, ""))
	check(t, commit(s, results(contact.Matched, 1, 2), ""))
	if commit(s, results(contact.Matched, 2), "") == nil {
		t.Error("a second result of a contact was accepted")
	}
	check(t, commit(s, results(contact.Matched, 3), ""))
	check(t, commit(s, nil, ledger.JobDone))
	if commit(s, nil, ledger.JobDone) == nil || s.OpenJob(t.Context(), job, "c", expires) == nil {
		t.Error("a job that has ended was changed")
	}
	check(t, s.Finish(t.Context(), run, "", 0))
	Valid(t, s)
	check(t, s.Close())
	r := open(t, b, Options{ReadOnly: true})
	if _, _, err := r.CommitJob(t.Context(), run, people(8, 9)); err == nil || r.OpenJob(t.Context(), job, "d", expires) == nil || commit(r, nil, ledger.JobDone) == nil {
		t.Error("a reader wrote")
	}
	check(t, r.Close())
}

// What could not be understood of the results is kept, byte for byte, in any number of commits.
func testRawResults(t *testing.T, newBackend func(testing.TB) Backend) {
	b := newBackend(t)
	s := open(t, b, Options{})
	run := Begin(t, s)
	job := openJob(t, s, run, people(1, 3))
	pieces := [][]byte{[]byte("{\"contacts\":[\x00\xff"), {}, make([]byte, 1<<20)}
	check(t, s.CommitResults(t.Context(), run, job, nil, pieces[:1], ""))
	check(t, s.CommitResults(t.Context(), run, job, nil, pieces[1:], ""))
	check(t, b.Kill(s))
	s = open(t, b, Options{})
	if stats, err := s.Stats(t.Context()); err != nil || stats.RawResults != 3 || stats.JobsOpen != 1 {
		t.Errorf("%+v, %v", stats, err)
	}
	run = Begin(t, s)
	check(t, s.CommitResults(t.Context(), run, job, results(contact.Lost, 1, 2), [][]byte{[]byte("last")}, ledger.JobUnreadable))
	Valid(t, s)
	finish(t, s, run)
	got, err := b.RawResults(job)
	check(t, err)
	if expected := append(slices.Clone(pieces), []byte("last")); !slices.EqualFunc(got, expected, slices.Equal) {
		t.Errorf("%d pieces: %.40q", len(got), got)
	}
}

// A contact of an open job may be charged: budgets count it until it has its outcome, and once.
func testSpentByJobs(t *testing.T, newBackend func(testing.TB) Backend) {
	b := newBackend(t)
	s := open(t, b, Options{})
	run := Begin(t, s)
	tomorrow := time.Now().Truncate(24 * time.Hour).Add(24 * time.Hour)
	spent := func(when string, expected ledger.Spent) {
		t.Helper()
		for _, since := range []time.Time{day(1), tomorrow} {
			got, err := s.SpentSince(t.Context(), since)
			if since.Equal(tomorrow) {
				expected.Charged, expected.MaybeCharged = 0, stats(t, s).ContactsInOpenJobs
			}
			if err != nil || got != expected {
				t.Errorf("%s: since %s %+v, %v; expected %+v", when, since, got, err, expected)
			}
		}
	}
	job := submit(t, s, run, people(1, 11))
	spent("submitted", ledger.Spent{MaybeCharged: 10})
	check(t, s.OpenJob(t.Context(), job, "a", expires))
	spent("open", ledger.Spent{MaybeCharged: 10})
	check(t, s.CommitResults(t.Context(), run, job, append(results(contact.Matched, 1, 2), Outcome(3, contact.Lost), uncharged(4)), nil, ""))
	spent("four results", ledger.Spent{Charged: 2, MaybeCharged: 7})
	r := open(t, b, Options{ReadOnly: true})
	check(t, s.CommitResults(t.Context(), run, job, results(contact.Matched, 5), nil, "")) // beside the reader
	// A reader may see the moment when it was opened. Either way the contact counts once.
	if got, err := r.SpentSince(t.Context(), day(1)); err != nil || got.Charged+got.MaybeCharged != 9 || got.Charged < 2 {
		t.Errorf("a reader: %+v, %v", got, err)
	}
	check(t, r.Close())
	lost := submit(t, s, run, people(20, 23))
	spent("another job", ledger.Spent{Charged: 3, MaybeCharged: 9})
	check(t, b.Kill(s))
	s = open(t, b, Options{ReadOnly: true})
	spent("killed, for a reader", ledger.Spent{Charged: 3, MaybeCharged: 9})
	check(t, s.Close())
	s = open(t, b, Options{})
	spent("killed", ledger.Spent{Charged: 3, MaybeCharged: 9})
	run = Begin(t, s)
	check(t, s.CommitResults(t.Context(), run, job, append(results(contact.Matched, 6), uncharged(7), uncharged(8), uncharged(9), uncharged(10)), nil, ledger.JobDone))
	spent("at the end", ledger.Spent{Charged: 4, MaybeCharged: 4})
	if lost != job+1 {
		t.Errorf("job %d after job %d", lost, job)
	}
	finish(t, s, run)
}

func stats(t TB, s ledger.Store) ledger.Stats {
	t.Helper()
	got, err := s.Stats(t.Context())
	check(t, err)
	return got
}

// uncharged is an answer that says that it was not charged.
func uncharged(n int) contact.Outcome {
	o := Outcome(n, contact.NoMatch)
	o.Body, o.Charged = []byte(`{"contact":{"credit_charged":false}}`), false
	return o
}
