package main

import (
	"fmt"
	"strings"
	"time"

	"enrich/cmd/enrich/internal/console"
	"enrich/report"
)

// period is the day or the month of UTC that a moment is in: when it began, and when the next one begins.
func period(per string, now time.Time) (since, until time.Time) {
	year, month, today := now.UTC().Date()
	if per == "month" {
		return time.Date(year, month, 1, 0, 0, 0, 0, time.UTC), time.Date(year, month+1, 1, 0, 0, 0, 0, time.UTC)
	}
	return time.Date(year, month, today, 0, 0, 0, 0, time.UTC), time.Date(year, month, today+1, 0, 0, 0, 0, time.UTC)
}

// A budget is the form of --max-credits that leaves the least to this run.
type budget struct {
	max, spent int64
	per        string // "day", "month", or "" for a cap of this run alone
	until      time.Time
}

func (b *budget) left() int64 { return max(b.max-b.spent, 0) }

// countBudget reads from the ledger what is spent of the budgets, says so, and keeps the form that leaves the least. A
// budget is that of the period in which the run began: what such a run spends after midnight counts in the next period
// too, so no day or month ever exceeds its own.
func (j *job) countBudget() error {
	caps := j.settings.MaxCredits
	if caps.Run > 0 {
		j.budget = budget{max: caps.Run}
	}
	for _, form := range []struct {
		per string
		max int64
	}{{"day", caps.Day}, {"month", caps.Month}} {
		if form.max == 0 {
			continue
		}
		b, err := j.readBudget(form.per, form.max)
		if err != nil {
			return err
		}
		if j.budget.max == 0 || b.left() < j.budget.left() {
			j.budget = b
		}
	}
	return nil
}

func (j *job) readBudget(per string, limit int64) (budget, error) {
	since, until := period(per, j.started)
	spent, err := j.ledger.SpentSince(j.shutdown.Interrupted, since)
	if err != nil {
		return budget{}, err
	}
	b := budget{max: limit, spent: (spent.Charged + spent.MaybeCharged) * j.settings.CreditsPerCall, per: per, until: until}
	j.printer.Info(fmt.Sprintf("budget: %s of %s for this %s are spent, %s left until %s", report.Group(b.spent), console.Count(limit, "credit"), per,
		report.Group(b.left()), until.Format(time.RFC3339)), "event", "budget", "spent", b.spent, "max", limit, "until", until)
	return b, nil
}

// renewal adds to a stop by a budget when the next period begins: until then the same command does nothing.
func (j *job) renewal(detail string) string {
	b := &j.budget
	if j.team != nil { // the database's clock decides, and it has said so
		return detail
	}
	limit := fmt.Sprintf("--max-credits (%d", b.max)
	if b.per == "" || !strings.Contains(detail, limit) {
		return detail
	}
	return fmt.Sprintf("%s; it is renewed at %s", strings.Replace(detail, limit, limit+"/"+b.per, 1), b.until.Format(time.RFC3339))
}
