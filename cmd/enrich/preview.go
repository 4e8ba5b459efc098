package main

import (
	"fmt"
	"strings"
	"time"

	"enrich/client"
	"enrich/cmd/enrich/internal/console"
	"enrich/contact"
	"enrich/internal/phrase"
	"enrich/reader"
	"enrich/report"
)

// Bounds of what a run counts before it begins: nobody waits for it noticeably, and its memory is a small part of the run's.
const (
	previewTime = 500 * time.Millisecond
	previewRows = 100_000
)

// A preview is what a run says on a terminal before it spends.
type preview struct {
	*forecast
	info reader.Info
	name string // of the input
}

// A runSetup is what a run knows before its ledger is open.
type runSetup struct {
	rate    client.Rate
	key     client.Key
	opening time.Duration // how long it took to open the input
}

// sayPreview says on a terminal, in three lines, what the run is about to send and what it can cost. The input is read once more
// for it, so only a file is counted: at most [previewRows] rows, for at most [previewTime]. A workbook that takes this long to
// open is not counted. Nothing waits for an answer: Ctrl-C stops the run, which then sends nothing, and ends as at any other time.
func (j *job) sayPreview(setup runSetup) error {
	if !j.printer.OnTerminal() || j.input.File == nil {
		return nil
	}
	p := preview{info: j.info, name: console.Name(j.input.Name)}
	if setup.opening < previewTime {
		f, err := j.count()
		switch {
		case j.shutdown.Signal() != nil: // it may not be counted to its end
			return nil
		case err != nil:
			return err
		}
		p.forecast = f
		if per := setup.rate.PerSecond(); per > 0 && !f.Partial {
			seconds := float64(f.Calls) / per
			f.Seconds, f.Rate = &seconds, &j.settings.Rate
		}
	}
	j.printer.Info(strings.Join(p.lines(), "\n"))
	return nil
}

// count plans the beginning of the input.
func (j *job) count() (*forecast, error) {
	rows, err := j.openUntil(j.shutdown.Interrupted, j.reading)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", console.Name(j.input.Name), err)
	}
	defer func() { _ = rows.Close() }() // it was only read
	began := time.Now()
	plan := j.planOf(rows)
	plan.Enough = func(n int64) bool { return n >= previewRows || time.Since(began) > previewTime }
	planned, err := plan.Do(j.shutdown.Interrupted)
	if err != nil {
		return nil, err
	}
	return newForecast(planned, j.settings), nil
}

func (p *preview) lines() []string {
	if p.forecast == nil {
		return []string{p.name + ": too large to be counted in advance; enrich plan counts its rows", "  " + p.mapping()}
	}
	return []string{p.rows(), "  " + p.cost(), "  " + p.mapping()}
}

// rows says what becomes of the rows.
func (p *preview) rows() string {
	counted := console.Count(p.Rows, "row")
	if p.Partial {
		counted = "of the first " + counted
	}
	toSend := report.Group(p.Contacts) + " to send"
	if p.OtherFields > 0 {
		toSend += fmt.Sprintf(" (%s answered before under other fields: --same-by email saves them)", report.Group(p.OtherFields))
	}
	parts := []string{toSend, report.Group(p.Answered) + " answered before"}
	for _, part := range []struct {
		n    int64
		what string
	}{
		{p.Duplicates, phrase.Plural(p.Duplicates, "duplicate", "duplicates")},
		{p.Invalid, "cannot be sent"},
		{p.InJobs, "in open bulk jobs"},
		{p.Uncertain, "lost too often"},
		{p.ClaimedElsewhere, "sent by another run"},
		{p.BeyondLimit, "beyond --limit"},
		{p.BeyondCaps, "beyond the caps"},
	} {
		if part.n > 0 {
			parts = append(parts, report.Group(part.n)+" "+part.what)
		}
	}
	return p.name + ": " + counted + ": " + strings.Join(parts, ", ")
}

// cost says what is spent.
func (p *preview) cost() string {
	most := "at most "
	if p.Partial && p.BeyondCaps+p.BeyondLimit == 0 {
		most = "for these rows at most "
	}
	text := console.Count(p.Calls, "call")
	if p.JobSize > 0 {
		text = fmt.Sprintf("%s, at least %s", console.Count(p.Jobs, "bulk job"), text)
	}
	text += ", " + most + console.Count(p.CreditsAtMost, "credit")
	switch {
	case p.Partial:
		text += "; enrich plan counts all rows"
	case p.Seconds != nil:
		text += ", " + p.timeText()
	}
	return text
}

// mapping says which column is which field.
func (p *preview) mapping() string {
	text := columnsText(p.info.Mapping)
	if len(p.info.Spare) > 0 {
		text += "; only for rows that cannot be sent without it: " + columnsText(p.info.Spare)
	}
	if p.info.Workbook != nil {
		text = sheetOf(p.info) + ": " + text
	}
	return text
}

// columnsText lists the columns of fields.
func columnsText(columns map[contact.Field]string) string {
	var parts []string
	for _, f := range contact.InputFields() {
		if column, ok := columns[f]; ok {
			parts = append(parts, fmt.Sprintf("%s from %s", f, console.Quote(column, maxQuoted)))
		}
	}
	return strings.Join(parts, ", ")
}
