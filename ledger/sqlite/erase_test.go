package sqlite_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/sqlite"
)

// zoe is asked in several ways, and answered in several.
var zoe = contact.Contact{Email: "Zoë.Ångström+x@Wärme.example", FirstName: "Zoë", LastName: "Ångström"}

const zoeURL = "https://www.linkedin.com/in/zoë-å"

// ask makes an intent and an outcome of a run.
func ask(t testing.TB, l *sqlite.Ledger, run int64, c contact.Contact, kind contact.Kind, answer string, when time.Time) {
	t.Helper()
	keys := identity.Keys(c)
	o := contact.Outcome{Contact: c, Keys: keys, Kind: kind, At: when, Attempts: 1}
	if kind.Answered() {
		o.Body = []byte(answer)
	} else {
		o.Failure, o.Message = contact.Rejected, "no "+c.Email
	}
	commit(t, l, run, []ledger.Intent{{Contact: c, Keys: keys}, person(500)})
	commit(t, l, run, nil, o, outcome(500, contact.Matched))
}

// remains are bytes that must not be in any file of a ledger.
func remains(t *testing.T, dir string, forbidden ...[]byte) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range forbidden {
			if bytes.Contains(b, w) {
				t.Errorf("%s still contains %q", filepath.Base(name), w)
			}
		}
	}
}

func traces(cs ...contact.Contact) (all [][]byte) {
	for _, c := range cs {
		k := identity.Keys(c)
		all = append(all, k.Request[:], k.Request[4:], k.Email[:])
	}
	return all
}

func TestForgetLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("SQLITE_TMPDIR", t.TempDir())
	path := filepath.Join(dir, "ledger.db")
	makeSample(t, path, true)
	l := open(t, path, sqlite.Options{})
	run := begin(t, l)
	byURL := contact.Contact{LinkedInURL: zoeURL}
	byName := contact.Contact{FirstName: "Z", LastName: "Å", CompanyDomain: "wärme.example"}
	boss := contact.Contact{Email: "boss@wärme.example"}
	other := contact.Contact{Email: "x" + zoe.Email}
	ask(t, l, run, zoe, contact.Refused, "", noon)
	ask(t, l, run, zoe, contact.Matched, `{"contact":{"email":"zoë.ångström+x@wärme.example","first_name":"Zo\u00eb"}}`, noon)
	ask(t, l, run, byURL, contact.Lost, "", noon)
	ask(t, l, run, byURL, contact.Matched, `{"contact":{"email":"ZOË.Ångström+x@wärme.example","note":"secret-1"}}`, noon)
	ask(t, l, run, byName, contact.Matched, `{"contact":{"email":"other@x.example","emails":[{"secret-2":"mailto:zo\u00eb.ångström\u002bx@WÄRME.example"}]}}`, noon)
	ask(t, l, run, boss, contact.Matched, `{"contact":{"reports":["ann","Zoë.Ångström+x@wärme.example"]}}`, noon)
	ask(t, l, run, other, contact.Matched, `{"contact":{"email":"keep"}}`, noon)
	if err := errors.Join(l.Finish(context.Background(), run, "", 0), l.Close()); err != nil {
		t.Fatal(err)
	}
	l = open(t, path, sqlite.Options{})
	n, err := l.Forget(context.Background(), contact.Contact{Email: "  zoë.ÅNGSTRÖM+X@wärme.example "})
	if err != nil || n != (ledger.Erased{Answers: 4, Others: 2, Intents: 6}) {
		t.Errorf("removed %+v, expected 6 outcomes and 6 intents; %v", n, err)
	}
	if err := tryCommit(l, run, []ledger.Intent{person(1)}, nil); err == nil {
		t.Error("it takes more, though what it knows is not what is there")
	}
	gone := append(traces(zoe, byURL, byName, boss), []byte("secret-"), []byte(zoeURL), []byte(`Zo\u00eb`), []byte(`"Zoë"`), []byte("no Zoë"))
	remains(t, dir, gone...) // while it is open
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	remains(t, dir, gone...)
	if left, err := os.ReadDir(os.Getenv("SQLITE_TMPDIR")); err != nil || len(left) > 0 {
		t.Errorf("left in the directory of temporary files: %v, %v", left, err)
	}
	l = open(t, path, sqlite.Options{})
	for _, c := range []contact.Contact{zoe, byURL, byName, boss} {
		if s := stateOf(l, identity.Keys(c)); s.Kind != 0 {
			t.Errorf("%+v is %+v", c, s)
		}
	}
	if stateOf(l, identity.Keys(other)).Kind != contact.Matched || stateOf(l, person(500).Keys).Kind != contact.Matched {
		t.Error("others were forgotten as well")
	}
	if wrong, err := read(l, true); wrong != "" || err != nil {
		t.Error(wrong, err)
	}
	valid(t, l)
}

