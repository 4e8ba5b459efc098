package sqlite_test

import (
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

func people(from, to int) (intents []ledger.Intent) {
	for n := from; n < to; n++ {
		intents = append(intents, person(n))
	}
	return intents
}

func outcomes(kind contact.Kind, from, to int) (all []contact.Outcome) {
	for n := from; n < to; n++ {
		all = append(all, outcome(n, kind))
	}
	return all
}

// submit commits a job, and its name if it is not empty.
func submit(t fataler, l *sqlite.Ledger, run int64, intents []ledger.Intent, name string) (job int64) {
	t.Helper()
	job, _, err := l.CommitJob(context.Background(), run, intents)
	if err == nil && name != "" {
		err = l.OpenJob(context.Background(), job, name, noon.Add(time.Hour))
	}
	if err != nil {
		t.Fatal(err)
	}
	return job
}

// record commits results of a job.
func record(t fataler, l *sqlite.Ledger, run, job int64, outcomes []contact.Outcome, end ledger.JobState) {
	t.Helper()
	if err := l.CommitResults(context.Background(), run, job, outcomes, nil, end); err != nil {
		t.Fatal(err)
	}
}

func openJobs(t fataler, l *sqlite.Ledger) []contact.Job {
	t.Helper()
	jobs, err := l.OpenJobs(context.Background(), ledgerURL)
	if err != nil {
		t.Fatal(err)
	}
	return jobs
}

const ledgerURL = "https://api.example"

// makeJobs makes a ledger with an answered contact and four jobs: one that is done, one that was lost, one that is open with 3 of 10
// contacts done and a raw result, and one that is open with none done. Closed, it is one file; otherwise the last job is in the
// log alone.
func makeJobs(t *testing.T, path string, closed bool) {
	t.Helper()
	l := open(t, path, sqlite.Options{}.Tiny())
	run := begin(t, l)
	commit(t, l, run, people(0, 1), outcome(0, contact.Matched))
	record(t, l, run, submit(t, l, run, people(10, 20), "done"), outcomes(contact.Matched, 10, 20), ledger.JobDone)
	record(t, l, run, submit(t, l, run, people(20, 30), ""), outcomes(contact.Lost, 20, 30), ledger.JobLost)
	job := submit(t, l, run, people(30, 40), "half")
	record(t, l, run, job, outcomes(contact.NoMatch, 30, 33), "")
	if err := l.CommitResults(context.Background(), run, job, nil, [][]byte{[]byte("raw result")}, ""); err != nil {
		t.Fatal(err)
	}
	if closed {
		submit(t, l, run, people(40, 50), "open")
		if err := errors.Join(l.Finish(context.Background(), run, "", 0), l.Close()); err != nil {
			t.Fatal(err)
		}
		return
	}
	job = submit(t, l, run, people(40, 50), "")
	begin(t, l) // merges the log
	if err := l.OpenJob(context.Background(), job, "open", noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	takeAway(t, l, path)
}

// readJobs checks what makeJobs made, and returns what is wrong. An error is that of a read.
func readJobs(l *sqlite.Ledger) (wrong string, err error) {
	for n := range 50 {
		s := stateOf(l, person(n).Keys)
		expected := ledger.State{}
		switch {
		case n == 0, n >= 10 && n < 20:
			expected.Kind = contact.Matched
		case n >= 20 && n < 30:
			expected.Kind, expected.Lost = contact.Lost, 1
		case n >= 30 && n < 33:
			expected.Kind = contact.NoMatch
		case n >= 33:
			expected.InJob = true
		}
		if s.Ref, s.At = 0, (time.Time{}); s != expected {
			return fmt.Sprintf("person %d is %+v", n, s), nil
		}
	}
	jobs, err := l.OpenJobs(context.Background(), ledgerURL)
	if err != nil {
		return "", err
	}
	if len(jobs) != 2 || jobs[0].ID != "half" || jobs[1].ID != "open" || jobs[0].Number != 3 || !jobs[1].Expires.Equal(noon.Add(time.Hour)) {
		return fmt.Sprintf("open are %+v", jobs), nil
	}
	for i, from := range []int{30, 40} {
		n := from
		err := l.JobContacts(context.Background(), jobs[i].Number, func(c ledger.JobContact) error {
			if c.Intent != person(n) || c.ID != c.Keys.Request || c.Done != (n < 33) {
				wrong = fmt.Sprintf("contact %d of job %d is %+v", n-from, jobs[i].Number, c)
			}
			n++
			return nil
		})
		if err != nil || wrong != "" {
			return wrong, err
		}
		if n != from+10 {
			return fmt.Sprintf("job %d has %d contacts", jobs[i].Number, n-from), nil
		}
	}
	return "", nil
}

// TestAnOpenJobIsNotLostWithItsLog: the API's name of a job is as durable as an answer. If it is gone, the ledger is not complete.
func TestAnOpenJobIsNotLostWithItsLog(t *testing.T) {
	for name, damage := range map[string]func(path string){
		"nothing":            nil,
		"its log":            func(p string) { remove(t, p+"-wal") },
		"all but its header": func(p string) { truncate(t, p+"-wal", 32) },
		"log and lock":       func(p string) { remove(t, p+"-wal"); remove(t, p+".lock") },
	} {
		path := filepath.Join(t.TempDir(), "ledger.db")
		makeJobs(t, path, false)
		if damage != nil {
			damage(path)
		}
		for _, o := range []sqlite.Options{{ReadOnly: true}, {}} {
			l, err := sqlite.Open(context.Background(), path, o)
			switch {
			case damage != nil && !errors.Is(err, ledger.ErrIncomplete):
				t.Errorf("%s, %+v: %v", name, o, err)
			case damage == nil && err != nil:
				t.Errorf("%s, %+v: %v", name, o, err)
			case damage == nil:
				if wrong, err := readJobs(l); wrong != "" || err != nil || len(l.InterruptedCalls()) > 0 {
					t.Errorf("%s, %+v: %s, %v, lost are %+v", name, o, wrong, err, l.InterruptedCalls())
				}
			}
			if err == nil {
				if err := l.Close(); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

// TestChangedJobsAreFound: by opening the ledger, if a contact could be sent again or a result be taken for another's; else by
// verify.
func TestChangedJobsAreFound(t *testing.T) {
	for name, tt := range map[string]struct {
		sql, says string
		opens     bool
	}{
		"a changed state":               {"UPDATE job SET state = 'done', ended = 1, pending = 0 WHERE id = 4", "job 4: checksum mismatch", false},
		"a changed name":                {"UPDATE job SET api_id = 'x' WHERE id = 4", "job 4: checksum mismatch", false},
		"two swapped jobs":              {"UPDATE job SET id = 9 WHERE id = 3; UPDATE job SET id = 3 WHERE id = 4; UPDATE job SET id = 4 WHERE id = 9", "job 3: checksum mismatch", false},
		"the last job":                  {"DELETE FROM job WHERE id = 4", "its last job is 3, but should be 4", false},
		"a job":                         {"DELETE FROM job WHERE id = 2", "job 2 is missing", false},
		"all jobs":                      {"DELETE FROM job", "its last job is 0, but should be 4", false},
		"the number of the last job":    {"UPDATE sqlite_sequence SET seq = 3", "its last job is 4, but should be 3", false},
		"the intents of an open job":    {"DELETE FROM asked WHERE id = (SELECT asked FROM job WHERE id = 4)", "job 4: has no intents", false},
		"a contact of an open job":      {`UPDATE asked SET contacts = replace(contacts, 'smith.41@', 'smith.99@') WHERE job = 4`, "checksum mismatch", false},
		"intents without their job":     {"UPDATE asked SET job = 0 WHERE job = 4", "checksum mismatch", false},
		"outcomes without their job":    {"UPDATE ended SET job = 0 WHERE job = 3", "checksum mismatch", false},
		"outcomes of another job":       {"UPDATE ended SET job = 4 WHERE job = 3", "checksum mismatch", false},
		"the intents of a job at end":   {"DELETE FROM asked WHERE id = (SELECT asked FROM job WHERE id = 1)", "something is missing", true},
		"a changed raw result":          {"UPDATE raw SET content = CAST('another' AS BLOB)", "raw result 1 of job 3: checksum mismatch", true},
		"a raw result that is gone":     {"DELETE FROM raw", "job 3 has 0 raw results, but it should be 1", true},
		"a raw result of another job":   {"UPDATE raw SET job = 4", "raw result 1 of job 4: checksum mismatch", true},
		"a raw result that is too many": {"INSERT INTO raw SELECT 2, job, content, checksum FROM raw", "job 3 has 2 raw results, but it should be 1", true},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "ledger.db")
			makeJobs(t, path, true)
			foreign(t, path, tt.sql)
			before := fileSum(t, path)
			for _, o := range []sqlite.Options{{ReadOnly: true}, {}} {
				l, err := sqlite.Open(context.Background(), path, o)
				if !tt.opens {
					if !errors.Is(err, ledger.ErrDamaged) || !strings.Contains(err.Error(), tt.says) {
						t.Errorf("%+v: %v", o, err)
					}
					if fileSum(t, path) != before {
						t.Errorf("%+v: the file was changed", o)
					}
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				v, err := l.Verify(context.Background())
				if err != nil || !strings.Contains(strings.Join(v.Messages, "\n"), tt.says) {
					t.Errorf("%+v: %+v, %v", o, v, err)
				}
				if err := l.Close(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// TestDamageNeverLosesAJob: whatever bytes are changed, in the file or in its log, each contact that waits in a job is known to do
// so, or there is an error. So it is never sent again.
func TestDamageNeverLosesAJob(t *testing.T) {
	for _, name := range []string{"file", "file beside its log", "log"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "ledger.db")
			makeJobs(t, path, name == "file")
			victim := path
			if name == "log" {
				victim += "-wal"
			}
			whole := map[string][]byte{}
			for _, p := range []string{path, path + "-wal", path + ".lock"} {
				if b, err := os.ReadFile(p); err == nil {
					whole[p] = b
				}
			}
			tryDamage(t, path, whole, victim, func(l *sqlite.Ledger, _ []byte) (string, error) { return readJobs(l) })
		})
	}
}

// TestAnyRunRecordsResults: the constants of the run that fetches the results are not those of the job, and its keys are those of
// the job.
func TestAnyRunRecordsResults(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := open(t, path, sqlite.Options{}.Tiny())
	run := begin(t, l)
	submit(t, l, run, people(1, 4), "a")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open(t, path, sqlite.Options{}.Tiny())
	run, err := l.Begin(context.Background(), ledger.Run{Started: noon, URL: ledgerURL, Constants: []byte(`{"metadata":{}}`)})
	if err != nil {
		t.Fatal(err)
	}
	record(t, l, run, openJobs(t, l)[0].Number, outcomes(contact.Matched, 1, 4), ledger.JobDone)
	valid(t, l)
	if err := errors.Join(l.Finish(context.Background(), run, "", 0), l.Close()); err != nil {
		t.Fatal(err)
	}
	l = open(t, path, sqlite.Options{})
	valid(t, l)
	if stateOf(l, person(2).Keys).Kind != contact.Matched {
		t.Error("an answer is not found")
	}
}

// TestForgettingInAJobLeavesNothing of the person in the bytes of the files, while the job is open and after its end.
func TestForgettingInAJobLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "ledger.db")
	makeJobs(t, path, true)
	l := open(t, path, sqlite.Options{})
	run := begin(t, l)
	name := []byte("the element of " + person(35).Contact.Email)
	if err := l.CommitResults(context.Background(), run, 4, nil, [][]byte{name}, ""); err != nil { // in another job
		t.Fatal(err)
	}
	if err := errors.Join(l.Finish(context.Background(), run, "", 0), l.Close()); err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{15, 31, 35} { // of a job that is done, done in an open one, and waiting
		l = open(t, path, sqlite.Options{})
		if erased, err := l.Forget(context.Background(), person(n).Contact); err != nil || erased.Intents != 1 || (erased.InJobs == 1) != (n == 35) {
			t.Errorf("person %d: %+v, %v", n, erased, err)
		}
		gone := append(traces(person(n).Contact), fmt.Appendf(nil, "ann.smith.%d@", n))
		remains(t, dir, gone...) // while it is open
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		remains(t, dir, gone...)
	}
	l = open(t, path, sqlite.Options{})
	run = begin(t, l)
	if err := l.CommitResults(context.Background(), run, 3, append(outcomes(contact.Matched, 33, 35), outcomes(contact.Matched, 36, 40)...), [][]byte{name}, ledger.JobDone); err != nil {
		t.Fatal(err)
	}
	valid(t, l)
	if err := errors.Join(l.Finish(context.Background(), run, "", 0), l.Close()); err != nil {
		t.Fatal(err)
	}
	remains(t, dir, append(traces(person(35).Contact), []byte("ann.smith.35@"))...)
}

// TestAnOlderVersionGetsJobs: version 4, with and without a log, read as it is and migrated.
func TestAnOlderVersionGetsJobs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	makeSample(t, path, true)
	foreign(t, path, `DROP VIEW jobs; DROP VIEW job_raw; DROP TABLE job; DROP TABLE raw; ALTER TABLE asked DROP COLUMN job;
		ALTER TABLE ended DROP COLUMN job; PRAGMA user_version = 4; VACUUM`)
	before := fileSum(t, path)
	l := open(t, path, sqlite.Options{ReadOnly: true})
	if wrong, err := read(l, true); wrong != "" || err != nil {
		t.Error(wrong, err)
	}
	stats, err := l.Stats(context.Background())
	if err != nil || stats.Version != 4 || stats.Jobs != 0 || len(openJobs(t, l)) != 0 {
		t.Errorf("%+v, %v", stats, err)
	}
	if _, err := l.SpentSince(context.Background(), noon.Truncate(24*time.Hour)); err != nil {
		t.Error(err)
	}
	valid(t, l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if fileSum(t, path) != before {
		t.Error("a reader changed the file")
	}
	l = open(t, path, sqlite.Options{})
	if wrong, err := read(l, true); wrong != "" || err != nil {
		t.Error(wrong, err)
	}
	valid(t, l)
	run := begin(t, l)
	job := submit(t, l, run, people(1000, 1010), "a")
	record(t, l, run, job, outcomes(contact.Matched, 1000, 1005), "")
	if err := errors.Join(l.Finish(context.Background(), run, "", 0), l.Close()); err != nil {
		t.Fatal(err)
	}
	l = open(t, path, sqlite.Options{})
	if jobs := openJobs(t, l); len(jobs) != 1 || !stateOf(l, person(1007).Keys).InJob || stateOf(l, person(1001).Keys).InJob {
		t.Errorf("open are %+v", jobs)
	}
	valid(t, l)
}
