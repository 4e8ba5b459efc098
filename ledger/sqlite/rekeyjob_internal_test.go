package sqlite

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"enrich/contact"
	"enrich/ledger"
)

// TestAnOpenJobSurvivesNewKeys: if a migration changes the keys while a job is open, the results still have those of the
// submission; the contacts are found by their new keys. Two contacts that become one are both in the job.
func TestAnOpenJobSurvivesNewKeys(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	const url = "https://api.example"
	former := contact.NewIdentity(url, []byte("former rules"))
	current := contact.NewIdentity(url, nil)
	people := []contact.Contact{{Email: "ann@x.example"}, {Email: "bob@x.example"}, {Email: "Ann@X.example"}, {Email: "cy@x.example"}}
	keys := make([]contact.Keys, len(people))
	for i := range people {
		keys[i] = former.Keys(people[i])
	}
	keys[2] = former.Keys(contact.Contact{Email: "ann+2@x.example"}) // another contact by the former rules
	func() {
		l := openForTest(t, path)
		defer closeForTest(t, l)
		run, err := l.Begin(context.Background(), ledger.Run{Started: time.Now(), URL: url})
		if err != nil {
			t.Fatal(err)
		}
		var intents []ledger.Intent
		for i := range people {
			intents = append(intents, ledger.Intent{Contact: people[i], Keys: keys[i]})
		}
		job, _, err := l.CommitJob(context.Background(), run, intents)
		if err == nil {
			err = l.OpenJob(context.Background(), job, "a", time.Time{})
		}
		if err == nil {
			err = l.CommitResults(context.Background(), run, job, []contact.Outcome{{Contact: people[1], Keys: keys[1], Kind: contact.NoMatch, At: time.Now(), Body: []byte(`{"contact":{}}`)}}, nil, "")
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Finish(context.Background(), run, "", 0); err != nil {
			t.Fatal(err)
		}
		// Twice, because the rules may change twice.
		for range 2 {
			if err := migrate(l.conn, append(migrations[:], rekeyStep), len(migrations)); err != nil {
				t.Fatal(err)
			}
			if err := l.conn.Exec(fmt.Sprintf("PRAGMA user_version = %d", len(migrations))); err != nil {
				t.Fatal(err)
			}
		}
	}()

	l := openForTest(t, path)
	i := 0
	err := l.JobContacts(context.Background(), 1, func(c ledger.JobContact) error {
		if c.ID != keys[i].Request || c.Contact != people[i] || c.Keys != current.Keys(people[i]) || c.Done != (i == 1) {
			t.Errorf("contact %d is %+v", i, c)
		}
		i++
		return nil
	})
	if err != nil || i != len(people) {
		t.Errorf("%d contacts, %v", i, err)
	}
	var states [1]ledger.State
	ann := []contact.Keys{current.Keys(people[0])}
	result := contact.Outcome{Contact: people[0], Keys: ann[0], Kind: contact.Released, At: time.Now()}
	run, err := l.Begin(context.Background(), ledger.Run{Started: time.Now(), URL: url})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 2 { // both that became one
		if err := l.States(context.Background(), ann, states[:]); err != nil || !states[0].InJob {
			t.Errorf("before result %d: %+v, %v", n, states[0], err)
		}
		result.Contact = people[2*n]
		if err := l.CommitResults(context.Background(), run, 1, []contact.Outcome{result}, nil, ""); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.States(context.Background(), ann, states[:]); err != nil || states[0].InJob {
		t.Errorf("at the end: %+v, %v", states[0], err)
	}
	if err := l.CommitResults(context.Background(), run, 1, []contact.Outcome{result}, nil, ""); err == nil {
		t.Error("a third result of two contacts was accepted")
	}
	if v, err := l.Verify(context.Background()); err != nil || v.Problems > 0 || v.Intents != 4 {
		t.Errorf("verify: %+v, %v", v, err)
	}
	if err := l.Finish(context.Background(), run, "", 0); err != nil {
		t.Fatal(err)
	}
	closeForTest(t, l)
	forgetFormerKey(t, path, people[3], keys[3])
}

// forgetFormerKey forgets a contact that waits in the job: the key of its submission goes, too.
func forgetFormerKey(t *testing.T, path string, c contact.Contact, former contact.Keys) {
	t.Helper()
	l := openForTest(t, path)
	erased, err := l.Forget(context.Background(), c)
	if err != nil || erased.InJobs != 1 {
		t.Errorf("%+v, %v", erased, err)
	}
	closeForTest(t, l)
	b, err := os.ReadFile(path)
	if err != nil || bytes.Contains(b, former.Request[:]) || !bytes.Contains(b, []byte("bob@x.example")) {
		t.Errorf("the key of the submission is still in the file; %v", err)
	}
	l = openForTest(t, path)
	if v, err := l.Verify(context.Background()); err != nil || v.Problems > 0 || len(l.jobs) != 0 {
		t.Errorf("verify: %+v, %v; open are %v", v, err, l.jobs)
	}
	closeForTest(t, l)
}

func openForTest(t *testing.T, path string) *Ledger {
	t.Helper()
	l, err := Open(context.Background(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func closeForTest(t *testing.T, l *Ledger) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestProfilesThatWereOneBecomeTwo: version 5 gave all LinkedIn profiles whose URL ends in "view?id=" one key, so the answer of one
// was taken for that of another.
func TestProfilesThatWereOneBecomeTwo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	const url = "https://api.example"
	id := contact.NewIdentity(url, nil)
	former := id.Keys(contact.Contact{LinkedInURL: "https://www.linkedin.com/profile/view"})
	ann, bob := contact.Contact{LinkedInURL: "https://www.linkedin.com/profile/view?id=7"}, contact.Contact{LinkedInURL: "https://www.linkedin.com/profile/view?id=8"}
	func() {
		l := openForTest(t, path)
		defer closeForTest(t, l)
		run, err := l.Begin(context.Background(), ledger.Run{Started: time.Now(), URL: url})
		if err == nil {
			_, err = l.Commit(context.Background(), run, []ledger.Intent{{Contact: ann, Keys: former}}, nil)
		}
		if err == nil {
			_, err = l.Commit(context.Background(), run, nil, []contact.Outcome{{Contact: ann, Keys: former, Kind: contact.NoMatch, At: time.Now(), Body: []byte(`{"contact":{}}`)}})
		}
		if err == nil {
			err = l.Finish(context.Background(), run, "", 0)
		}
		if err == nil {
			err = l.conn.Exec("PRAGMA user_version = 5")
		}
		if err != nil {
			t.Fatal(err)
		}
	}()
	l := openForTest(t, path)
	defer closeForTest(t, l)
	var states [2]ledger.State
	if err := l.States(context.Background(), []contact.Keys{id.Keys(ann), id.Keys(bob)}, states[:]); err != nil || states[0].Kind != contact.NoMatch || states[1].Kind != 0 {
		t.Errorf("%+v, %v", states, err)
	}
}
