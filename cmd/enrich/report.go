package main

import (
	"bufio"
	"slices"
	"strings"

	"enrich/client"
	"enrich/cmd/enrich/internal/console"
	"enrich/contact"
	"enrich/format"
	"enrich/internal/phrase"
	"enrich/pipeline"
	"enrich/report"
	"enrich/writer"
)

// A reporter collects what the page of --report shows beyond the summary. It is nil without the flag, and then does nothing.
type reporter struct {
	command  string
	key      client.Key
	asked    pipeline.AskResult
	written  pipeline.WriteResult
	timeline *report.Timeline // nil: write makes no calls
	failures report.FailureGroups
	days     report.AnswersByDay
}

// startTimeline records the calls over time.
func (r *reporter) startTimeline(api *client.Client, counters *pipeline.Counters) *report.Timeline {
	if r == nil {
		return nil
	}
	r.timeline = report.NewTimeline(func() report.Moment {
		stats := api.Stats()
		m := report.Moment{
			Calls: stats.Sent, Waited: stats.Waited, Matched: counters.Matched.Load(), NoMatch: counters.NoMatch.Load(),
			Failed: counters.Failed.Load(), Lost: counters.Lost.Load(),
		}
		for _, n := range stats.Retried {
			m.Retried += n
		}
		return m
	}, api.Latencies)
	return r.timeline
}

// ended keeps how both passes ended.
func (r *reporter) ended(asked pipeline.AskResult, written pipeline.WriteResult) {
	if r != nil {
		r.asked, r.written = asked, written
	}
}

// watch counts the rows of a write pass on their way to the files.
func (r *reporter) watch(j *job, w *pipeline.Write) {
	if r == nil {
		return
	}
	r.failures.Clean, r.failures.Advice = r.clean, adviceOf
	if j.info.Format == format.CSV {
		r.failures.Columns = j.info.Columns
		for _, f := range contact.Fields() {
			if column, ok := j.info.Mapping[f]; ok {
				if i := slices.Index(j.info.Columns, column); i >= 0 {
					r.failures.Best = append(r.failures.Best, i)
				}
			}
		}
	}
	w.Failures, w.Results = watchedFailures{w.Failures, &r.failures}, watchedResults{w.Results, &r.days}
}

type watchedFailures struct {
	next interface {
		Write(*writer.Failure) error
	}
	groups *report.FailureGroups
}

func (w watchedFailures) Write(f *writer.Failure) error {
	w.groups.Add(&report.FailedRow{Kind: string(f.Kind), Status: f.Status, Message: f.Message, Line: f.Line, Cells: f.Cells, Raw: f.Raw})
	return w.next.Write(f)
}

type watchedResults struct {
	next interface {
		Write(*writer.Result) error
	}
	days *report.AnswersByDay
}

func (w watchedResults) Write(r *writer.Result) error {
	w.days.Add(r.At, r.Kind == contact.Matched)
	return w.next.Write(r)
}

// Bounds of texts on the page, in characters, and of what is searched for the key, in bytes: a key that is cut there is
// cut off with the rest.
const (
	maxNoticeRunes = 400
	maxPathRunes   = 200
	maxColumnRunes = 80
	maxCleanBytes  = 64 << 10
)

// clean returns text from an input or the API as the page may show it: without the key and without control characters,
// on one line, with at most so many characters.
func (r *reporter) clean(s string, most int) string {
	s = string(r.key.Redact([]byte(s[:min(len(s), maxCleanBytes)])))
	return phrase.Shorten(strings.ReplaceAll(console.Plain(s), "\n", " "), most)
}

// writeReport writes the page before the summary, which tells of it.
func (j *job) writeReport(s *pipeline.Summary) error {
	if j.report == nil {
		return nil
	}
	f, err := j.outputs.set.Create(j.shutdown.Deadline, j.paths.report, j.world.stdout)
	if err != nil {
		return err
	}
	page := bufio.NewWriter(f)
	if err := report.Write(page, j.report.page(j, s)); err != nil {
		return err
	}
	if err := page.Flush(); err != nil {
		return err
	}
	j.sumOutputs(s)
	return nil
}
