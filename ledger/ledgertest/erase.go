package ledgertest

import (
	"context"
	"errors"
	"testing"
	"time"

	"enrich/contact"
	"enrich/ledger"
)

// sample fills a ledger with the outcomes of persons 0 to n-1, of all kinds in turn, and closes it.
func sample(t *testing.T, b Backend, n int) {
	t.Helper()
	s := open(t, b, Options{})
	run := Begin(t, s)
	for from := 0; from < n; from += 10 {
		var intents []ledger.Intent
		var outcomes []contact.Outcome
		for i := from; i < min(from+10, n); i++ {
			intents, outcomes = append(intents, Person(i)), append(outcomes, Outcome(i, kinds[i%len(kinds)]))
		}
		Commit(t, s, run, intents)
		Commit(t, s, run, nil, outcomes...)
	}
	finish(t, s, run)
}

// Forget removes a person under every spelling and every request that was answered with the address, and nobody else.
func testForget(t *testing.T, newBackend func(testing.TB) Backend) {
	b := newBackend(t)
	sample(t, b, 20)
	zoe := contact.Contact{Email: "Zoë.Ångström+x@Wärme.example", FirstName: "Zoë", LastName: "Ångström"}
	byURL := contact.Contact{LinkedInURL: "https://www.linkedin.com/in/zoë-å"}
	boss := contact.Contact{Email: "boss@wärme.example"}
	other := contact.Contact{Email: "x" + zoe.Email}
	s := open(t, b, Options{})
	run := Begin(t, s)
	send := func(c contact.Contact, kind contact.Kind, answer string) {
		keys := Identity.Keys(c)
		o := contact.Outcome{Contact: c, Keys: keys, Kind: kind, At: Noon, Attempts: 1}
		if kind.Answered() {
			o.Body = []byte(answer)
		}
		Commit(t, s, run, []ledger.Intent{{Contact: c, Keys: keys}})
		Commit(t, s, run, nil, o)
	}
	send(zoe, contact.Refused, "")
	send(zoe, contact.Matched, `{"contact":{"email":"zoë.ångström+x@wärme.example","first_name":"Zo\u00eb"}}`)
	send(byURL, contact.Lost, "")
	send(byURL, contact.Matched, `{"contact":{"email":"ZOË.Ångström+x@wärme.example"}}`)
	send(boss, contact.Matched, `{"contact":{"reports":["ann","Zoë.Ångström+x@wärme.example"]}}`)
	send(other, contact.Matched, `{"contact":{"email":"keep"}}`)
	finish(t, s, run)

	s = open(t, b, Options{})
	if n, err := s.Forget(t.Context(), contact.Contact{Email: "  zoë.ÅNGSTRÖM+X@wärme.example "}); err != nil || n != (ledger.Erased{Answers: 3, Others: 2, Intents: 5}) {
		t.Errorf("removed %+v, %v", n, err)
	}
	if _, err := s.Commit(t.Context(), run, []ledger.Intent{Person(1)}, nil); err == nil {
		t.Error("it accepts more, though its states are out of date")
	}
	check(t, s.Close())
	s = open(t, b, Options{})
	for _, c := range []contact.Contact{zoe, byURL, boss} {
		if state := State(t, s, Identity.Keys(c)); state != (ledger.State{}) {
			t.Errorf("%+v: %+v", c, state)
		}
	}
	if State(t, s, Identity.Keys(other)).Kind != contact.Matched {
		t.Error("another person was forgotten")
	}
	for n := range 20 {
		if State(t, s, Person(n).Keys).Kind != kinds[n%len(kinds)] {
			t.Errorf("person %d was forgotten", n)
		}
	}
	Valid(t, s)
	check(t, s.Close())
}

// Forget with several fields removes only what all of them match: an answer about somebody else with the same address stays.
func testForgetAllFields(t *testing.T, newBackend func(testing.TB) Backend) {
	b := newBackend(t)
	s := open(t, b, Options{})
	run := Begin(t, s)
	ann := contact.Contact{Email: "info@x.example", FirstName: "Ann"}
	bo := contact.Contact{Email: "info@x.example", FirstName: "Bo"}
	for _, c := range []contact.Contact{ann, bo} {
		keys := Identity.Keys(c)
		Commit(t, s, run, []ledger.Intent{{Contact: c, Keys: keys}})
		Commit(t, s, run, nil, contact.Outcome{
			Contact: c, Keys: keys, Kind: contact.Matched, At: Noon, Attempts: 1,
			Body: []byte(`{"contact":{"email":"info@x.example","first_name":"` + c.FirstName + `"}}`),
		})
	}
	finish(t, s, run)
	s = open(t, b, Options{})
	if n, err := s.Forget(t.Context(), ann); err != nil || n != (ledger.Erased{Answers: 1, Intents: 1}) {
		t.Errorf("removed %+v, %v", n, err)
	}
	check(t, s.Close())
	s = open(t, b, Options{})
	if state := State(t, s, Identity.Keys(ann)); state != (ledger.State{}) {
		t.Errorf("%+v", state)
	}
	if State(t, s, Identity.Keys(bo)).Kind != contact.Matched {
		t.Error("another person with the same address was forgotten")
	}
	Valid(t, s)
	check(t, s.Close())
}

