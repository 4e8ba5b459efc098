package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"enrich/report"
)

// creditCaps are the three forms of --max-credits; zero means that the form was not given.
type creditCaps struct{ run, day, month int64 }

func (c creditCaps) given() bool { return c != creditCaps{} }

// least returns the smallest form that was given, or 0.
func (c creditCaps) least() int64 {
	least := int64(0)
	for _, n := range []int64{c.run, c.day, c.month} {
		if n > 0 && (least == 0 || n < least) {
			least = n
		}
	}
	return least
}

// A creditCap is the flag --max-credits: a number for this run or, with /day or /month, a budget over all runs of a
// ledger. Each form may be given once; all of them apply.
type creditCap struct{ caps *creditCaps }

func (creditCap) Type() string { return "N[/day|/month]" }

func (c creditCap) String() string {
	if c.caps == nil {
		return ""
	}
	var forms []string
	for _, form := range []struct {
		n   int64
		per string
	}{{c.caps.run, ""}, {c.caps.day, "/day"}, {c.caps.month, "/month"}} {
		if form.n > 0 {
			forms = append(forms, strconv.FormatInt(form.n, 10)+form.per)
		}
	}
	return strings.Join(forms, ",")
}

func (c creditCap) Set(text string) error {
	n, per, periodic := strings.Cut(strings.TrimSpace(text), "/")
	form, what := &c.caps.run, "a number for this run"
	switch {
	case per == "day":
		form, what = &c.caps.day, "a budget for each day"
	case per == "month":
		form, what = &c.caps.month, "a budget for each month"
	case periodic:
		return fmt.Errorf("expected a number of credits, N/day or N/month, got /%s", per)
	}
	if *form > 0 {
		return fmt.Errorf("%s is given twice", what)
	}
	return number{form, 1, 1 << 50}.Set(n)
}

// once wraps a flag that must not be given twice: of two caps, the last would silently win.
type once struct {
	pflag.Value
	given bool
}

func (o *once) Set(text string) error {
	if o.given {
		return fmt.Errorf("the flag is given twice; the value before was %s", o.Value)
	}
	if err := o.Value.Set(text); err != nil {
		return err
	}
	o.given = true
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
	caps := j.settings.maxCredits
	if caps.run > 0 {
		j.budget = budget{max: caps.run}
	}
	for _, form := range []struct {
		per string
		max int64
	}{{"day", caps.day}, {"month", caps.month}} {
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

func (j *job) readBudget(per string, most int64) (budget, error) {
	since, until := period(per, j.rules.Started)
	spent, err := j.ledger.SpentSince(j.patience.ctx, since)
	if err != nil {
		return budget{}, err
	}
	b := budget{max: most, spent: (spent.Charged + spent.Lost) * j.settings.creditsPerCall, per: per, until: until}
	j.printer.Info(fmt.Sprintf("budget: %s of %s for this %s are spent, %s left until %s", report.Group(b.spent), many(most, "credit"), per,
		report.Group(b.left()), until.Format(time.RFC3339)), "event", "budget", "spent", b.spent, "max", most, "until", until)
	return b, nil
}

// renewal adds to a stop by a budget when the next period begins: until then the same command does nothing.
func (j *job) renewal(detail string) string {
	b := &j.budget
	if b.per == "" || !strings.HasPrefix(detail, "--max-credits") {
		return detail
	}
	return fmt.Sprintf("%s (%s/%s); it renews at %s", detail, report.Group(b.max), b.per, b.until.Format(time.RFC3339))
}
