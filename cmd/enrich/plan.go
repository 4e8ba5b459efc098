package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"enrich/client"
	"enrich/cmd/enrich/internal/help"
	"enrich/cmd/enrich/internal/settings"
	"enrich/cmd/enrich/internal/shutdown"
	"enrich/contact"
	"enrich/format"
	"enrich/pipeline"
	"enrich/reader"
)

func planCommand(w world) *cobra.Command {
	s := settings.Defaults()
	asJSON := false
	cmd := &cobra.Command{
		Use: "plan [flags] FILE", Short: "Show what run would do, and why: no call, no key", Long: longPlan,
		Example: "  enrich plan leads.xlsx\n  enrich plan --json --rate 300/m leads.csv", Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			return withInput(cmd, args, func(name string) error { return plan(w, &s, name, asJSON || s.LogFormat == "json") })
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object (also: --log-format json)")
	cmd.Flags().StringVar(&s.Rate, "rate", "", "show how long the run takes at this `RATE` of calls, such as 300/m")
	help.Group(cmd, "Output")
	s.BulkFlags(cmd)
	help.Group(cmd, "Bulk jobs")
	s.CapFlags(cmd)
	help.Group(cmd, "Caps")
	passFlags(cmd, &s)
	return cmd
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
	j.sayReading(rows.Info())
	if err := j.openLedger(j.shutdown.Interrupted, storeOptions{readOnly: true}); err != nil {
		return err
	}
	if err := j.countBudget(); err != nil {
		return err
	}
	f, err := j.forecast(rows, rate)
	if sig := j.shutdown.Signal(); sig != nil { // the input may not be whole
		return shutdown.Interruption{Signal: sig}
	}
	if err != nil {
		return err
	}
	j.sayFooter(rows.Skipped())
	j.sayTime(f)
	if err := f.print(w, asJSON); err != nil {
		return fmt.Errorf("write standard output: %w", err)
	}
	if f.ReadErr != nil {
		j.sayBroken(f.ReadErr)
		return endWith(exitCodeAfter(contact.StopInput, 0, nil))
	}
	return nil
}

// forecast plans the input.
func (j *job) forecast(rows *reader.Reader, rate client.Rate) (*forecast, error) {
	var refused unsendable
	p := j.planOf(j.bounded(rows))
	p.Unsendable, p.Remembered = refused.add, &j.remembered
	planned, err := p.Do(j.shutdown.Interrupted)
	if err != nil {
		return nil, err
	}
	f := newForecast(planned, j.settings)
	info := rows.Info()
	f.format, f.Reasons, f.Mapping, f.Spare, f.Cleaning = info.Format, refused.list(), info.Mapping, info.Spare, j.reading.Cleaning.Kinds()
	if per := rate.PerSecond(); per > 0 {
		seconds := float64(f.Calls) / per
		f.Seconds, f.Rate = &seconds, &j.settings.Rate
	}
	if j.settings.SameBy == "email" || j.shutdown.Signal() != nil {
		return f, nil
	}
	f.Saved, err = j.savedByEmail(rows, f)
	return f, err
}

// rememberedInShare is how many contacts a plan remembers within [memoryShare]: they take at most 14 bytes each.
const rememberedInShare = 3 << 19

// bounded returns the rows of a plan, and keeps its memory within the promise: there is a state of each contact in the ledger, and the
// plan remembers each contact that is not there.
func (j *job) bounded(rows *reader.Reader) pipeline.Source {
	j.remembered.Store(0)
	j.memory.pages = rows.Info().Format == format.Parquet
	j.memory.contacts = func() int64 { return j.ledger.Answers() + max(0, j.remembered.Load()-rememberedInShare) }
	return newCountedSource(rows, &j.memory)
}

// planOf returns the plan of an input with the rules of the job.
func (j *job) planOf(rows pipeline.Source) *pipeline.Plan {
	return &pipeline.Plan{Rules: j.rules, Source: rows, Ledger: j.ledger, Limit: j.settings.Limit, MaxCalls: j.contactsLeft()}
}

// savedByEmail returns what --same-by email would save. It plans the input a second time, with that rule: then ages, lost
// calls, --limit and the caps count as they would, and no more memory is needed.
func (j *job) savedByEmail(rows *reader.Reader, f *forecast) (*saving, error) {
	if _, addresses := f.Mapping[contact.Email]; !addresses || f.Contacts == 0 {
		return &saving{}, nil
	}
	err := j.ledger.Close()
	j.ledger = nil // its states are as large as those of the next one
	if err != nil {
		return nil, err
	}
	byEmail, err := openStore(j.shutdown.Interrupted, j.place, storeOptions{readOnly: true, byEmail: true, printer: j.printer})
	if err != nil {
		return nil, j.settings.LedgerAdvice(err)
	}
	j.ledger = byEmail
	_ = rows.Close() // it was only read; the second reading needs the memory and the temporary space
	o := j.reading
	o.Cleaning = nil
	again, err := j.openUntil(j.shutdown.Interrupted, o)
	if err != nil {
		return nil, fmt.Errorf("read the input again: %w", err)
	}
	defer func() { _ = again.Close() }() // it was only read
	p := j.planOf(j.bounded(again))
	p.ByEmail, p.Remembered = true, &j.remembered
	planned, err := p.Do(j.shutdown.Interrupted)
	if err != nil {
		return nil, err
	}
	before, _ := rows.Sum()
	if now, _ := again.Sum(); now != before {
		return nil, errors.New("the input changed while it was read: run the same command again")
	}
	other := newForecast(planned, j.settings)
	return &saving{
		Calls: max(0, f.Calls-other.Calls), Contacts: max(0, f.Contacts-other.Contacts), Credits: max(0, f.CreditsAtMost-other.CreditsAtMost),
	}, nil
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
