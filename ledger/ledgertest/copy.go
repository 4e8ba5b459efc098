package ledgertest

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"enrich/contact"
	"enrich/ledger"
)

// Copy tests that the records of one store can be copied into another one, and back, and that the copies are equal: in their records, and
// in everything that is asked of a ledger. Both may be of the same kind.
func Copy(t *testing.T, newFrom, newTo func(testing.TB) Backend) {
	for name, fill := range map[string]func(*testing.T, Backend){
		"empty":                func(t *testing.T, b Backend) { check(t, open(t, b, Options{}).Close()) },
		"all kinds of records": func(t *testing.T, b Backend) { check(t, fillRecords(t, b).Close()) },
		"killed":               func(t *testing.T, b Backend) { check(t, b.Kill(fillRecords(t, b))) },
		"forgotten":            fillForgotten,
		"pruned": func(t *testing.T, b Backend) {
			check(t, fillRecords(t, b).Close())
			prune(t, b, Noon.Add(9*time.Second))
		},
		"all pruned": func(t *testing.T, b Backend) {
			sample(t, b, 20)
			prune(t, b, Noon.Add(time.Hour))
		},
	} {
		t.Run(name, func(t *testing.T) {
			from, to, back := newFrom(t), newTo(t), newFrom(t)
			fill(t, from)
			testCopy(t, from, to, back)
		})
	}
	t.Run("OpenIntentsAreLostOnce", func(t *testing.T) { testImportOpen(t, newFrom, newTo) })
	t.Run("NothingIsImportedAfterAnError", func(t *testing.T) { testImportErrors(t, newTo) })
	t.Run("AtTheSameTime", func(t *testing.T) { testImportMixed(t, newTo) })
}

// testCopy copies a ledger, and the copy once more, and compares all of them.
func testCopy(t *testing.T, from, to, back Backend) {
	first := copyRecords(t, from, to)
	again := copyRecords(t, to, back)
	if difference := first.Difference(&again); difference != "" {
		t.Errorf("there and back: %s", difference)
	}
	expected := describe(t, from)
	for _, b := range []Backend{to, back} {
		got := describe(t, b)
		for what := range maps.Keys(expected) {
			if !reflect.DeepEqual(got[what], expected[what]) {
				t.Errorf("%s:\n%+v, expected\n%+v", what, got[what], expected[what])
			}
		}
		testCopyInUse(t, b)
	}
}

// fillForgotten fills a ledger with every kind of record, and forgets some persons: the first, one in the middle, two in an open job,
// one in a job that has ended, and the last.
func fillForgotten(t *testing.T, b Backend) {
	check(t, fillRecords(t, b).Close())
	for _, n := range []int{0, 3, 11, 31, 41, 25} {
		s := open(t, b, Options{})
		_, err := s.Forget(t.Context(), Person(n).Contact)
		check(t, err)
		check(t, s.Close())
	}
}

func prune(t *testing.T, b Backend, before time.Time) {
	t.Helper()
	s := open(t, b, Options{})
	_, err := s.Prune(t.Context(), before)
	check(t, err)
	check(t, s.Close())
}