func testForgetNobody(t *testing.T, newBackend func(testing.TB) Backend) {
	b := newBackend(t)
	sample(t, b, 5)
	s := open(t, b, Options{})
	for _, who := range []contact.Contact{{}, {Email: " "}, {LinkedInURL: "\t"}, {CompanyDomain: "https://"}} {
		if n, err := s.Forget(t.Context(), who); err == nil || n != (ledger.Erased{}) {
			t.Errorf("%+v: removed %+v, %v", who, n, err)
		}
	}
	if v := Valid(t, s); v.Outcomes != 5 {
		t.Errorf("%+v", v)
	}
	check(t, s.Close())
}

// Prune removes everything that is old, also between newer outcomes, and no reference is used again.
func testPrune(t *testing.T, newBackend func(testing.TB) Backend) {
	const n, old = 60, 25
	b := newBackend(t)
	sample(t, b, n)
	s := open(t, b, Options{})
	run := Begin(t, s)
	late := Outcome(100, contact.Matched)
	late.At = Noon.Add(-time.Hour) // of a clock that went back
	Commit(t, s, run, []ledger.Intent{Person(100)})
	Commit(t, s, run, nil, late)
	finish(t, s, run)

	s = open(t, b, Options{})
	removed, err := s.Prune(t.Context(), Outcome(old, 1).At)
	if err != nil || removed.Answers != 2*old/5+1 || removed.Others != 3*old/5 || removed.Intents < old+1 {
		t.Errorf("removed %+v, %v", removed, err)
	}
	check(t, s.Close())
	s = open(t, b, Options{})
	last := ledger.Ref(0)
	for i := range n {
		state := State(t, s, Person(i).Keys)
		if (i < old) != (state.Kind == 0) {
			t.Errorf("person %d: %+v", i, state)
		}
		last = max(last, state.Ref)
	}
	if v := Valid(t, s); v.Outcomes != n-old {
		t.Errorf("%d outcomes are left", v.Outcomes)
	}
	_, err = s.Prune(t.Context(), Noon.Add(time.Hour))
	check(t, err)
	check(t, s.Close())
	s = open(t, b, Options{})
	if s.Answers() != 0 {
		t.Errorf("%d answers are left", s.Answers())
	}
	run = Begin(t, s)
	Commit(t, s, run, []ledger.Intent{Person(1)}, Outcome(1, contact.Matched))
	if ref := State(t, s, Person(1).Keys).Ref; ref <= last {
		t.Errorf("reference %d was used again: the last one was %d", ref, last)
	}
	Valid(t, s)
	finish(t, s, run)
}

func testEraseDuringRun(t *testing.T, newBackend func(testing.TB) Backend) {
	b := newBackend(t)
	s := open(t, b, Options{})
	run := Begin(t, s)
	Commit(t, s, run, []ledger.Intent{Person(1)}, Outcome(1, contact.Matched))
	_, pruned := s.Prune(t.Context(), Noon.Add(time.Hour))
	_, forgot := s.Forget(t.Context(), Person(1).Contact)
	if pruned == nil || forgot == nil {
		t.Errorf("prune: %v; forget: %v", pruned, forgot)
	}
	Commit(t, s, run, []ledger.Intent{Person(2)}, Outcome(2, contact.Matched)) // the run goes on
	finish(t, s, run)
}

