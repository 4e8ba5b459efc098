package sqlite

import (
	"context"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"enrich/contact"
	"enrich/ledger"
)

// TestSmallCommitsAreCompacted: opening costs by the row. However few outcomes a commit has, there is a row for eight
// of them, but for the last ones of each opening.
func TestSmallCommitsAreCompacted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	const commits = 500
	made := 0
	for _, size := range []int{1, 2, 7, 8, 20} {
		l, err := Open(context.Background(), path, Options{checkpointDelay: time.Hour}) // nothing else uses the database meanwhile
		if err != nil {
			t.Fatal(err)
		}
		before, err := l.number("SELECT count(*) FROM ended")
		if err != nil {
			t.Fatal(err)
		}
		run, err := l.Begin(context.Background(), ledger.Run{URL: "https://api.example"})
		if err != nil {
			t.Fatal(err)
		}
		for range commits {
			var intents []ledger.Intent
			var outcomes []contact.Outcome
			for range size {
				c := contact.Contact{FirstName: strconv.Itoa(made), LinkedInURL: "x"}
				k := l.runs[run-1].Identity().Keys(c)
				intents = append(intents, ledger.Intent{Contact: c, Keys: k})
				outcomes = append(outcomes, contact.Outcome{Contact: c, Keys: k, Kind: contact.Refused, At: time.UnixMilli(int64(made))})
				made++
			}
			if err := l.commitGroup(run, intents, nil); err != nil {
				t.Fatal(err)
			}
			if err := l.commitGroup(run, nil, outcomes); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Finish(context.Background(), run, "", 0); err != nil {
			t.Fatal(err)
		}
		rows, err := l.number("SELECT count(*) FROM ended")
		if most := int64(commits*size/compactBelow + compactAfter); err != nil || rows-before > min(most, commits) {
			t.Errorf("commits of %d: %d rows for %d commits, expected %d at most; %v", size, rows-before, commits, most, err)
		}
		if v, err := l.Verify(context.Background()); err != nil || v.Problems > 0 || v.Outcomes != int64(made) || v.Intents != int64(made) {
			t.Errorf("commits of %d: %+v, %v", size, v, err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
