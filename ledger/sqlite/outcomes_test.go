package sqlite_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/sqlite"
)

// However many large answers are asked for together, a bounded part of them is in memory, and each can be read alone.
func TestOutcomesAreBoundedByBytes(t *testing.T) {
	const size, rows = 300_000, 40
	l := open(t, filepath.Join(t.TempDir(), "ledger.db"), sqlite.Options{})
	run := begin(t, l)
	refs, large := make([]ledger.Ref, rows), `{"contact":{"title":"`+strings.Repeat("t", size)+`"}}`
	for n := range rows {
		o := outcome(n, contact.Matched)
		o.Body = []byte(large)
		if err := tryCommit(l, run, []ledger.Intent{person(n)}, []contact.Outcome{o}); err != nil {
			t.Fatal(err)
		}
		refs[n] = stateOf(l, o.Keys).Ref
	}
	out := make([]contact.Outcome, rows)
	for pass := range 2 { // the second one must not use the memory of the first for more
		if err := l.Outcomes(context.Background(), refs, out); err != nil {
			t.Fatal(err)
		}
		held, missing := 0, 0
		for n := range out {
			held += cap(out[n].Body)
			if out[n].Kind == 0 {
				missing++
			}
		}
		if held > 4<<20 || missing == 0 || missing == rows {
			t.Errorf("pass %d: %d bytes are in memory, and %d of %d answers are left out", pass, held, missing, rows)
		}
	}
	for n := range refs {
		if err := l.Outcomes(context.Background(), refs[n:n+1], out[n:n+1]); err != nil {
			t.Fatal(err)
		}
		if out[n].Kind != contact.Matched || string(out[n].Body) != large {
			t.Errorf("answer %d: %v, %d bytes", n, out[n].Kind, len(out[n].Body))
		}
	}
}
