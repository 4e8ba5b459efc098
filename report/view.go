package report

import (
	"fmt"
	"html/template"
	"time"

	"enrich/internal/phrase"
)

// A view is a page with what is derived from it, for the template.
type view struct {
	*Page
	Policy          string
	Style           template.CSS
	Library, Charts template.JS

	// Headline is the result in one line.
	Headline string
	// Long: the run took long enough for its calls to be worth a look.
	Long bool
	// Groups are the fields, those with the most missing values first.
	Groups []fieldGroup
	// Filled is filled fields of all rows together.
	Filled int64
	Parts  []part
	// Series is what the charts draw; nil: there is too little for a chart.
	Series *series
	// Answered is the answers by day, all together.
	Answered int64
}

// A part is one of the four ends of a row, with its place in the bar of all rows.
type part struct {
	Key, Name string
	N         int64
	At, Width float64 // in hundredths of the bar
}

// longRun is how long a run takes before its page shows charts and opens the technical details.
const longRun = 30 * time.Second

// headline is the result in one line: "17 of 24 contacts found (71 %), 16 credits".
func headline(p *Page) string {
	credits := p.Credits.Charged
	if p.Command == "write" {
		credits = p.Credits.Answers
	}
	found := fmt.Sprintf("%s of %s %s found", Group(p.Rows.Matched), Group(p.Rows.Read), phrase.Plural(p.Rows.Read, "contact", "contacts"))
	if p.Rows.Read > 0 {
		found += " (" + wholePercent(p.Rows.Matched, p.Rows.Read) + ")"
	}
	return fmt.Sprintf("%s, %s %s", found, Group(credits), phrase.Plural(credits, "credit", "credits"))
}

// At is a point of time for the reader: local time, with UTC if that differs.
func (v *view) At(t time.Time) string {
	const layout = "2006-01-02 15:04:05 MST"
	utc := t.UTC()
	if v.Zone == nil {
		return utc.Format(layout)
	}
	local := t.In(v.Zone)
	if _, offset := local.Zone(); offset == 0 {
		return utc.Format(layout)
	}
	return local.Format("2006-01-02 15:04:05 -07:00") + " (" + utc.Format("15:04:05 MST") + ")"
}

func newView(p *Page) *view {
	q := *p
	q.Failures, q.MoreFailures = cutFailures(p)
	q.Moments = cut(p.Moments, MaxMoments)
	q.Days = cut(p.Days, MaxDays)
	q.Fields = cut(p.Fields, maxPairs)
	q.Reading.About, q.Reading.Mapping = cut(p.Reading.About, maxPairs), cut(p.Reading.Mapping, maxPairs)
	v := &view{Page: &q, Headline: headline(&q), Long: q.Finished.Sub(q.Started) >= longRun, Groups: groupFields(q.Fields, q.Rows.Matched)}
	if v.Long {
		v.Series = newSeries(q.Moments)
	}
	for _, f := range p.Fields {
		v.Filled += f.N
	}
	for _, d := range p.Days {
		v.Answered += d.Answers()
	}
	at := 0.0
	for _, x := range []part{
		{Key: "matched", Name: "matched", N: p.Rows.Matched},
		{Key: "no_match", Name: "no match", N: p.Rows.NoMatch},
		{Key: "failed", Name: "failed", N: p.Rows.Failed},
		{Key: "pending", Name: "pending", N: p.Rows.Pending},
	} {
		x.At, x.Width = at, 100*share(x.N, p.Rows.Read)
		at += x.Width
		v.Parts = append(v.Parts, x)
	}
	return v
}

// cutFailures keeps the first, and adds the others to what is not listed.
func cutFailures(p *Page) ([]Failure, int64) {
	more := p.MoreFailures
	kept := cut(p.Failures, MaxFailures)
	for _, f := range p.Failures[len(kept):] {
		more += f.Rows
	}
	return kept, more
}

// Answers is all of a day.
func (d Day) Answers() int64 { return d.Matched + d.NoMatch }

// Remaining is the account's credits, if the API stated them.
func (v *view) Remaining() int64 { return *v.Credits.Remaining }

func cut[T any](list []T, limit int) []T { return list[:min(len(list), limit)] }