func valid(t *testing.T, l *sqlite.Ledger) ledger.Verification {
	t.Helper()
	v, err := l.Verify(context.Background())
	if err != nil || v.Problems > 0 {
		t.Errorf("verify: %+v, %v", v, err)
	}
	return v
}

func TestPruneLeavesNothingOldAndUsesNoNumberTwice(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "ledger.db")
	makeSample(t, path, true) // one second apart, from noon on
	l := open(t, path, sqlite.Options{})
	run := begin(t, l)
	late := contact.Contact{Email: "late@clock.example"} // of a clock that went backwards
	ask(t, l, run, late, contact.Matched, `{"contact":{"email":"late@clock.example"}}`, noon.Add(-time.Hour))
	if err := errors.Join(l.Finish(context.Background(), run, "", 0), l.Close()); err != nil {
		t.Fatal(err)
	}
	old := func(n int) bool { return n < 105 }
	l = open(t, path, sqlite.Options{})
	// 105 and the late one, twice; and 5 intents that were committed together with old ones.
	if n, err := l.Prune(context.Background(), noon.Add(105*time.Second)); err != nil || n != (ledger.Erased{Answers: 42 + 1, Others: 63, Intents: 105 + 1 + 5}) {
		t.Errorf("removed %+v; %v", n, err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	gone := append(traces(late), []byte("late@clock"))
	for n := range sample {
		if old(n) {
			gone = append(gone, traces(person(n).Contact)...)
			gone = append(gone, fmt.Appendf(nil, `"ann.smith.%d@`, n))
		}
	}
	remains(t, dir, gone...)
	l = open(t, path, sqlite.Options{})
	last := ledger.Ref(0)
	for n := range sample {
		s := stateOf(l, person(n).Keys)
		if old(n) != (s.Kind == 0) {
			t.Errorf("person %d is %+v", n, s)
		}
		last = max(last, s.Ref)
	}
	last = max(last, stateOf(l, person(500).Keys).Ref)
	if v := valid(t, l); v.Outcomes != sample-105+1 {
		t.Errorf("%d outcomes are left", v.Outcomes)
	}

	// All of it, and on from there.
	if _, err := l.Prune(context.Background(), noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open(t, path, sqlite.Options{})
	if l.Answers() != 0 {
		t.Errorf("%d answers are left", l.Answers())
	}
	run = begin(t, l)
	commit(t, l, run, []ledger.Intent{person(1)})
	commit(t, l, run, nil, outcome(1, contact.Matched))
	if ref := stateOf(l, person(1).Keys).Ref; ref <= last {
		t.Errorf("number %d was given again: the last one was %d", ref, last)
	}
	if err := errors.Join(l.Finish(context.Background(), run, "", 0), l.Close()); err != nil {
		t.Fatal(err)
	}
	valid(t, open(t, path, sqlite.Options{}))
}

// TestForgettingBesideAReaderIsReported: while another process reads what was, it cannot be taken from the log.
func TestForgettingBesideAReaderIsReported(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	makeSample(t, path, true)
	l := open(t, path, sqlite.Options{})
	reader := open(t, path, sqlite.Options{ReadOnly: true})
	err := reader.Each(context.Background(), func(*ledger.Record) error {
		_, err := l.Forget(context.Background(), person(3).Contact)
		if err == nil || !strings.Contains(err.Error(), "another process reads the ledger") {
			t.Errorf("got %v", err)
		}
		return errors.New("enough")
	})
	if err == nil || err.Error() != "enough" {
		t.Fatal(err)
	}
	if err := errors.Join(reader.Close(), l.Close()); err != nil {
		t.Fatal(err)
	}
	l = open(t, path, sqlite.Options{})
	if _, err := l.Forget(context.Background(), person(3).Contact); err != nil {
		t.Fatal(err)
	}
	remains(t, filepath.Dir(path), append(traces(person(3).Contact), []byte(`"ann.smith.3@`))...)
}

// TestAnInterruptedErasureChangesNothing: and can be done again.
func TestAnInterruptedErasureChangesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	makeSample(t, path, true)
	l := open(t, path, sqlite.Options{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := l.Forget(ctx, person(3).Contact); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open(t, path, sqlite.Options{})
	if wrong, err := read(l, true); wrong != "" || err != nil {
		t.Error(wrong, err)
	}
	valid(t, l)
}
