package pipeline

import (
	"context"
	"fmt"
	"io"
	"testing"
	"time"

	"enrich/contact"
	"enrich/ledger"
	"enrich/reader"
)

// BenchmarkAskAnswered is the cost of a row of the first pass whose contact is answered.
func BenchmarkAskAnswered(b *testing.B) { benchmarkAsk(b, ledger.State{Kind: contact.Matched, Ref: 1}) }

// BenchmarkAskNew is the cost of a row whose contact is sent, without an API or a ledger that take time.
func BenchmarkAskNew(b *testing.B) { benchmarkAsk(b, ledger.State{}) }

func benchmarkAsk(b *testing.B, state ledger.State) {
	b.ReportAllocs()
	a := Ask{
		Rules:  Rules{Identity: contact.NewIdentity("http://api.example", nil).ByRequest(), Started: time.Now(), MaxAge: -1, NoMatchAge: -1},
		Source: newBenchSource(b.N), API: benchAPI{}, Ledger: benchLedger{state}, Run: 1, Workers: 32,
		Budget: NewBudget(Caps{}), Counters: new(Counters),
	}
	b.ResetTimer()
	if _, err := a.Do(b.Context(), b.Context()); err != nil || a.Counters.Read.Load() != int64(b.N) {
		b.Fatal(err)
	}
}

// A benchSource has n rows with different addresses.
type benchSource struct {
	rows []reader.Row
	next int64
	left int
}

func newBenchSource(n int) *benchSource {
	s := &benchSource{left: n}
	for i := range 10_000 {
		s.rows = append(s.rows, reader.Row{Contact: contact.Contact{
			Email: fmt.Sprintf("ann.smith.%d@northwind.example", i), FirstName: "Ann", LastName: "Smith", CompanyName: "Northwind Traders",
		}})
	}
	return s
}

func (s *benchSource) Read(rows []reader.Row) (int, error) {
	n := min(len(rows), s.left)
	for i := range n {
		s.next++
		rows[i] = s.rows[s.next%int64(len(s.rows))]
		rows[i].Number = s.next
	}
	if s.left -= n; s.left == 0 {
		return n, io.EOF
	}
	return n, nil
}

// A benchLedger knows the same of each contact.
type benchLedger struct{ state ledger.State }

func (l benchLedger) States(_ context.Context, _ []contact.Keys, states []ledger.State) error {
	for i := range states {
		states[i] = l.state
	}
	return nil
}

func (benchLedger) Commit(_ context.Context, _ int64, intents []ledger.Intent, _ []contact.Outcome) ([]bool, error) {
	claimed := make([]bool, len(intents))
	for i := range claimed {
		claimed[i] = true
	}
	return claimed, nil
}

func (benchLedger) Outcomes(context.Context, []ledger.Ref, []contact.Outcome) error { return nil }

// A benchAPI matches every contact at once.
type benchAPI struct{}

func (benchAPI) Queue(*contact.Question) {}

func (benchAPI) Answered() bool { return true }

func (benchAPI) Ask(_, _ context.Context, q *contact.Question) (contact.Result, time.Duration) {
	r := charged()
	r.Outcome.Contact, r.Outcome.Keys = q.Contact, q.Keys
	return r, 0
}
