package ledgertest

import (
	"slices"
	"testing"
	"time"

	"enrich/contact"
	"enrich/ledger"
)

// A person is forgotten from an open job: the result will not be recorded, and what it may cost still counts.
func testForgetInJob(t *testing.T, newBackend func(testing.TB) Backend) {
	b := newBackend(t)
	s := open(t, b, Options{})
	run := Begin(t, s)
	job := openJob(t, s, run, people(1, 5))
	alone := openJob(t, s, run, people(7, 8))
	kept := openJob(t, s, run, people(8, 10))
	check(t, s.CommitResults(t.Context(), run, job, results(contact.Matched, 1), [][]byte{[]byte("an element"), []byte(`{"email":"x@y.example"}`)}, ""))
	check(t, s.CommitResults(t.Context(), run, kept, nil, [][]byte{[]byte("half an elem")}, ""))
	finish(t, s, run)
	forgetAndCheck(t, b, 2, ledger.Erased{Intents: 1, InJobs: 1, Raw: 2})
	forgetAndCheck(t, b, 1, ledger.Erased{Intents: 1, Answers: 1})
	forgetAndCheck(t, b, 7, ledger.Erased{Intents: 1, InJobs: 1})

	s = open(t, b, Options{})
	jobs := openJobs(t, s, URL)
	if len(jobs) != 2 || jobs[0].Contacts != 4 || jobs[0].Forgotten != 2 || jobs[1].Number != kept || jobs[1].Forgotten != 0 {
		t.Errorf("open are %+v", jobs)
	}
	if got := jobContacts(t, s, job); !slices.Equal(got, []int{3, 4}) {
		t.Errorf("contacts %v", got)
	}
	run = Begin(t, s)
	if s.CommitResults(t.Context(), run, job, results(contact.Matched, 2), nil, "") == nil || s.CommitResults(t.Context(), run, alone, nil, nil, ledger.JobDone) == nil {
		t.Error("the result of somebody who was forgotten was recorded")
	}
	Commit(t, s, run, people(2, 3), Outcome(20, contact.Matched)) // as a new contact
	Commit(t, s, run, nil, Outcome(2, contact.Matched))
	check(t, s.CommitResults(t.Context(), run, job, results(contact.Matched, 3, 4), [][]byte{[]byte("the forgotten one's")}, ledger.JobDone))
	if n := stats(t, s).RawResults; n != 1 {
		t.Errorf("%d raw results are kept", n)
	}
	Valid(t, s)
	finish(t, s, run)
}

// forgetAndCheck forgets a person, and checks that nothing is known of them any more and that what they may have cost still counts.
func forgetAndCheck(t *testing.T, b Backend, n int, expected ledger.Erased) {
	t.Helper()
	s := open(t, b, Options{})
	spent, err := s.SpentSince(t.Context(), day(1))
	check(t, err)
	if erased, err := s.Forget(t.Context(), Person(n).Contact); err != nil || erased != expected {
		t.Errorf("person %d: removed %+v, %v; expected %+v", n, erased, err, expected)
	}
	check(t, s.Close())
	for _, o := range []Options{{ReadOnly: true}, {}} {
		s = open(t, b, o)
		if now, err := s.SpentSince(t.Context(), day(1)); err != nil || now != spent {
			t.Errorf("person %d: spent %+v, before %+v; %v", n, now, spent, err)
		}
		if state := State(t, s, Person(n).Keys); state != (ledger.State{}) {
			t.Errorf("person %d: %+v", n, state)
		}
		Valid(t, s)
		check(t, s.Close())
	}
}

