package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"enrich/client/fakeapi"
)

// patienceForLarge is how long a child with large answers may take: some cases move more than a gigabyte.
const patienceForLarge = 8 * time.Minute

// Memory does not grow with the answers, up to 1 MiB each and up to 512 workers, neither in a run nor in the write pass
// alone. In the last case all calls in flight get large answers at once, after small ones, which is harder than large ones from the
// beginning. The write pass has one row at a time, so it is measured where its input is longer than memory may be.
func TestMemoryDoesNotGrowWithTheAnswers(t *testing.T) {
	if raced {
		t.Skip("the race detector's memory is not ours")
	}
	program := built(t)
	for _, test := range []struct {
		answer        string
		after         int64
		workers, rows int
		tls           bool
		formats       []string // of the write pass
	}{
		{"size5000", 0, 512, 2000, false, nil},
		{"size60000", 0, 512, 700, false, nil},
		{"size150000", 0, 512, 700, false, []string{"csv", "jsonl"}},
		{"size1048576", 0, 1, 30, false, nil},
		{"size1048576", 0, 32, 100, false, []string{"csv", "jsonl"}},
		{"gzip1048576", 0, 512, 200, false, nil},
		{"size1048576", 0, 512, 200, true, nil},
		{"size1048576", 1000, 512, 1540, false, nil},
	} {
		t.Run(fmt.Sprintf("%s after %d, %d workers, TLS %v", test.answer, test.after, test.workers, test.tls), func(t *testing.T) {
			s := newStage(t, fakeapi.Options{Uncounted: true, Match: 1, TLS: test.tls, Faults: []fakeapi.Fault{{Kinds: []string{test.answer}, After: test.after}}})
			s.list("l.csv", test.rows, "-of-a-list")
			if err := os.WriteFile(s.path("ca.pem"), s.api.CA(), 0o600); err != nil {
				t.Fatal(err)
			}
			c := s.commandWithin(patienceForLarge, "run", "--workers", fmt.Sprint(test.workers), "--ca-file", "ca.pem", "l.csv")
			if !test.tls {
				c = s.commandWithin(patienceForLarge, "run", "--workers", fmt.Sprint(test.workers), "l.csv")
			}
			c.Path = program
			peak := c.peak()
			c.ends(exitOK)
			keepsPromise(t, "run", peak, int64(test.rows))
			for _, format := range test.formats {
				c = s.commandWithin(patienceForLarge, "write", "--format", format, "l.csv")
				c.Path = program
				peak = c.peak()
				c.ends(exitOK)
				keepsPromise(t, "write as "+format, peak, int64(test.rows))
			}
			if sum := s.summary("l.summary.json"); sum.Rows.Matched != int64(test.rows) {
				t.Errorf("%+v", sum.Rows)
			}
			s.calls(int64(test.rows))
		})
	}
}

// Nor does it grow with the size of bulk jobs and of their results.
func TestMemoryDoesNotGrowWithBulkJobs(t *testing.T) {
	if raced {
		t.Skip("the race detector's memory is not ours")
	}
	program := built(t)
	for _, test := range []struct {
		size string // of an answer; "": as usual
		rows int
	}{{"", 20_000}, {"size30000", 4_000}, {"size900000", 120}} {
		t.Run(test.size, func(t *testing.T) {
			o := fakeapi.Options{Uncounted: true, Match: 1}
			if test.size != "" {
				o.Bulk.JobFaults = []fakeapi.Fault{{Kinds: []string{test.size}}}
			}
			s := newStage(t, o)
			s.list("l.csv", test.rows, "")
			c := s.commandWithin(patienceForLarge, "run", "--bulk", "--bulk-size", "10000", "l.csv")
			c.Path = program
			peak := c.peak()
			c.ends(exitOK)
			keepsPromise(t, "run", peak, int64(test.rows))
			if sum := s.summary("l.summary.json"); sum.Rows.Matched != int64(test.rows) {
				t.Errorf("%+v", sum.Rows)
			}
		})
	}
}

// A large answer that cannot be put into a temporary file was paid for: it is kept, the run ends with 1 and says why, and
// the same command continues without sending it again.
func TestALargeAnswerSurvivesAFullTemporaryFolder(t *testing.T) {
	const rows, workers = 200, 64
	s := newStage(t, fakeapi.Options{Match: 1, Faults: []fakeapi.Fault{{Kinds: []string{"size300000"}, After: 20}}})
	s.list("l.csv", rows, "")
	c := s.command("run", "--workers", fmt.Sprint(workers), "l.csv")
	c.Env = append(c.Env, "TMPDIR="+s.path("gone"))
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	c.ends(exitInternal)
	if said := c.said.String(); !strings.Contains(said, "TMPDIR") {
		t.Error(said)
	}
	s.absent("l.results.csv", "l.summary.json")
	paid := s.api.Stats().Charged
	if paid <= 20 || paid > rows-1 {
		t.Errorf("%d answers were paid for", paid)
	}
	s.run(exitOK, "run", "l.csv")
	s.calls(rows)
	if sum := s.summary("l.summary.json"); sum.Rows.Matched != rows || sum.Calls.FromLedger != paid {
		t.Errorf("%+v, %+v, %d were paid for", sum.Rows, sum.Calls, paid)
	}
}