// fillRecords fills a ledger with every kind of record, and returns the store of a run that has not ended: calls, a job that was
// submitted and one that is open have no results.
func fillRecords(t *testing.T, b Backend) ledger.Store {
	t.Helper()
	sample(t, b, 20)
	s := open(t, b, Options{})
	other := begin(t, s, ledger.Run{Started: Noon.Add(time.Hour), URL: "https://other.example", Constants: []byte(`{"a":1}`), Input: "böse\x00\xff.csv", Version: "2"})
	large := Outcome(20, contact.NoMatch)
	large.Body, large.Status, large.Attempts = append([]byte(`{"contact":{"x":"`), append(slices.Repeat([]byte("ü"), 40<<10), `"}}`...)...), 404, 3
	large.Message = "a message with “quotes”\nand lines"
	strange := Outcome(21, contact.Matched)
	strange.Body = []byte(`{"contact":{"title":"a\u0000b","n":` + string(slices.Repeat([]byte("["), 1200)) + string(slices.Repeat([]byte("]"), 1200)) + `}}`)
	for _, o := range []*contact.Outcome{&large, &strange} {
		o.Keys = contact.NewIdentity("https://other.example", []byte(`{"a":1}`)).Keys(o.Contact)
		Commit(t, s, other, []ledger.Intent{{Contact: o.Contact, Keys: o.Keys}})
		Commit(t, s, other, nil, *o)
	}
	finish(t, s, other)

	s = open(t, b, Options{})
	run := begin(t, s, ledger.Run{Started: Noon.Add(24 * time.Hour), URL: URL, Input: "again.csv", Version: "3"})
	for range 3 { // an answer that is older than lost calls
		Commit(t, s, run, people(3, 4))
		Commit(t, s, run, nil, Outcome(3, contact.Lost))
	}
	Commit(t, s, run, people(22, 26), results(contact.Released, 22, 23)...)
	Commit(t, s, run, nil, results(contact.Matched, 24, 25)...)
	done := openJob(t, s, run, people(40, 43))
	check(t, s.CommitResults(t.Context(), run, done, results(contact.Matched, 40, 41, 42), [][]byte{[]byte(`{"x":`), {0, 0xff}}, ledger.JobDone))
	half := openJob(t, s, run, append(people(30, 34), people(11, 12)...))
	check(t, s.CommitResults(t.Context(), run, half, results(contact.NoMatch, 30), [][]byte{[]byte("raw")}, ""))
	refused := submit(t, s, run, people(50, 52))
	check(t, s.CommitResults(t.Context(), run, refused, results(contact.Refused, 50, 51), nil, ledger.JobRefused))
	check(t, s.Finish(t.Context(), run, "cap", 5))
	check(t, s.Close())

	s = open(t, b, Options{})
	killed := begin(t, s, ledger.Run{Started: Noon.Add(25 * time.Hour), URL: URL, Input: "killed.csv", Version: "3"})
	Commit(t, s, killed, people(60, 63))
	Commit(t, s, killed, people(63, 64), Outcome(61, contact.Matched))
	submit(t, s, killed, people(70, 72))
	return s
}

// copyRecords copies one ledger into another one and compares the records.
func copyRecords(t *testing.T, from, to Backend) ledger.Digest {
	t.Helper()
	source := open(t, from, Options{})
	d := digestOf(source.(ledger.Exporter))
	target := open(t, to, Options{})
	check(t, target.(ledger.Importer).Import(t.Context(), &d))
	if _, err := target.Begin(t.Context(), ledger.Run{Started: Noon, URL: URL}); err == nil {
		t.Error("the store of an import accepts more")
	}
	check(t, errors.Join(source.Close(), target.Close()))

	target = open(t, to, Options{ReadOnly: true})
	again := digestOf(target.(ledger.Exporter))
	check(t, again.Export(t.Context(), func(*ledger.Entry) error { return nil }))
	if difference := d.Difference(&again.Digest); difference != "" {
		t.Errorf("the copy: %s", difference)
	}
	check(t, target.Close())
	target = open(t, to, Options{})
	if err := target.(ledger.Importer).Import(t.Context(), &again); (d.Runs > 0) != errors.Is(err, ledger.ErrNotEmpty) {
		t.Errorf("imported twice: %v", err)
	}
	check(t, target.Close())
	return d.Digest
}

// A digested export counts what passes.
type digested struct {
	ledger.Digest
	from ledger.Exporter
}

func digestOf(from ledger.Exporter) digested { return digested{from: from} }

// Export implements [ledger.Exporter].
func (d *digested) Export(ctx context.Context, do func(*ledger.Entry) error) error {
	d.Digest = ledger.Digest{}
	return d.from.Export(ctx, func(e *ledger.Entry) error {
		d.Add(e)
		return do(e)
	})
}

// describe returns everything that is asked of a ledger.
func describe(t *testing.T, b Backend) map[string]any {
	t.Helper()
	s := open(t, b, Options{ReadOnly: true})
	defer func() { check(t, s.Close()) }()
	d := map[string]any{"lost": len(s.InterruptedCalls()), "erased": s.LastErased(), "answers": s.Answers()}
	stats, err := s.Stats(t.Context())
	check(t, err)
	stats.Bytes, stats.Version = 0, 0
	d["stats"] = stats
	for _, since := range []time.Time{{}, Noon.Truncate(24 * time.Hour), Noon.Truncate(24*time.Hour).AddDate(0, 0, 1)} {
		spent, err := s.SpentSince(t.Context(), since)
		check(t, err)
		d["spent since "+since.String()] = spent
	}
	for _, url := range []string{URL, "https://other.example", "https://none.example"} {
		found, err := s.AnsweredFrom(t.Context(), url)
		check(t, err)
		d["answered from "+url], d["jobs of "+url] = found, openJobs(t, s, url)
		for _, j := range openJobs(t, s, url) {
			d["contacts of "+j.ID] = jobContacts(t, s, j.Number)
		}
	}
	d["states"] = statesOf(t, s)
	d["records"] = recordsOf(t, s)
	for job := range int64(5) {
		raw, err := b.RawResults(job)
		check(t, err)
		d["raw of job "+string(rune('0'+job))] = raw
	}
	Valid(t, s)
	return d
}