// Outputs that are older than the last removal must be replaced, whatever they contain.
func testRemoved(t *testing.T, newBackend func(testing.TB) Backend) {
	forget := func(n int) func(ledger.Store) error {
		return func(s ledger.Store) error { _, err := s.Forget(t.Context(), Person(n).Contact); return err }
	}
	prune := func(before time.Time) func(ledger.Store) error {
		return func(s ledger.Store) error { _, err := s.Prune(t.Context(), before); return err }
	}
	for name, steps := range map[string][]struct {
		erase    func(ledger.Store) error
		recorded bool
	}{
		"forgotten":              {{forget(0), true}},
		"forgotten twice":        {{forget(0), true}, {forget(1), true}},
		"nobody was forgotten":   {{forget(999), false}},
		"pruned":                 {{prune(Noon.Add(time.Hour)), true}},
		"nothing was pruned":     {{prune(Noon.Add(-time.Hour)), false}},
		"pruned, then forgotten": {{prune(Noon.Add(2 * time.Second)), true}, {forget(3), true}},
	} {
		b := newBackend(t)
		sample(t, b, 20)
		for _, step := range steps {
			s := open(t, b, Options{})
			before := s.LastErased()
			check(t, step.erase(s))
			check(t, s.Close())
			for _, readOnly := range []bool{false, true} {
				s = open(t, b, Options{ReadOnly: readOnly})
				if at := s.LastErased(); at.After(before) != step.recorded || step.recorded && time.Since(at) > time.Hour {
					t.Errorf("%s: removed at %s, before at %s", name, at, before)
				}
				Valid(t, s)
				check(t, s.Close())
			}
			time.Sleep(2 * time.Millisecond) // the next erasure must not be in the same millisecond
		}
		s := open(t, b, Options{}) // and it still accepts answers
		run := Begin(t, s)
		Commit(t, s, run, []ledger.Intent{Person(77)}, Outcome(77, contact.Matched))
		finish(t, s, run)
	}
}

// With a cancelled context a long operation ends and changes nothing; a commit is durable or fails.
func testCancellation(t *testing.T, newBackend func(testing.TB) Backend) {
	b := newBackend(t)
	sample(t, b, 20)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	s := open(t, b, Options{})
	if err := s.Each(cancelled, func(*ledger.Record) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("each: %v", err)
	}
	if _, err := s.AnsweredAddresses(cancelled, []contact.Key{Person(1).Keys.Email}, ledger.Fresh{}); !errors.Is(err, context.Canceled) {
		t.Errorf("addresses: %v", err)
	}
	if _, err := s.Verify(cancelled); !errors.Is(err, context.Canceled) {
		t.Errorf("verify: %v", err)
	}
	if _, err := s.Forget(cancelled, Person(3).Contact); !errors.Is(err, context.Canceled) {
		t.Errorf("forget: %v", err)
	}
	check(t, s.Close())
	s = open(t, b, Options{})
	if _, err := s.Prune(cancelled, Noon.Add(time.Hour)); !errors.Is(err, context.Canceled) {
		t.Errorf("prune: %v", err)
	}
	check(t, s.Close())
	s = open(t, b, Options{})
	if v := Valid(t, s); v.Outcomes != 20 {
		t.Errorf("a cancelled erasure left %+v", v)
	}
	run := Begin(t, s)
	_, err := s.Commit(cancelled, run, []ledger.Intent{Person(30)}, []contact.Outcome{Outcome(30, contact.Matched)})
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("commit: %v", err)
	}
	check(t, s.Close())
	s = open(t, b, Options{})
	if known := State(t, s, Person(30).Keys).Kind == contact.Matched; err == nil && !known {
		t.Error("an acknowledged commit is lost")
	}
	check(t, s.Close())
}

// Programs read the views: their names and columns are a contract.
func testViews(t *testing.T, newBackend func(testing.TB) Backend) {
	b := newBackend(t)
	sample(t, b, 5)
	for view, expected := range map[string][]string{
		"answers":  {"id", "run", "status", "at", "email", "credit_charged", "message", "contact", "answer"},
		"failures": {"id", "run", "status", "kind", "at", "email", "http_status", "attempts", "message", "contact"},
		"lost":     {"id", "run", "at", "email", "http_status", "attempts", "message", "contact"},
		"jobs":     {"job", "run", "api_job_id", "state", "contacts", "pending", "submitted_at", "expires_at", "ended_at"},
		"job_raw":  {"id", "job", "content"},
		"runs":     {"id", "started", "finished", "url", "input", "version", "stopped", "exit_code", "answers"},
	} {
		got, err := b.Columns(view)
		check(t, err)
		if len(got) != len(expected) {
			t.Errorf("%s: %v", view, got)
			continue
		}
		for i := range got {
			if got[i] != expected[i] {
				t.Errorf("%s: column %d is %s, expected %s", view, i+1, got[i], expected[i])
			}
		}
	}
}
