package main

import (
	"encoding/json"
	"fmt"
	"time"

	"enrich/cmd/enrich/internal/console"
	"enrich/cmd/enrich/internal/settings"
	"enrich/contact"
	"enrich/format"
	"enrich/pipeline"
)

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
	// Rate is --rate, and Seconds how long the calls take at it; null without one. The time that the API takes for bulk jobs is
	// not known.
	Rate    *string  `json:"rate"`
	Seconds *float64 `json:"seconds"`
	// Reasons are why rows cannot be sent, with examples.
	Reasons []reason `json:"invalid_reasons"`
	// Mapping is the column of each field.
	Mapping map[contact.Field]string `json:"mapping"`
	// Spare is the column of each field that is used only for rows that cannot be sent without it.
	Spare map[contact.Field]string `json:"spare,omitempty"`
	// Saved is what --same-by email would save; null if it is given.
	Saved *saving `json:"same_by_email_saves"`
	// Cleaning is what is cleaned in the cells before they are sent, by kind, and the full names that are split.
	Cleaning []contact.Cleaned `json:"cleaning,omitempty"`

	format format.Format // of the input
}

// A saving is how much less a run would send and spend.
type saving struct {
	Calls    int64 `json:"calls"`
	Contacts int64 `json:"contacts"`
	Credits  int64 `json:"credits"`
}

// newForecast completes what was planned with what it costs.
func newForecast(planned pipeline.PlanResult, s *settings.Settings) *forecast {
	f := &forecast{
		PlanResult: planned, Contacts: planned.Calls, Calls: planned.Calls, CreditsAtMost: planned.Calls * s.CreditsPerCall,
	}
	if s.Bulk {
		f.JobSize, f.Jobs = s.BulkSize, pipeline.JobsFor(planned.Calls, s.BulkSize)
		f.Calls = f.Jobs * pipeline.CallsPerJob
	}
	return f
}

func (f *forecast) print(w world, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w.stdout).Encode(f)
	}
	if err := printFigures(w.stdout, 9, f.figures()); err != nil || f.Seconds == nil {
		return err
	}
	_, err := fmt.Fprintln(w.stdout, f.timeText())
	return err
}

// figures are the lines that plan prints.
func (f *forecast) figures() []figure {
	figures := []figure{
		{f.Rows, "row", "rows", always},
		{f.Invalid, "row cannot be sent", "rows cannot be sent", always},
	}
	for i := range f.Reasons {
		figures = append(figures, figure{f.Reasons[i].Rows, f.Reasons[i].text(f.format), "", always})
	}
	figures = append(figures, []figure{
		{f.Answered, "row answered before", "rows answered before", always},
		{f.Duplicates, "duplicate of a row above", "duplicates of a row above", always},
		{f.InJobs, "row in an open bulk job: its results will be fetched", "rows in open bulk jobs: their results will be fetched", ifAny},
		{f.Uncertain, "row lost too often to be sent again (--lost-retries)", "rows lost too often to be sent again (--lost-retries)", ifAny},
		{f.ClaimedElsewhere, "row that another run has sent", "rows that another run has sent", ifAny},
		{f.BeyondLimit, "row beyond --limit", "rows beyond --limit", ifAny},
		{f.BeyondCaps, "beyond --max-calls or --max-credits (a no-match answer returns its credit, so more may be sent)", "", ifAny},
	}...)
	figures = append(figures, f.cost()...)
	for _, k := range f.Cleaning {
		figures = append(figures, figure{k.Cells, cleanedText(k), "", always})
	}
	return figures
}

// cost are the lines about what is sent, and what it costs.
func (f *forecast) cost() []figure {
	figures := []figure{{f.Calls, "call to make", "calls to make", always}}
	if f.JobSize > 0 {
		figures = []figure{{f.Contacts, "contact to send", "contacts to send", always}}
	}
	figures = append(figures, []figure{
		{f.Stale, "of them because the answer is too old", "", ifAny},
		{f.Lost, "of them again: an earlier call was lost", "", ifAny},
		{f.OtherFields, "of them for an address that was answered under other fields (--same-by email reuses that answer)", "of them for addresses that were answered under other fields (--same-by email reuses those answers)", ifAny},
	}...)
	if f.Jobs > 0 {
		jobs := fmt.Sprintf("of at most %d contacts, the first of %d", f.JobSize, pipeline.ContactsIn(1, f.JobSize))
		figures = append(figures, figure{f.Jobs, "bulk job " + jobs, "bulk jobs " + jobs, always},
			figure{f.Calls, "", "calls to make, at least: two for each job", always})
	}
	figures = append(figures, figure{f.CreditsAtMost, "credit at most", "credits at most", always})
	if s := f.Saved; s != nil {
		figures = append(figures,
			figure{s.Calls, "call saved by --same-by email", "calls saved by --same-by email", ifAny},
			figure{s.Credits, "credit saved by --same-by email", "credits saved by --same-by email", ifAny})
	}
	return figures
}

// timeText says how long the calls take at --rate: "about 5 h 33 min at 300/m".
func (f *forecast) timeText() string {
	text := fmt.Sprintf("about %s at %s", console.Duration(time.Duration(*f.Seconds*float64(time.Second))), *f.Rate)
	if f.Jobs > 0 {
		text += " for the calls"
	}
	return text
}

// sayTime says what is not known about the time.
func (j *job) sayTime(f *forecast) {
	switch {
	case f.Jobs > 0:
		j.printer.Info("time: not known, because the API does not say how long it takes for a bulk job", "event", "time")
	case f.Calls > 0 && f.Rate == nil:
		j.printer.Info("time: not known without --rate; in a run the API states its rate with its first response", "event", "time")
	}
}
