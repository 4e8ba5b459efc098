package ledgertest

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"enrich/contact"
	"enrich/ledger"
)

// renamed returns the n-th person under another name, and an outcome of that contact.
func renamed(n int, name string, kind contact.Kind) (ledger.Intent, contact.Outcome) {
	p, o := Person(n), Outcome(n, kind)
	p.Contact.FirstName = name
	p.Keys = Identity.Keys(p.Contact)
	o.Contact, o.Keys = p.Contact, p.Keys
	return p, o
}

// nameless returns a contact without an address, and an outcome of it.
func nameless(kind contact.Kind) (ledger.Intent, contact.Outcome) {
	c := contact.Contact{LinkedInURL: "https://linkedin.com/in/ann"}
	o := Outcome(0, kind)
	o.Contact, o.Keys = c, Identity.Keys(c)
	return ledger.Intent{Contact: c, Keys: o.Keys}, o
}

func answered(t TB, s ledger.Store, fresh ledger.Fresh, addresses ...contact.Key) int64 {
	t.Helper()
	n, err := s.AnsweredAddresses(t.Context(), addresses, fresh)
	check(t, err)
	return n
}

func answeredOf(t TB, s ledger.Store, run int64, fresh ledger.Fresh) int64 {
	t.Helper()
	n, err := s.AnsweredAddressesOf(t.Context(), run, fresh)
	check(t, err)
	return n
}

// An address is answered if its latest answer is fresh, under whatever other fields; any other outcome is none.
func testAnsweredAddresses(t *testing.T, newBackend func(testing.TB) Backend) {
	b := newBackend(t)
	s := open(t, b, Options{})
	run := Begin(t, s)
	withoutAddress, itsOutcome := nameless(contact.Matched)
	_, other := renamed(5, "Bea", contact.NoMatch)
	Commit(t, s, run, nil, Outcome(0, contact.Matched), Outcome(1, contact.NoMatch), Outcome(2, contact.Refused), Outcome(3, contact.Lost),
		Outcome(4, contact.Released), Outcome(5, contact.Matched), itsOutcome)
	Commit(t, s, run, nil, other)                                                 // no match, later
	Commit(t, s, run, nil, Outcome(0, contact.Refused), Outcome(1, contact.Lost)) // the answers stay
	finish(t, s, run)
	addresses := make([]contact.Key, 7)
	for n := range addresses {
		addresses[n] = Person(n).Keys.Email
	}
	at := func(n int) time.Time { return Noon.Add(time.Duration(n) * time.Second) }
	for _, o := range []Options{{}, {ReadOnly: true}, {ReadOnly: true, ByEmail: true}} {
		s := open(t, b, o)
		for _, tt := range []struct {
			fresh    ledger.Fresh
			expected int64
		}{
			{ledger.Fresh{}, 3},
			{ledger.Fresh{Match: at(0), NoMatch: at(1)}, 3},
			{ledger.Fresh{Match: at(1)}, 2},   // 1, 5
			{ledger.Fresh{NoMatch: at(2)}, 2}, // 0, 5
			{ledger.Fresh{NoMatch: at(6)}, 1}, // 0: the older match of 5 is not its latest answer
		} {
			if n := answered(t, s, tt.fresh, addresses...); n != tt.expected {
				t.Errorf("%+v: %d, expected %d", tt.fresh, n, tt.expected)
			}
		}
		if n := answered(t, s, ledger.Fresh{}, addresses[0], addresses[2], addresses[0]); n != 2 {
			t.Errorf("an address twice: %d", n)
		}
		if n := answered(t, s, ledger.Fresh{}, withoutAddress.Keys.Email) + answered(t, s, ledger.Fresh{}); n != 0 {
			t.Errorf("no address: %d", n)
		}
		check(t, s.Close())
	}
}

// answerFour is a run that answers the persons 0 to 3 and a contact without an address, and leaves a job of person 8 open.
func answerFour(t *testing.T, b Backend, nameless contact.Outcome) (job int64) {
	t.Helper()
	s := open(t, b, Options{})
	run := Begin(t, s)
	Commit(t, s, run, nil, nameless)
	for n := range 4 {
		Commit(t, s, run, []ledger.Intent{Person(n)}, Outcome(n, contact.Matched))
	}
	job = openJob(t, s, run, people(8, 9))
	if n := answeredOf(t, s, run, ledger.Fresh{}); n != 0 {
		t.Errorf("the first run: %d", n)
	}
	finish(t, s, run)
	return job
}

