package main

import (
	"testing"
	"time"

	"enrich/client/fakeapi"
)

// Each flag of jobs must reach the stand-in.
func TestTheFlagsOfJobsAreOptions(t *testing.T) {
	var s apiSettings
	cmd := fakeapiFlags(&s)
	err := cmd.ParseFlags([]string{
		"--job-time", "2s", "--job-contact-time", "3ms", "--job-life", "1h", "--job-limit", "4", "--job-limit-status", "413", "--job-field", "both",
		"--job-unpaid-missing", "--job-retry-after", "5", "--submit-fault", "500", "--poll-fault", "404x1", "--job-fault", "shuffle",
		"--fault-after", "6", "--fault-first", "7", "--fault-every", "8", "--fault-share", "0.9",
	})
	if err != nil {
		t.Fatal(err)
	}
	o, err := s.options()
	if err != nil {
		t.Fatal(err)
	}
	b := o.Bulk
	if b.JobTime != 2*time.Second || b.ContactTime != 3*time.Millisecond || b.Life != time.Hour || b.Limit != 4 || b.LimitStatus != 413 || b.Field != "both" || !b.UnpaidMissing || b.RetryAfter != "5" {
		t.Errorf("%+v", b)
	}
	for kind, faults := range map[string][]fakeapi.Fault{"500": b.SubmitFaults, "404x1": b.PollFaults, "shuffle": b.JobFaults} {
		if len(faults) != 1 || len(faults[0].Kinds) != 1 || faults[0].Kinds[0] != kind || faults[0].After != 6 || faults[0].First != 7 || faults[0].Every != 8 || faults[0].Share != 0.9 {
			t.Errorf("%s: %+v", kind, faults)
		}
	}
	if len(o.Faults) != 0 {
		t.Errorf("faults of single calls: %+v", o.Faults)
	}
}
