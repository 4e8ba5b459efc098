package main

import (
	"fmt"
	"strings"

	"enrich/client"
	"enrich/cmd/enrich/internal/console"
	"enrich/pipeline"
	"enrich/report"
)

// bulkJobs returns the configuration of the run's bulk jobs. Without --bulk it submits none, but polls open ones of earlier runs.
func (j *job) bulkJobs(api *client.Client) pipeline.Jobs {
	jobs := pipeline.Jobs{API: api, Ledger: j.ledger, URL: j.endpoint.URL, Wait: j.settings.BulkWait, GiveUp: j.settings.MaxElapsed}
	if j.settings.Bulk {
		jobs.Size = int(j.settings.BulkSize)
	}
	return jobs
}

// limitMemoryForJobs lowers the memory limit if there are jobs: the ledger then writes up to 1 MiB of answers in one commit, as it
// does for large answers.
func (j *job) limitMemoryForJobs() error {
	jobs, err := j.ledger.OpenJobs(j.shutdown.Interrupted, j.endpoint.URL)
	if err == nil && (j.settings.Bulk || len(jobs) > 0) {
		j.memory.forLargeAnswers()
	}
	return err
}

// jobsSummary counts the bulk jobs of the run.
func (j *job) jobsSummary() pipeline.SummaryJobs {
	c := &j.counters
	return pipeline.SummaryJobs{
		Submitted: c.JobsSubmitted.Load(), Resumed: c.JobsResumed.Load(), Expired: c.JobsExpired.Load(), Size: c.JobSize.Load(),
	}
}

// sayOpenJobs says which jobs stay open, and how many contacts fit into a job if the API refused larger ones.
func (j *job) sayOpenJobs() error {
	if n := j.counters.JobSize.Load(); n > 0 {
		j.printer.Warn(fmt.Sprintf("the API refused larger bulk jobs: %s fit into one (--bulk-size=%d)", console.Count(n, "contact"), n),
			"event", "bulk_size", "contacts", n)
	}
	jobs, err := j.ledger.OpenJobs(j.shutdown.Deadline, j.endpoint.URL)
	if err != nil || len(jobs) == 0 {
		return err
	}
	contacts := 0
	for i := range jobs {
		contacts += jobs[i].Contacts
	}
	what := console.Count(int64(len(jobs)), "bulk job") + " with " + console.Count(int64(contacts), "contact")
	verb, their := "are", "their"
	if len(jobs) == 1 {
		verb, their = "is", "its"
	}
	j.printer.Info(fmt.Sprintf("%s %s still open: the next run with this ledger fetches %s results", what, verb, their),
		"event", "open_jobs", "jobs", len(jobs), "contacts", contacts)
	return nil
}

// jobsLine returns the summary's line about bulk jobs; "" if there were none.
func jobsLine(s *pipeline.SummaryJobs) string {
	var parts []string
	for _, part := range []struct {
		n    int64
		what string
	}{{s.Submitted, "submitted"}, {s.Resumed, "of earlier runs"}, {s.Expired, "expired"}} {
		if part.n > 0 {
			parts = append(parts, report.Group(part.n)+" "+part.what)
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "  bulk jobs: " + strings.Join(parts, ", ")
}