// The addresses of a run count if they were answered before it, each once.
func testAddressesOfRun(t *testing.T, newBackend func(testing.TB) Backend) {
	b := newBackend(t)
	_, itsOutcome := nameless(contact.Matched)
	job := answerFour(t, b, itsOutcome)
	s := open(t, b, Options{})
	run := Begin(t, s)
	if n := answeredOf(t, s, run, ledger.Fresh{}); n != 0 {
		t.Errorf("nothing was sent: %d", n)
	}
	send := func(n int, name string, kind contact.Kind) {
		p, o := renamed(n, name, kind)
		Commit(t, s, run, []ledger.Intent{p})
		Commit(t, s, run, nil, o)
	}
	send(0, "Bea", contact.Matched)
	send(0, "Cid", contact.Refused) // the same address
	send(1, "Bea", contact.Lost)
	send(2, "Bea", contact.Released)
	send(6, "Ann", contact.Matched)
	send(6, "Bea", contact.Matched) // answered in this run only
	Commit(t, s, run, nil, itsOutcome)
	_, ofJob := renamed(3, "Bea", contact.Matched)
	ofJob.Keys.Request = Person(8).Keys.Request
	check(t, s.CommitResults(t.Context(), run, job, []contact.Outcome{ofJob}, nil, ledger.JobDone)) // submitted by the first run
	own, result := renamed(3, "Cid", contact.NoMatch)
	if n := answeredOf(t, s, run, ledger.Fresh{}); n != 2 {
		t.Errorf("%d addresses, expected 2", n)
	}
	job = openJob(t, s, run, []ledger.Intent{own})
	if n := answeredOf(t, s, run, ledger.Fresh{}); n != 3 {
		t.Errorf("with an open job: %d addresses, expected 3", n)
	}
	check(t, s.CommitResults(t.Context(), run, job, []contact.Outcome{result}, nil, ledger.JobDone))
	for _, tt := range []struct {
		fresh    ledger.Fresh
		expected int64
	}{{ledger.Fresh{}, 3}, {ledger.Fresh{Match: Noon.Add(time.Second)}, 2}, {ledger.Fresh{Match: Noon.Add(time.Hour)}, 0}} {
		if n := answeredOf(t, s, run, tt.fresh); n != tt.expected {
			t.Errorf("%+v: %d addresses, expected %d", tt.fresh, n, tt.expected)
		}
	}
	if n, err := s.AnsweredAddressesOf(t.Context(), run+1, ledger.Fresh{}); err == nil {
		t.Errorf("a run that does not exist: %d", n)
	}
	finish(t, s, run)
}

// An addressHistory is what happened to an address, which two persons have.
type addressHistory struct {
	fresh, freshBefore bool // the latest answer is fresh; that before this run was
	sent               bool // by this run
	repeated           bool // this run has answered a person again who had an answer before
}

// addressHistories returns the histories of all addresses in the list.
func (m *model) addressHistories(fresh ledger.Fresh) (histories [persons / 2]addressHistory) {
	answeredBefore := map[int]bool{} // persons
	for _, e := range m.events {
		h, ofRun := &histories[e.person/2], e.run == m.run
		if e.kind.Answered() {
			if h.fresh = fresh.Includes(e.kind, e.at); ofRun {
				h.repeated = h.repeated || answeredBefore[e.person]
			} else {
				h.freshBefore, answeredBefore[e.person] = h.fresh, true
			}
		}
		h.sent = h.sent || ofRun && e.kind != contact.Released && (e.job == nil || e.job.run == m.run)
	}
	for _, j := range m.jobs {
		for i, n := range j.persons {
			if j.run == m.run && !j.state.IsEnd() && !j.done[i] {
				histories[n/2].sent = true
			}
		}
	}
	return histories
}

// checkAddresses compares what is said of addresses with the list.
func (m *model) checkAddresses(s ledger.Store, writer bool) {
	fresh := ledger.Fresh{Match: at(rapid.IntRange(0, m.clock).Draw(m.T, "match since")), NoMatch: at(rapid.IntRange(0, m.clock).Draw(m.T, "no match since"))}
	var addresses []contact.Key
	expected, expectedOf, perhaps := int64(0), int64(0), int64(0)
	for address, h := range m.addressHistories(fresh) {
		addresses = append(addresses, twin(2*address).Keys.Email)
		if h.fresh {
			expected++
		}
		switch {
		case h.sent && h.repeated: // a store may leave it out
			perhaps++
		case h.sent && h.freshBefore:
			expectedOf++
		}
	}
	if n := answered(m, s, fresh, addresses...); n != expected {
		m.Fatalf("%d addresses are answered, expected %d; %+v", n, expected, fresh)
	}
	if !writer || m.run == 0 {
		return
	}
	if n := answeredOf(m, s, m.run, fresh); n < expectedOf || n > expectedOf+perhaps {
		m.Fatalf("%d addresses of run %d were answered before, expected %d to %d; %+v %+v", n, m.run, expectedOf, expectedOf+perhaps, fresh, m.events)
	}
}