// statesOf returns the states of all persons, with the outcomes instead of their references.
func statesOf(t *testing.T, s ledger.Store) (all []any) {
	t.Helper()
	for n := range 80 {
		state := State(t, s, Person(n).Keys)
		var o contact.Outcome
		if state.Ref > 0 {
			o = outcomeAt(t, s, state.Ref)
		}
		state.Ref = 0
		all = append(all, state, o)
	}
	return all
}

func recordsOf(t *testing.T, s ledger.Store) (all []ledger.Record) {
	t.Helper()
	check(t, s.Each(t.Context(), func(r *ledger.Record) error {
		record := *r
		record.Keys, record.Body = contact.Keys{}, slices.Clone(r.Body)
		all = append(all, record)
		return nil
	}))
	return all
}

// testCopyInUse checks that a copy is used like any other ledger: the number of a new outcome is new, and open jobs get their results.
func testCopyInUse(t *testing.T, b Backend) {
	t.Helper()
	s := open(t, b, Options{})
	before := recordsOf(t, s)
	last := int64(0)
	for i := range before {
		last = max(last, before[i].ID)
	}
	run := Begin(t, s)
	for _, j := range openJobs(t, s, URL) {
		var outcomes []contact.Outcome
		for _, n := range jobContacts(t, s, j.Number) {
			if n > 0 {
				outcomes = append(outcomes, Outcome(n, contact.Matched))
			}
		}
		check(t, s.CommitResults(t.Context(), run, j.Number, outcomes, nil, ledger.JobDone))
	}
	Commit(t, s, run, people(90, 91))
	Commit(t, s, run, nil, Outcome(90, contact.Matched))
	submit(t, s, run, people(91, 92))
	after := recordsOf(t, s)
	if len(after) <= len(before) || after[len(before)].ID <= last {
		t.Errorf("%d records after %d, the first new one is %d after %d", len(after), len(before), after[len(before)].ID, last)
	}
	finish(t, s, run)
	s = open(t, b, Options{})
	Valid(t, s)
	check(t, s.Close())
}

// What is open in the original, because nobody has opened it for writing since its run died, becomes lost in the copy, once.
func testImportOpen(t *testing.T, newFrom, newTo func(testing.TB) Backend) {
	from, to := newFrom(t), newTo(t)
	check(t, from.Kill(fillRecords(t, from)))
	source, target := open(t, from, Options{ReadOnly: true}), open(t, to, Options{})
	check(t, target.(ledger.Importer).Import(t.Context(), source.(ledger.Exporter)))
	check(t, errors.Join(source.Close(), target.Close()))
	for n, expected := range []int{5, 0} { // 60, 62, 63, and the job of 70 and 71
		target = open(t, to, Options{})
		if lost := target.InterruptedCalls(); len(lost) != expected {
			t.Errorf("opened %d times: %d calls were lost, expected %d", n+1, len(lost), expected)
		}
		for person, kind := range map[int]contact.Kind{60: contact.Lost, 61: contact.Matched, 63: contact.Lost, 70: contact.Lost} {
			if state := State(t, target, Person(person).Keys); state.Kind != kind || state.InJob || state.ClaimedElsewhere {
				t.Errorf("person %d: %+v", person, state)
			}
		}
		Valid(t, target)
		check(t, target.Close())
	}
}

// An exporter of entries, of which the last one may be an error.
type entries struct {
	list []ledger.Entry
	err  error
}

// Export implements [ledger.Exporter].
func (e entries) Export(_ context.Context, do func(*ledger.Entry) error) error {
	for i := range e.list {
		if err := do(&e.list[i]); err != nil {
			return err
		}
	}
	return e.err
}

func runEntry(id int64, started time.Time) ledger.Entry {
	return ledger.Entry{Run: &ledger.RunEntry{ID: id, Run: ledger.Run{Started: started, URL: URL, Input: "l.csv", Version: "v"}, Closed: true, Finished: started.Add(time.Hour)}}
}

func outcomeEntry(id, run int64, n int, kind contact.Kind, at time.Time) ledger.Entry {
	o := Outcome(n, kind)
	o.Run, o.At = run, at
	return ledger.Entry{Outcome: &ledger.OutcomeEntry{ID: id, Outcome: o}}
}

func intentsEntry(run int64, from, to int) ledger.Entry {
	return ledger.Entry{Intents: &ledger.IntentsEntry{Run: run, Intents: people(from, to)}}
}

