package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"enrich/client"
	"enrich/cmd/enrich/internal/console"
	"enrich/cmd/enrich/internal/help"
	"enrich/cmd/enrich/internal/settings"
	"enrich/cmd/enrich/internal/shutdown"
	"enrich/contact"
	"enrich/ledger/sqlite"
	"enrich/pipeline"
)

func planCommand(w world) *cobra.Command {
	s := settings.Defaults()
	asJSON := false
	cmd := &cobra.Command{
		Use: "plan [flags] FILE", Short: "Show what run would do: no call, no key",
		Example: "  enrich plan leads.csv\n  enrich plan --json --rate 300/m leads.csv", Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			return withInput(cmd, args, func(name string) error { return plan(w, &s, name, asJSON || s.LogFormat == "json") })
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object (also: --log-format json)")
	cmd.Flags().StringVar(&s.Rate, "rate", "", "show how long the run takes at this `RATE` of calls, such as 300/m")
	s.BulkFlags(cmd)
	help.Group(cmd, "Bulk jobs")
	s.CapFlags(cmd)
	help.Group(cmd, "Caps")
	passFlags(cmd, &s)
	return cmd
}

// A forecast is what plan prints.
type forecast struct {
	pipeline.PlanResult
	// Calls is the calls to make: one for each contact to send, or at least two for each job.
	Calls    int64 `json:"calls"`
	Contacts int64 `json:"contacts_to_send"`
	// Jobs is the bulk jobs that the contacts make, and JobSize how many each has at most; 0 without --bulk.
	Jobs    int64 `json:"jobs"`
	JobSize int64 `json:"job_size,omitempty"`
	// CreditsAtMost is what the contacts can cost.
	CreditsAtMost int64 `json:"credits_at_most"`
	// Seconds is how long they take at --rate; null without one.
	Seconds *float64 `json:"seconds"`
	// Cleaning is what is cleaned in the cells before they are sent, by kind, and the full names that are split.
	Cleaning []contact.Cleaned `json:"cleaning,omitempty"`
}

func plan(w world, s *settings.Settings, name string, asJSON bool) error {
	rate, err := s.RateLimit()
	if err != nil {
		return usage(err)
	}
	s.Grace = 0 // there is nothing to finish after a signal
	j, err := newJob(w, s, name, time.Now().UTC())
	if err != nil {
		return err
	}
	defer j.close()
	w.out.Until(j.shutdown.Interrupted)
	j.reading.Cleaning = &contact.Cleaning{}
	rows, err := j.open()
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // it was only read
	j.saySkipped(rows.Info())
	if err := j.openLedger(j.shutdown.Interrupted, sqlite.Options{ReadOnly: true, Addresses: s.SameBy != "email"}); err != nil {
		return err
	}
	if err := j.countBudget(); err != nil {
		return err
	}
	p := pipeline.Plan{Rules: j.rules, Source: rows, Ledger: j.ledger, Limit: s.Limit, MaxCalls: j.contactsLeft()}
	planned, err := p.Do(j.shutdown.Interrupted)
	if err != nil {
		return err
	}
	j.sayFooter(rows.Skipped())
	if sig := j.shutdown.Signal(); sig != nil { // the input may not be whole
		return shutdown.Interruption{Signal: sig}
	}
	f := j.forecast(planned, rate)
	if err := f.print(w, s.Rate, asJSON); err != nil {
		return fmt.Errorf("write standard output: %w", err)
	}
	if planned.ReadErr != nil {
		j.sayBroken(planned.ReadErr)
		return endWith(exitCode(contact.StopInput, 0, nil))
	}
	return nil
}

// forecast completes what was planned.
func (j *job) forecast(planned pipeline.PlanResult, rate client.Rate) forecast {
	f := forecast{
		PlanResult: planned, Contacts: planned.Calls, Calls: planned.Calls, Cleaning: j.reading.Cleaning.Kinds(),
		CreditsAtMost: planned.Calls * j.settings.CreditsPerCall,
	}
	if j.settings.Bulk {
		f.JobSize, f.Jobs = j.settings.BulkSize, pipeline.JobsFor(planned.Calls, j.settings.BulkSize)
		f.Calls = f.Jobs * pipeline.CallsPerJob
	}
	if per := rate.PerSecond(); per > 0 {
		seconds := float64(f.Calls) / per
		f.Seconds = &seconds
	}
	return f
}

// contactsLeft is the number of contacts that the caps leave if each of them is charged; -1 without a cap.
func (j *job) contactsLeft() int64 {
	left := int64(-1)
	if j.settings.MaxCalls > 0 {
		left = j.settings.MaxCalls
		if j.settings.Bulk {
			left = pipeline.ContactsIn(left/pipeline.CallsPerJob, j.settings.BulkSize)
		}
	}
	if j.settings.MaxCredits.Given() {
		calls := j.budget.left() / j.settings.CreditsPerCall
		if left < 0 || calls < left {
			left = calls
		}
	}
	return left
}

func (f *forecast) print(w world, rate string, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w.stdout).Encode(f)
	}
	figures := []figure{
		{f.Rows, "row", "rows", false},
		{f.Invalid, "row cannot be sent", "rows cannot be sent", false},
		{f.Answered, "row answered before", "rows answered before", false},
		{f.Duplicates, "duplicate of a row above", "duplicates of a row above", false},
		{f.InJobs, "row in an open bulk job: its results will be fetched", "rows in open bulk jobs: their results will be fetched", true},
		{f.Uncertain, "row lost too often to be sent again (--lost-retries)", "rows lost too often to be sent again (--lost-retries)", true},
		{f.BeyondLimit, "row beyond --limit", "rows beyond --limit", true},
		{f.BeyondCaps, "beyond --max-calls or --max-credits (a no-match answer returns its credit, so more may be sent)", "", true},
	}
	if f.JobSize > 0 {
		figures = append(figures, figure{f.Contacts, "contact to send", "contacts to send", false})
	} else {
		figures = append(figures, figure{f.Calls, "call to make", "calls to make", false})
	}
	figures = append(figures, []figure{
		{f.Stale, "of them because the answer is too old", "", true},
		{f.Lost, "of them again: an earlier call was lost", "", true},
		{f.OtherFields, "of them for addresses that were answered under other fields (--same-by email reuses those)", "", true},
	}...)
	if f.Jobs > 0 {
		jobs := fmt.Sprintf("of at most %d contacts, the first of %d", f.JobSize, pipeline.ContactsIn(1, f.JobSize))
		figures = append(figures, figure{f.Jobs, "bulk job " + jobs, "bulk jobs " + jobs, false},
			figure{f.Calls, "", "calls to make, at least: two for each job", false})
	}
	figures = append(figures, figure{f.CreditsAtMost, "credit at most", "credits at most", false})
	for _, k := range f.Cleaning {
		figures = append(figures, figure{k.Cells, cleanedText(k), "", false})
	}
	if err := printFigures(w.stdout, 9, figures); err != nil || f.Seconds == nil {
		return err
	}
	_, err := fmt.Fprintf(w.stdout, "about %s at %s\n", console.Duration(time.Duration(*f.Seconds*float64(time.Second))), rate)
	return err
}
