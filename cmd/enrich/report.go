package main

import (
	"bufio"
	"slices"
	"strconv"
	"strings"
	"time"

	"enrich/client"
	"enrich/cmd/enrich/internal/console"
	"enrich/contact"
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
			Failed: counters.FailedOutcomes.Load(), Lost: counters.Lost.Load(),
		}
		for _, n := range stats.Retried {
			m.Retried += n
		}
		return m
	}, api.Latencies)
	return r.timeline
}

// setResults records how both passes ended.
func (r *reporter) setResults(asked pipeline.AskResult, written pipeline.WriteResult) {
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
	if !j.info.Format.HasObjects() {
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

// Bounds of texts on the page, in characters, and of what is searched for the key, in bytes: a key that crosses
// the bound is dropped with the rest.
const (
	maxNoticeRunes = 400
	maxPathRunes   = 200
	maxColumnRunes = 80
	maxCleanBytes  = 64 << 10
)

// clean returns text from an input or the API as the page may show it: without the key and without control characters,
// on one line, with at most limit characters.
func (r *reporter) clean(s string, limit int) string {
	s = string(r.key.Redact([]byte(s[:min(len(s), maxCleanBytes)])))
	return phrase.Shorten(strings.ReplaceAll(console.Plain(s), "\n", " "), limit)
}

// writeReport writes the page before the summary, which lists it.
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

// page returns the contents of the page. Its figures are those of the summary.
func (r *reporter) page(j *job, s *pipeline.Summary) *report.Page {
	p := &report.Page{
		Command: r.command, Version: version(), Input: r.clean(j.input.Name, maxPathRunes), Started: s.StartedAt, Finished: s.FinishedAt,
		Notice: r.notice(s), Zone: time.Local, ExitCode: s.ExitCode,
		Rows:   report.Rows(s.Rows),
		Failed: sortedCounts(s.Failures),
		Calls: report.Calls{
			Sent: s.Calls.Sent, Retried: s.Calls.Retried, Lost: s.Calls.Lost, FromLedger: s.Calls.FromLedger, OtherFields: s.Calls.OtherFields,
			Deduplicated: s.Calls.Deduplicated, Reasons: sortedCounts(s.Calls.Reasons), Waited: time.Duration(s.Calls.WaitedMS) * time.Millisecond,
		},
		Jobs:    report.Jobs{Submitted: s.Jobs.Submitted, Resumed: s.Jobs.Resumed, Expired: s.Jobs.Expired},
		Credits: report.Credits{Charged: s.Credits.Charged, Remaining: s.Credits.Remaining, Answers: r.written.Credits, Contacts: r.written.Contacts},
		Latency: report.Latency(s.LatencyMS),
		Fields:  filledFields(s.Fields),
		Moments: r.timeline.Moments(), Failures: r.failures.List(), Days: r.days.List(),
		Reading: r.reading(j, s),
	}
	for _, t := range j.paths.all() {
		if t.path != "" {
			p.Outputs = append(p.Outputs, report.Output{Name: t.flag, Path: r.clean(t.path, maxPathRunes), SHA256: s.Outputs[t.path]})
		}
	}
	return p
}

// notice is [noticeOf] for the page.
func (r *reporter) notice(s *pipeline.Summary) report.Notice {
	text := noticeOf(r.asked, s)
	if len(text) == 0 {
		return report.Notice{}
	}
	for i := range text {
		text[i] = r.clean(text[i], maxNoticeRunes)
	}
	return report.Notice{Title: text[0], Steps: text[1:]}
}

// reading says how the file was read.
func (r *reporter) reading(j *job, s *pipeline.Summary) report.Reading {
	i := j.info
	about := []report.Pair{{Name: "format", Value: string(i.Format)}}
	if i.Encoding != "" {
		about = append(about, report.Pair{Name: "encoding", Value: i.Encoding})
	}
	if i.Workbook != nil {
		about = append(about, report.Pair{Name: "sheet", Value: r.clean(i.Sheet, maxColumnRunes)}, report.Pair{Name: "columns", Value: strconv.Itoa(len(i.Header))})
	}
	if isCompressed(i) {
		about = append(about, report.Pair{Name: "compression", Value: i.Compression})
	}
	if i.Format.IsDelimited() {
		header := "none"
		if i.HeaderLine > 0 {
			header = "line " + strconv.Itoa(i.HeaderLine)
		}
		about = append(
			about, report.Pair{Name: "delimiter", Value: characterName(i.Delimiter)}, report.Pair{Name: "quote", Value: characterName(i.Quote)},
			report.Pair{Name: "line endings", Value: i.LineEnd}, report.Pair{Name: "header", Value: header},
			report.Pair{Name: "columns", Value: strconv.Itoa(len(i.Header))},
		)
	}
	reading := report.Reading{About: about, Bytes: s.Input.Bytes, SHA256: s.Input.SHA256}
	for _, f := range contact.InputFields() {
		if column, ok := i.Mapping[f]; ok {
			reading.Mapping = append(reading.Mapping, report.Pair{Name: string(f), Value: r.clean(column, maxColumnRunes)})
		}
	}
	for _, c := range sortedCounts(s.Failures) {
		if c.Name == string(contact.Invalid) || c.Name == string(contact.Ragged) {
			reading.Refused = append(reading.Refused, c)
		}
	}
	return reading
}

// characterName is a character with its name, because alone it is easily overlooked.
func characterName(s string) string {
	switch s {
	case "":
		return "none"
	case "\t":
		return "tab"
	case ",":
		return ", (comma)"
	case ";":
		return "; (semicolon)"
	case "|":
		return "| (pipe)"
	case `"`:
		return `" (double quote)`
	case "'":
		return "' (single quote)"
	}
	return console.Plain(s)
}

// filledFields lists fields in the order of their columns in the results.
func filledFields(fields map[string]int64) (list []report.Count) {
	for _, column := range writer.ResultColumns() {
		name := strings.TrimPrefix(column, "enrich_")
		if n, ok := fields[name]; ok {
			list = append(list, report.Count{Name: name, N: n})
		}
	}
	return list
}

// sortedCounts lists a map, the most frequent first.
func sortedCounts(m map[string]int64) (list []report.Count) {
	for _, name := range byCount(m) {
		list = append(list, report.Count{Name: name, N: m[name]})
	}
	return list
}