// What is kept of results that could not be understood goes with the person, however it is written.
func testForgetRaw(t *testing.T, newBackend func(testing.TB) Backend) {
	const address = "Zoë.Ångström+x@wärme.example"
	pad := make([]byte, 100_000)
	for i := range pad {
		pad[i] = ' '
	}
	for name, test := range map[string]struct {
		raw  [][]byte
		gone bool
	}{
		"an element":          {[][]byte{[]byte(`{"email":"zoë.ångström+x@wärme.example"}`)}, true},
		"with escapes":        {[][]byte{[]byte(`{"email":"zo\u00eb.\u00C5ngstr\u006f\u0308m+x@w\u00e4rme.example"`)}, true},
		"in two pieces":       {[][]byte{append(slices.Clone(pad), "{\"email\":\"zoë.ång"...), []byte(`ström+x@wärme.example`)}, true},
		"in one of three":     {[][]byte{pad, []byte("<zoë.ångström+x@wärme.example>"), pad}, true},
		"another's":           {[][]byte{[]byte(`{"email":"a.zoë.ångström+x@wärme.example"}`)}, false},
		"not JSON":            {[][]byte{[]byte("\xff\xfe\\u12 zoë.ångström+x@wärme.example\\")}, true},
		"in pieces far apart": {[][]byte{[]byte("zoë.ång"), pad, []byte("ström+x@wärme.example")}, false},
	} {
		b := newBackend(t)
		s := open(t, b, Options{})
		run := Begin(t, s)
		job := openJob(t, s, run, people(1, 2))
		other := openJob(t, s, run, people(2, 3))
		check(t, s.CommitResults(t.Context(), run, other, results(contact.Lost, 2), [][]byte{[]byte("nobody")}, ledger.JobUnreadable))
		check(t, s.CommitResults(t.Context(), run, job, results(contact.Lost, 1), test.raw, ledger.JobUnreadable))
		finish(t, s, run)
		s = open(t, b, Options{})
		expected := ledger.Erased{}
		if test.gone {
			expected.Raw = int64(len(test.raw))
		}
		erased, err := s.Forget(t.Context(), contact.Contact{Email: address})
		if err != nil || erased != expected {
			t.Errorf("%s: removed %+v, %v", name, erased, err)
		}
		check(t, s.Close())
		s = open(t, b, Options{})
		if s.LastErased().IsZero() == test.gone {
			t.Errorf("%s: removed at %s", name, s.LastErased())
		}
		if n := stats(t, s).RawResults; n != 1+int64(len(test.raw))-expected.Raw {
			t.Errorf("%s: %d raw results are kept", name, n)
		}
		Valid(t, s)
		check(t, s.Close())
	}
}

// Prune leaves open jobs as they are, however old, and removes what is old of the others.
func testPruneJobs(t *testing.T, newBackend func(testing.TB) Backend) {
	b := newBackend(t)
	s := open(t, b, Options{})
	run := Begin(t, s)
	Commit(t, s, run, people(1, 10), results(contact.Matched, 1, 2, 3)...)
	done := openJob(t, s, run, people(20, 23))
	check(t, s.CommitResults(t.Context(), run, done, results(contact.Matched, 20, 21, 22), [][]byte{[]byte("twice")}, ledger.JobDone))
	job := openJob(t, s, run, people(1, 4))
	check(t, s.CommitResults(t.Context(), run, job, results(contact.Matched, 2), [][]byte{[]byte("foreign")}, ""))
	Commit(t, s, run, nil, results(contact.Matched, 4, 5, 6, 7, 8, 9)...)
	finish(t, s, run)
	s = open(t, b, Options{})
	// All is old but one outcome, which is in the open job; the job's own numbers of contacts stay.
	erased, err := s.Prune(t.Context(), Noon.Add(time.Hour))
	if err != nil || erased.Answers != 12 || erased.Raw != 0 {
		t.Errorf("removed %+v, %v", erased, err)
	}
	check(t, s.Close())
	s = open(t, b, Options{})
	if got := jobContacts(t, s, job); !slices.Equal(got, []int{1, -2, 3}) || openJobs(t, s, URL)[0].Forgotten != 0 {
		t.Errorf("contacts %v, %+v", got, openJobs(t, s, URL))
	}
	for n, expected := range map[int]ledger.State{1: {InJob: true}, 2: {Kind: contact.Matched}, 4: {}, 20: {}} {
		state := State(t, s, Person(n).Keys)
		if state.Ref, state.At = 0, (time.Time{}); state != expected {
			t.Errorf("person %d: %+v", n, state)
		}
	}
	Valid(t, s)
	erased, err = s.Prune(t.Context(), time.Now().Add(time.Hour)) // done has ended, with its raw results
	if err != nil || erased != (ledger.Erased{Raw: 1}) {
		t.Errorf("removed %+v, %v", erased, err)
	}
	check(t, s.Close())
	pruneEndedJob(t, b, job)
}

// pruneEndedJob ends a job of the persons 1 and 3, which has a raw result, and prunes everything.
func pruneEndedJob(t *testing.T, b Backend, job int64) {
	t.Helper()
	s := open(t, b, Options{})
	run := Begin(t, s)
	check(t, s.CommitResults(t.Context(), run, job, results(contact.NoMatch, 1, 3), nil, ledger.JobDone))
	if n := stats(t, s); n.RawResults != 1 || n.Jobs != 2 || n.JobsOpen != 0 {
		t.Errorf("%+v", n)
	}
	finish(t, s, run)
	s = open(t, b, Options{})
	erased, err := s.Prune(t.Context(), time.Now().Add(time.Hour))
	if err != nil || erased.Answers != 3 || erased.Raw != 1 {
		t.Errorf("removed %+v, %v", erased, err)
	}
	check(t, s.Close())
	s = open(t, b, Options{})
	if v := Valid(t, s); v.Outcomes != 0 || s.Answers() != 0 {
		t.Errorf("%+v", v)
	}
	run = Begin(t, s)
	if next := openJob(t, s, run, people(1, 2)); next != job+1 {
		t.Errorf("job %d after job %d", next, job)
	}
	check(t, s.Close())
}

