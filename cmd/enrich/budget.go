package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A creditCap is the flag --max-credits: a number for this run or, with /day or /month, a budget for all runs of a ledger.
type creditCap struct {
	value *int64
	per   *string
}

func (creditCap) Type() string { return "N[/day|/month]" }

func (c creditCap) String() string {
	if c.value == nil || *c.value == 0 {
		return ""
	}
	text := strconv.FormatInt(*c.value, 10)
	if *c.per != "" {
		text += "/" + *c.per
	}
	return text
}

func (c creditCap) Set(text string) error {
	n, per, periodic := strings.Cut(text, "/")
	if periodic && per != "day" && per != "month" {
		return fmt.Errorf("want a number of credits, N/day or N/month, not /%s", per)
	}
	if err := (number{c.value, 1, 1 << 50}).Set(n); err != nil {
		return err
	}
	*c.per = per
	return nil
}

// period is the day or the month of UTC that a moment is in: when it began, and when the next one begins.
func period(per string, now time.Time) (since, until time.Time) {
	year, month, today := now.UTC().Date()
	if per == "month" {
		return time.Date(year, month, 1, 0, 0, 0, 0, time.UTC), time.Date(year, month+1, 1, 0, 0, 0, 0, time.UTC)
	}
	return time.Date(year, month, today, 0, 0, 0, 0, time.UTC), time.Date(year, month, today+1, 0, 0, 0, 0, time.UTC)
}

// countBudget reads from the ledger what of a budget is spent, and says so. It is the budget of the period in which the run
// began: what such a run spends after midnight counts in the next one too, so that no day or month ever exceeds its own.
func (j *job) countBudget() error {
	s := j.settings
	if s.budgetPer == "" {
		return nil
	}
	since, until := period(s.budgetPer, j.rules.Started)
	spent, err := j.ledger.SpentSince(since)
	if err != nil {
		return err
	}
	j.spent = (spent.Charged + spent.Lost) * s.creditsPerCall
	j.voice.say(fmt.Sprintf("budget: %d of %d credits for this %s are spent, %d are left until %s", j.spent, s.maxCredits, s.budgetPer,
		max(s.maxCredits-j.spent, 0), until.Format(time.RFC3339)), "event", "budget", "spent", j.spent, "max", s.maxCredits, "until", until)
	return nil
}

// renewal tells of a stop by a budget when the next one begins: the same command does nothing before.
func (j *job) renewal(detail string) string {
	s := j.settings
	if s.budgetPer == "" || !strings.HasPrefix(detail, "--max-credits") {
		return detail
	}
	_, until := period(s.budgetPer, j.rules.Started)
	return fmt.Sprintf("%s (%d/%s), and is renewed at %s", detail, s.maxCredits, s.budgetPer, until.Format(time.RFC3339))
}
