package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/sqlite"
)

// answer is that of a person, of a length that differs from the next one's; some are longer than a page.
func answer(n int) contact.Outcome {
	o := outcome(n, contact.Matched)
	o.Body = fmt.Appendf(nil, `{"contact":{"n":%d,"text":"%s"}}`, n, strings.Repeat("x", n*37%6000))
	return o
}

// commitAnswers commits the answers of persons from a number on, ten at a time.
func commitAnswers(t testing.TB, l *sqlite.Ledger, run int64, from, n int) {
	t.Helper()
	for i := from; i < from+n; i += 10 {
		var intents []ledger.Intent
		var outcomes []contact.Outcome
		for j := i; j < i+10; j++ {
			intents, outcomes = append(intents, person(j)), append(outcomes, answer(j))
		}
		commit(t, l, run, intents, outcomes...)
	}
}

// readAnswers reads the answers of persons from a number on, in any order, as often as it takes.
func readAnswers(l *sqlite.Ledger, from, n int) error {
	left := rand.Perm(n)
	for len(left) > 0 {
		refs, out := make([]ledger.Ref, len(left)), make([]contact.Outcome, len(left))
		for i, j := range left {
			refs[i] = stateOf(l, person(from+j).Keys).Ref
		}
		if err := l.Outcomes(context.Background(), refs, out); err != nil {
			return err
		}
		var again []int
		for i, j := range left {
			switch expected := answer(from + j); {
			case out[i].Kind == 0:
				again = append(again, j)
			case string(out[i].Body) != string(expected.Body) || !out[i].At.Equal(expected.At):
				return fmt.Errorf("person %d: %+v", from+j, out[i])
			}
		}
		left = again
	}
	return nil
}

// TestAnswersAreReadInOrderWhileMoreAreWritten: a ledger and one beside it read many answers at once, from the file and the log, while
// the log is merged after every few commits.
func TestAnswersAreReadInOrderWhileMoreAreWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := open(t, path, sqlite.Options{}.OnDisk(unsynced(t)).Tiny())
	run := begin(t, l)
	for n := 0; n < 600; n += 150 {
		commitAnswers(t, l, run, n, 150)
		if err := readAnswers(l, 0, n+150); err != nil {
			t.Fatal(err)
		}
		beside := open(t, path, sqlite.Options{ReadOnly: true})
		commitAnswers(t, l, run, 10_000+n, 50)
		if err := readAnswers(beside, 0, n+150); err != nil {
			t.Fatalf("beside the run: %v", err)
		}
		commitAnswers(t, l, run, 20_000+n, 50)
		if err := errors.Join(readAnswers(beside, n, 150), readAnswers(l, 10_000+n, 50), beside.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestManyAnswersInOrderTakeFewReads of the file: a quarter of its pages.
func TestManyAnswersInOrderTakeFewReads(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	fill(t, path, 20_000, 500)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	d := newDisk(t, func(op) (int, error) { return 0, nil }).quick()
	l := open(t, path, sqlite.Options{}.OnDisk(d.name))
	before := d.reads.Load()
	refs, out := make([]ledger.Ref, 256), make([]contact.Outcome, 256)
	for from := 0; from+len(refs) <= 20_000; from += len(refs) {
		for i := range refs {
			refs[i] = ledger.Ref(from + i + 1)
		}
		if err := l.Outcomes(context.Background(), refs, out); err != nil {
			t.Fatal(err)
		}
	}
	if reads, pages := d.reads.Load()-before, info.Size()/4096; reads > pages/4 {
		t.Errorf("%d reads of %d pages", reads, pages)
	}
}

// TestADamagedAnswerAmongManyIsReported, and the others can be read.
func TestADamagedAnswerAmongManyIsReported(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := open(t, path, sqlite.Options{}.OnDisk(unsynced(t)))
	commitAnswers(t, l, begin(t, l), 0, 300)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := strings.Index(string(b), `{"n":150,`)
	if at < 0 {
		t.Fatal("the answer is not there")
	}
	b[at+len(`{"n":15`)] ^= 1
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, o := range []sqlite.Options{{}, {ReadOnly: true}} {
		l := open(t, path, o)
		for range 2 {
			if err := readAnswers(l, 0, 300); !errors.Is(err, ledger.ErrDamaged) {
				t.Errorf("%+v: %v", o, err)
			}
			if err := errors.Join(readAnswers(l, 0, 150), readAnswers(l, 151, 149)); err != nil {
				t.Errorf("%+v: %v", o, err)
			}
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestARowHasItsOwnValues also where most of the row before are the same: they are bound once.
func TestARowHasItsOwnValues(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := open(t, path, sqlite.Options{}.OnDisk(unsynced(t)))
	runs := []int64{begin(t, l), begin(t, l)}
	var expected []contact.Outcome
	for n := range 400 {
		o := outcome(n, contact.Kind(1+rand.IntN(5)))
		o.Status, o.Attempts, o.Charged = 200*rand.IntN(2), rand.IntN(3), rand.IntN(2) == 0
		o.Failure, o.Message = contact.Failure(strings.Repeat("f", rand.IntN(2))), strings.Repeat("m", rand.IntN(2))
		o.Run = runs[n/100%2]
		if !o.Kind.Answered() {
			o.Body = nil
		}
		expected = append(expected, o)
		if len(expected)%5 == 0 {
			commit(t, l, o.Run, nil, expected[len(expected)-5:]...)
		}
	}
	for from := 0; from < len(expected); from += 100 {
		refs, out := make([]ledger.Ref, 100), make([]contact.Outcome, 100)
		for i := range refs {
			refs[i] = ledger.Ref(from + i + 1)
		}
		if err := l.Outcomes(context.Background(), refs, out); err != nil {
			t.Fatal(err)
		}
		for i, got := range out {
			o := expected[from+i]
			got.Contact, got.Keys = o.Contact, o.Keys
			if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", o) {
				t.Errorf("row %d: %+v instead of %+v", from+i+1, got, o)
			}
		}
	}
}
