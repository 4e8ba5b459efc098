package main

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/ledgertest"
	"enrich/ledger/sqlite"
)

// makeLedgerWithJobs makes a ledger with a job of two contacts that is open, one of them answered, and one that could not be read.
func makeLedgerWithJobs(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "ledger.db")
	l, err := sqlite.Open(context.Background(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	run := ledgertest.Begin(t, l)
	ctx := context.Background()
	unreadable, _, err1 := l.CommitJob(ctx, run, []ledger.Intent{ledgertest.Person(1)})
	err2 := l.OpenJob(ctx, unreadable, "a", ledgertest.Noon)
	err3 := l.CommitResults(ctx, run, unreadable, []contact.Outcome{ledgertest.Outcome(1, contact.Lost)}, [][]byte{[]byte(`{"contacts":`)}, ledger.JobUnreadable)
	open, _, err4 := l.CommitJob(ctx, run, []ledger.Intent{ledgertest.Person(2), ledgertest.Person(3)})
	err5 := l.OpenJob(ctx, open, "b", ledgertest.Noon)
	err6 := l.CommitResults(ctx, run, open, []contact.Outcome{ledgertest.Outcome(2, contact.Matched)}, nil, "")
	if err := errors.Join(err1, err2, err3, err4, err5, err6, l.Finish(ctx, run, "cap", 5), l.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestLedgerCommandsKnowJobs: what they print of bulk jobs, in order.
func TestLedgerCommandsKnowJobs(t *testing.T) {
	path := makeLedgerWithJobs(t)
	for _, step := range []struct {
		command  string
		expected string // lines that must be there
	}{
		{"stats", "1 contact has an answer\n1 open bulk job\n1 contact in an open bulk job: it may have been charged\n2 bulk jobs\n1 raw result of bulk jobs"},
		{"stats --json", `"jobs":2,"jobs_open":1,"contacts_in_open_jobs":1,"raw_results":1`},
		{"verify", "OK: 2 outcomes, 3 intents, 2 bulk jobs"},
		{"export", `"status":"lost"` + "\n" + `"status":"matched"`},
		{"forget ann.smith.3@northwind.example", "forgotten: 0 answers removed; 1 contact removed from open bulk jobs, whose results will be dropped"},
		{"stats --json", `"jobs":2,"jobs_open":0,"contacts_in_open_jobs":0,"raw_results":1`},
		{"prune --older-than 1h", "pruned: "},
		{"forget ann.smith.1@northwind.example", ""},
		{"verify", "OK: "},
	} {
		var stdout, stderr bytes.Buffer
		args := append([]string{"ledger"}, strings.Fields(step.command)...)
		execute(append(args, "--ledger", path), world{
			stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr, exit: func(int) {},
			lookupEnv: func(string) (string, bool) { return "", false },
		})
		for _, line := range strings.Split(step.expected, "\n") {
			if !strings.Contains(stdout.String(), line) {
				t.Errorf("enrich ledger %s printed %s%s, expected %q", step.command, &stdout, &stderr, line)
			}
		}
	}
}