// An import that breaks off, or that is not in order, leaves an empty ledger.
func testImportErrors(t *testing.T, newBackend func(testing.TB) Backend) {
	broken := errors.New("broken")
	good := []ledger.Entry{runEntry(1, Noon), intentsEntry(1, 0, 2), outcomeEntry(5, 1, 0, contact.Matched, Noon)}
	b := newBackend(t)
	for name, from := range map[string]entries{
		"breaks off":        {good, broken},
		"a run is missing":  {[]ledger.Entry{runEntry(2, Noon)}, nil},
		"of another run":    {append(slices.Clone(good), intentsEntry(2, 3, 4)), nil},
		"a number twice":    {append(slices.Clone(good), outcomeEntry(5, 1, 1, contact.Matched, Noon)), nil},
		"numbers descend":   {append(slices.Clone(good), outcomeEntry(4, 1, 1, contact.Matched, Noon)), nil},
		"an entry is empty": {append(slices.Clone(good), ledger.Entry{}), nil},
	} {
		s := open(t, b, Options{})
		if err := s.(ledger.Importer).Import(t.Context(), from); err == nil || from.err != nil && !errors.Is(err, broken) {
			t.Errorf("%s: %v", name, err)
		}
		check(t, s.Close())
		s = open(t, b, Options{})
		if stats, err := s.Stats(t.Context()); err != nil || stats.Runs+stats.Matched > 0 {
			t.Errorf("%s: %+v, %v", name, stats, err)
		}
		check(t, s.Close())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := open(t, b, Options{})
	if err := s.(ledger.Importer).Import(ctx, entries{good, nil}); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	check(t, s.Close())
}

// Runs of several machines are at the same time: their outcomes alternate, and numbers may be left out.
func testImportMixed(t *testing.T, newBackend func(testing.TB) Backend) {
	day := Noon.Truncate(24 * time.Hour)
	yesterday := day.Add(-time.Hour)
	other, none := runEntry(3, day.Add(time.Hour)), runEntry(4, day.Add(time.Hour))
	other.Run.URL, none.Run.URL = "https://other.example", "https://none.example"
	list := []ledger.Entry{
		runEntry(1, yesterday.Add(-time.Hour)), runEntry(2, yesterday), other, none,
		intentsEntry(1, 0, 2), intentsEntry(2, 2, 4), intentsEntry(3, 4, 9), intentsEntry(4, 9, 10),
	}
	for n := range 4 { // runs 1 and 2 go on while run 3 does, and their last answers are of the second day
		list = append(list, outcomeEntry(int64(10*n+3), int64(1+n/2), n, contact.Matched, day.Add(time.Duration(2*n-2)*time.Hour)),
			outcomeEntry(int64(10*n+7), 3, 4+n, contact.Matched, day.Add(2*time.Hour)))
	}
	list = append(list, outcomeEntry(47, 4, 9, contact.Refused, day.Add(2*time.Hour)), outcomeEntry(48, 1, 0, contact.Matched, day.Add(3*time.Hour)),
		ledger.Entry{Last: &ledger.LastEntry{Outcome: 60}})
	b := newBackend(t)
	s := open(t, b, Options{})
	check(t, s.(ledger.Importer).Import(t.Context(), entries{list, nil}))
	check(t, s.Close())
	s = open(t, b, Options{})
	if spent, err := s.SpentSince(t.Context(), day); err != nil || spent.Charged != 8 {
		t.Errorf("spent on the second day: %+v, %v", spent, err)
	}
	for url, expected := range map[string]bool{URL: true, "https://other.example": true, "https://none.example": false} {
		if found, err := s.AnsweredFrom(t.Context(), url); err != nil || found != expected {
			t.Errorf("answered from %s: %v, %v", url, found, err)
		}
	}
	if state := State(t, s, Person(0).Keys); state.Kind != contact.Matched || !state.At.Equal(day.Add(3*time.Hour)) {
		t.Errorf("the latest answer: %+v", state)
	}
	var ids []int64
	for _, r := range recordsOf(t, s) {
		ids = append(ids, r.ID)
	}
	if !slices.Equal(ids, []int64{3, 7, 13, 17, 23, 27, 33, 37, 47, 48}) {
		t.Errorf("numbers %v", ids)
	}
	run := Begin(t, s)
	Commit(t, s, run, people(50, 51))
	Commit(t, s, run, nil, Outcome(50, contact.Matched))
	if after := recordsOf(t, s); after[len(after)-1].ID <= 60 {
		t.Errorf("the number %d was assigned before", after[len(after)-1].ID)
	}
	finish(t, s, run)
}
