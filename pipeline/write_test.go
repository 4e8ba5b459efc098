package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"enrich/contact"
	"enrich/ledger"
	"enrich/reader"
	"enrich/writer"
)

// A written list has a line for each row of the write pass, in the order in which the rows were written.
type written struct {
	lines []string
	full  error // of each sink
}

type (
	resultSink  struct{ *written }
	failureSink struct{ *written }
	pendingSink struct{ *written }
)

func (s resultSink) Write(r *writer.Result) error {
	s.lines = append(s.lines, fmt.Sprintf("%d %v credit=%t %s", r.Line, r.Kind, r.Credit, r.Body))
	return s.full
}

func (s failureSink) Write(f *writer.Failure) error {
	s.lines = append(s.lines, fmt.Sprintf("%d %s %s", f.Line, f.Kind, f.Message))
	return s.full
}

func (s pendingSink) Write(r *writer.Row) error {
	s.lines = append(s.lines, fmt.Sprintf("%d pending", r.Line))
	return s.full
}

// A writeRig is a ledger with outcomes and a list of rows.
type writeRig struct {
	identity contact.Identity
	ledger   *fakeLedger
	rows     []reader.Row
}

func newWriteRig() *writeRig {
	return &writeRig{
		identity: contact.NewIdentity("http://api.example", nil),
		ledger:   &fakeLedger{journal: &journal{}, states: map[contact.Key]ledger.State{}, open: map[contact.Key]string{}},
	}
}

// know records the outcome of an address.
func (r *writeRig) know(address string, o contact.Outcome) {
	o.Keys = r.identity.Keys(contact.Contact{Email: address})
	r.ledger.record(o)
	r.change(address, func(s *ledger.State) { s.DoneThisRun = o.Run == 2 })
}

// change changes the state of an address.
func (r *writeRig) change(address string, f func(*ledger.State)) {
	key := r.identity.Keys(contact.Contact{Email: address}).Request
	s := r.ledger.states[key]
	f(&s)
	r.ledger.states[key] = s
}

// list adds rows.
func (r *writeRig) list(addresses ...string) {
	for _, address := range addresses {
		n := int64(len(r.rows) + 1)
		row := reader.Row{Number: n, Line: n + 1, Contact: contact.Contact{Email: address}}
		if address == "" {
			row.Refused = &reader.Refusal{Kind: contact.Ragged, Message: "2 cells"}
		}
		r.rows = append(r.rows, row)
	}
}

func (r *writeRig) write() (*Write, *written) {
	out := &written{}
	return &Write{
		Rules:  Rules{Identity: r.identity, Started: time.Now(), MaxAge: time.Hour, NoMatchAge: -1, LostRetries: 1},
		Source: &fakeSource{rows: slices.Clone(r.rows)}, Ledger: r.ledger, Run: 2,
		Results: resultSink{out}, Failures: failureSink{out}, Pending: pendingSink{out},
	}, out
}

// Every row is written once, in input order, to the file of its contact's outcome.
func TestEachRowIsWrittenWithItsOutcome(t *testing.T) {
	now := time.Now()
	r := newWriteRig()
	r.know("match@x.example", contact.Outcome{Kind: contact.Matched, Charged: true, Body: []byte(`{"n":1}`), At: now, Run: 2})
	r.know("old@x.example", contact.Outcome{Kind: contact.Matched, Charged: true, Body: []byte(`{"n":2}`), At: now.Add(-2 * time.Hour), Run: 1})
	r.know("none@x.example", contact.Outcome{Kind: contact.NoMatch, At: now, Run: 2})
	r.know("bad@x.example", contact.Outcome{Kind: contact.Refused, Failure: contact.Rejected, Message: "no"})
	r.know("lost@x.example", contact.Outcome{Kind: contact.Lost, Failure: contact.Exhausted, Message: "cut"})
	for range 2 {
		r.know("often@x.example", contact.Outcome{Kind: contact.Lost, Failure: contact.Exhausted, Message: "cut"})
	}
	r.know("released@x.example", contact.Outcome{Kind: contact.Released})
	r.know("elsewhere@x.example", contact.Outcome{Kind: contact.Refused, Failure: contact.Rejected})
	r.change("elsewhere@x.example", func(s *ledger.State) { s.ClaimedElsewhere = true })
	r.list("match@x.example", "none@x.example", "", "new@x.example", "MATCH@x.example", "bad@x.example", "lost@x.example", "often@x.example",
		"released@x.example", "elsewhere@x.example", "old@x.example", "no address")
	w, out := r.write()
	result, err := w.Do(t.Context())
	expected := []string{
		`2 matched credit=true {"n":1}`, "3 no_match credit=false ", "4 ragged 2 cells", "5 pending", `6 matched credit=false {"n":1}`, "7 rejected no",
		"8 exhausted cut", "9 uncertain cut", "10 pending", "11 pending", `12 matched credit=true {"n":2}`,
	}
	if err != nil || !slices.Equal(out.lines[:11], expected) || !strings.HasPrefix(out.lines[11], "13 invalid") || len(out.lines) != 12 {
		t.Errorf("%v\n%s", err, strings.Join(out.lines, "\n"))
	}
	if result.Matched != 3 || result.NoMatch != 1 || result.Failed != 5 || result.Pending != 3 || result.Read != 12 ||
		result.Stale != 1 || result.FromLedger != 1 || result.Deduplicated != 1 || result.Credits != 2 || result.Contacts != 2 {
		t.Errorf("%+v", result)
	}
}

