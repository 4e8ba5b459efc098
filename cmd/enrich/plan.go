package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"enrich/client"
	"enrich/ledger"
	"enrich/pipeline"
)

func planCommand(w world) *cobra.Command {
	s := defaults()
	asJSON := false
	cmd := &cobra.Command{
		Use: "plan [flags] FILE", Short: "Say what run would do: no call, no key",
		Example: "  enrich plan leads.csv\n  enrich plan --json --rate 300/m leads.csv", Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := flagsFromEnv(cmd, w.lookupEnv); err != nil {
				return err
			}
			return plan(w, &s, args[0], asJSON)
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object, for machines")
	cmd.Flags().StringVar(&s.rate, "rate", "", "calls at most, a `RATE` such as 300/m: how long it would take")
	s.capFlags(cmd)
	group(cmd, "Caps")
	s.questionFlags(cmd)
	group(cmd, "What is asked, and kept")
	s.readingFlags(cmd)
	group(cmd, "Reading")
	s.sayingFlags(cmd)
	group(cmd, "Saying")
	return cmd
}

// A forecast is what plan prints.
type forecast struct {
	pipeline.Planned
	// CreditsAtMost is what the calls can cost.
	CreditsAtMost int64 `json:"credits_at_most"`
	// Seconds is how long they take at --rate; null without one.
	Seconds *float64 `json:"seconds"`
}

func plan(w world, s *settings, name string, asJSON bool) error {
	rate, err := client.ParseRate(s.rate)
	if err != nil {
		return usage(fmt.Errorf("--rate=%q: %w", s.rate, err))
	}
	j, err := newJob(w, s, name, time.Now().UTC())
	if err != nil {
		return err
	}
	defer j.close()
	rows, err := j.open()
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // it was only read
	if err := j.openLedger(j.patience.ctx, ledger.Options{ReadOnly: true, Addresses: s.sameBy != "email"}); err != nil {
		return err
	}
	if err := j.countBudget(); err != nil {
		return err
	}
	p := pipeline.Plan{Rules: j.rules, Rows: rows, Ledger: j.ledger, Limit: s.limit}
	if s.sameBy != "email" {
		p.ByEmail = j.ledger
	}
	planned, err := p.Do(j.patience.ctx)
	if err != nil {
		return err
	}
	f := forecast{Planned: planned}
	if s.maxCalls > 0 {
		f.Calls = min(f.Calls, s.maxCalls)
	}
	if s.maxCredits > 0 {
		f.Calls = min(f.Calls, max(s.maxCredits-j.spent, 0)/s.creditsPerCall)
	}
	f.CreditsAtMost = f.Calls * s.creditsPerCall
	if per := rate.PerSecond(); per > 0 {
		seconds := float64(f.Calls) / per
		f.Seconds = &seconds
	}
	if err := f.print(w, asJSON); err != nil {
		return fmt.Errorf("write standard output: %w", err)
	}
	if planned.Broken != nil {
		j.voice.warn(planned.Broken.Error())
		return ending(exitBrokenInput)
	}
	return nil
}

func (f *forecast) print(w world, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w.stdout).Encode(f)
	}
	for _, l := range []struct {
		n     int64
		what  string
		quiet bool // left out where it is 0
	}{
		{f.Rows, "rows", false},
		{f.Invalid, "cannot be asked", false},
		{f.Answered, "answered already", false},
		{f.Duplicates, "duplicates of a row above", false},
		{f.Held, "held: lost too often to be asked again", true},
		{f.BeyondLimit, "beyond --limit", true},
		{f.Calls, "calls to make", false},
		{f.Stale, "of them because the answer is too old", true},
		{f.Lost, "of them for the second time: an earlier call was lost", true},
		{f.OtherFields, "of them for addresses that were answered under other fields (--same-by email reuses those)", true},
		{f.CreditsAtMost, "credits at most", false},
	} {
		if l.n == 0 && l.quiet {
			continue
		}
		if _, err := fmt.Fprintf(w.stdout, "%9d %s\n", l.n, l.what); err != nil {
			return err
		}
	}
	if f.Seconds == nil {
		return nil
	}
	_, err := fmt.Fprintf(w.stdout, "%9s at --rate\n", time.Duration(*f.Seconds*float64(time.Second)).Round(time.Second))
	return err
}
