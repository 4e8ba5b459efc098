package sqlite

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"enrich/contact"
	"enrich/ledger"
)

// TestVerifyComparesJobsWithTheirCommits finds rows of jobs whose checksums are right but whose content is not, as a bug would make
// them.
func TestVerifyComparesJobsWithTheirCommits(t *testing.T) {
	for says, change := range map[string]func(*jobRow){
		"": func(*jobRow) {},
		"1 contacts have no outcome, but it should be 2": func(j *jobRow) { j.pending = 2 },
		"a contact has no outcome: {":                    func(j *jobRow) { j.state, j.pending, j.ended = ledger.JobDone, 0, 1 },
		"does not match its other columns":               func(j *jobRow) { j.ended = 1 },
		"has 0 raw results, but it should be 1":          func(j *jobRow) { j.raw = 1 },
	} {
		l := openForTest(t, filepath.Join(t.TempDir(), "ledger.db"))
		run, err := l.Begin(context.Background(), ledger.Run{Started: time.Now(), URL: "https://api.example"})
		if err != nil {
			t.Fatal(err)
		}
		var intents []ledger.Intent
		for _, address := range []string{"ann@x.example", "bob@x.example"} {
			c := contact.Contact{Email: address}
			intents = append(intents, ledger.Intent{Contact: c, Keys: l.runs[0].Identity().Keys(c)})
		}
		job, _, err := l.CommitJob(context.Background(), run, intents)
		if err == nil {
			err = l.OpenJob(context.Background(), job, "a", time.Time{})
		}
		if err == nil {
			o := contact.Outcome{Contact: intents[0].Contact, Keys: intents[0].Keys, Kind: contact.Released, At: time.Now()}
			err = l.CommitResults(context.Background(), run, job, []contact.Outcome{o}, nil, "")
		}
		row := l.jobs[job].jobRow
		change(&row)
		if err == nil {
			err = l.writeJob(updateJob, &row)
		}
		if err != nil {
			t.Fatal(err)
		}
		v, err := l.Verify(context.Background())
		if err != nil || (v.Problems == 0) != (says == "") || !strings.Contains(strings.Join(v.Messages, "\n"), says) || v.Jobs != 1 {
			t.Errorf("%q: %+v, %v", says, v, err)
		}
		closeForTest(t, l)
	}
}