// A contact in an open job is pending, whatever became of earlier calls; an earlier answer is written.
func TestAContactInAnOpenJobIsPending(t *testing.T) {
	r := newWriteRig()
	for i, kind := range []contact.Kind{contact.Matched, contact.Refused, contact.Lost, contact.Lost, 0} {
		address := fmt.Sprintf("p%d@x.example", i)
		if kind != 0 {
			r.know(address, contact.Outcome{Kind: kind, At: time.Now().Add(-2 * time.Hour)})
		}
		r.change(address, func(s *ledger.State) {
			s.InJob = true
			if i == 3 {
				s.Lost = 9
			}
		})
		r.list(address)
	}
	w, out := r.write()
	result, err := w.Do(t.Context())
	if expected := []string{"2 matched credit=false ", "3 pending", "4 pending", "5 pending", "6 pending"}; err != nil || !slices.Equal(out.lines, expected) || result.Stale != 1 {
		t.Errorf("%+v, %v: %q", result, err, out.lines)
	}
}

// What this run has finished is not pending because another command sends it again later. What it has not is.
func TestAContactThatAnotherRunSendsAgain(t *testing.T) {
	r := newWriteRig()
	w, out := r.write()
	refused, lost := contact.Outcome{Kind: contact.Refused, Failure: contact.Rejected}, contact.Outcome{Kind: contact.Lost, Failure: contact.Exhausted}
	for i, tt := range []struct {
		outcome  contact.Outcome
		run      int64 // 2 is this one
		at       time.Duration
		inJob    bool
		expected string
	}{
		{refused, 2, 1, false, "rejected "},
		{refused, 2, 1, true, "rejected "},
		{refused, 1, 1, false, "rejected "}, // since this run began
		{refused, 1, -1, false, "pending"},
		{refused, 1, -1, true, "pending"},
		{lost, 2, 1, false, "exhausted "},
		{lost, 2, 1, true, "pending"}, // in a job of this run, after one that was lost
		{lost, 1, 1, false, "pending"},
	} {
		address := fmt.Sprintf("p%d@x.example", i)
		tt.outcome.Run, tt.outcome.At = tt.run, w.Started.Add(tt.at)
		r.know(address, tt.outcome)
		r.change(address, func(s *ledger.State) { s.InJob, s.ClaimedElsewhere = tt.inJob, !tt.inJob })
		r.list(address)
		w.Source = &fakeSource{rows: r.rows[i:]}
		if _, err := w.Do(t.Context()); err != nil || !strings.HasSuffix(out.lines[i], tt.expected) {
			t.Errorf("%+v: %q, %v", tt, out.lines[i], err)
		}
	}
}

// More contacts than fit a batch or a block of the set: each is charged on its first row only.
func TestEachContactIsChargedOnce(t *testing.T) {
	r := newWriteRig()
	list := addresses(5000)
	for _, address := range list {
		r.know(address, contact.Outcome{Kind: contact.Matched, Charged: true, At: time.Now()})
	}
	r.list(list...)
	r.list(list...)
	w, _ := r.write()
	if result, err := w.Do(t.Context()); err != nil || result.Credits != 5000 || result.Deduplicated != 5000 || result.Matched != 10000 {
		t.Errorf("%v: %+v", err, result)
	}
}

// Answers of all runs of the same work count as this run's.
func TestAnswersOfTheSameWorkAreNotFromTheLedger(t *testing.T) {
	r := newWriteRig()
	for i := range int64(4) {
		address := fmt.Sprintf("p%d@x.example", i)
		r.know(address, contact.Outcome{Kind: contact.Matched, At: time.Now(), Run: i})
		r.list(address)
	}
	for _, tt := range []struct {
		runs map[int64]bool
		n    int64
	}{{nil, 3}, {map[int64]bool{2: true, 3: true}, 2}} {
		w, _ := r.write()
		w.Runs = tt.runs
		if result, err := w.Do(t.Context()); err != nil || result.FromLedger != tt.n {
			t.Errorf("%v: %+v, %v", tt.runs, result, err)
		}
	}
}

func TestAWritePassEndsWithTheFirstError(t *testing.T) {
	full := errors.New("disk full")
	for name, tt := range map[string]struct {
		change func(*Write, *written)
		step   string
	}{
		"a sink":    {func(_ *Write, out *written) { out.full = full }, "write results"},
		"a look-up": {func(w *Write, _ *written) { w.Ledger.(*fakeLedger).lookups = full }, "read the ledger"},
		"the input": {func(w *Write, _ *written) { w.Source.(*fakeSource).end = full }, "read the input"},
	} {
		r := newWriteRig()
		r.know("a@x.example", contact.Outcome{Kind: contact.Matched, At: time.Now()})
		r.list("a@x.example")
		w, out := r.write()
		tt.change(w, out)
		if _, err := w.Do(t.Context()); !errors.Is(err, full) || !strings.HasPrefix(err.Error(), tt.step) {
			t.Errorf("%s: %v", name, err)
		}
	}
	r := newWriteRig()
	r.list("a@x.example")
	w, _ := r.write()
	w.Source.(*fakeSource).rows = append(w.Source.(*fakeSource).rows, make([]reader.Row, 300)...) // so that a batch is left
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(full)
	if _, err := w.Do(ctx); !errors.Is(err, full) {
		t.Errorf("after the deadline: %v", err)
	}
}