// fetchedByAnother makes a ledger of two runs: the first one submits two jobs, of the persons 1 to 4 and 5 to 6; the second one fetches
// the results of the first job, and sends 2 and 7 alone, with later answers.
func fetchedByAnother(t TB, b Backend) (job, other int64) {
	s := open(t, b, Options{})
	run := Begin(t, s)
	job, other = openJob(t, s, run, people(1, 5)), openJob(t, s, run, people(5, 7))
	finish(t, s, run)
	s = open(t, b, Options{})
	run = Begin(t, s)
	check(t, s.CommitResults(t.Context(), run, job, append(results(contact.Matched, 1, 2, 3), Outcome(4, contact.Lost)), nil, ledger.JobDone))
	later := Outcome(2, contact.NoMatch)
	later.At = Noon.Add(2 * time.Hour)
	Commit(t, s, run, append(people(2, 3), people(7, 8)...))
	Commit(t, s, run, nil, Outcome(7, contact.Matched), later)
	finish(t, s, run)
	return job, other
}

// Results that another run than the job's has fetched are pruned together with the intents of the job, and with no other's.
func testPruneFetched(t *testing.T, newBackend func(testing.TB) Backend) {
	b := newBackend(t)
	_, other := fetchedByAnother(t, b)
	s := open(t, b, Options{})
	if v := Valid(t, s); v.Intents != 8 {
		t.Errorf("%+v", v)
	}
	erased, err := s.Prune(t.Context(), Noon.Add(time.Hour))
	if err != nil || erased != (ledger.Erased{Intents: 5, Answers: 4, Others: 1}) {
		t.Errorf("removed %+v, %v", erased, err)
	}
	check(t, s.Close())
	s = open(t, b, Options{})
	if v := Valid(t, s); v.Intents != 3 || v.Outcomes != 1 {
		t.Errorf("%+v", v)
	}
	if got := jobContacts(t, s, other); !slices.Equal(got, []int{5, 6}) {
		t.Errorf("contacts of the open job: %v", got)
	}
	for n, expected := range map[int]contact.Kind{1: 0, 2: contact.NoMatch, 3: 0, 4: 0, 7: 0} {
		if state := State(t, s, Person(n).Keys); state.Kind != expected || state.InJob || state.Lost != 0 {
			t.Errorf("person %d: %+v", n, state)
		}
	}
	check(t, s.Close())
	s = open(t, b, Options{})
	if erased, err = s.Prune(t.Context(), Noon.Add(3*time.Hour)); err != nil || erased != (ledger.Erased{Intents: 1, Answers: 1}) {
		t.Errorf("removed %+v, %v", erased, err)
	}
	check(t, s.Close())
	s = open(t, b, Options{})
	if v := Valid(t, s); v.Intents != 2 || v.Outcomes != 0 {
		t.Errorf("%+v", v)
	}
	check(t, s.Close())
}

// A person whose result another run has fetched is forgotten in both runs, and a job of which all are forgotten ends.
func testForgetFetched(t *testing.T, newBackend func(testing.TB) Backend) {
	b := newBackend(t)
	_, other := fetchedByAnother(t, b)
	for _, test := range []struct {
		person int
		erased ledger.Erased
		open   int
	}{
		{2, ledger.Erased{Intents: 2, Answers: 2}, 1},
		{4, ledger.Erased{Intents: 1, Others: 1}, 1},
		{5, ledger.Erased{Intents: 1, InJobs: 1}, 1},
		{6, ledger.Erased{Intents: 1, InJobs: 1}, 0},
	} {
		s := open(t, b, Options{})
		if erased, err := s.Forget(t.Context(), Person(test.person).Contact); err != nil || erased != test.erased {
			t.Errorf("person %d: removed %+v, %v", test.person, erased, err)
		}
		check(t, s.Close())
		s = open(t, b, Options{})
		if jobs := openJobs(t, s, URL); len(jobs) != test.open {
			t.Errorf("after person %d open are %+v", test.person, jobs)
		}
		if state := State(t, s, Person(test.person).Keys); state != (ledger.State{}) {
			t.Errorf("person %d: %+v", test.person, state)
		}
		Valid(t, s)
		check(t, s.Close())
	}
	s := open(t, b, Options{})
	if s.JobContacts(t.Context(), other, func(ledger.JobContact) error { return nil }) == nil {
		t.Error("the job of which all are forgotten has not ended")
	}
	if v := Valid(t, s); v.Intents != 3 || v.Outcomes != 3 || v.Jobs != 2 {
		t.Errorf("%+v", v)
	}
	check(t, s.Close())
}
