package main

import (
	"strconv"
	"strings"
	"time"

	"enrich/cmd/enrich/internal/console"
	"enrich/contact"
	"enrich/format"
	"enrich/pipeline"
	"enrich/report"
	"enrich/writer"
)

// page puts together what is known at the end. Its figures are the summary's.
func (r *reporter) page(j *job, s *pipeline.Summary) *report.Page {
	p := &report.Page{
		Command: r.command, Version: version(), Input: r.clean(j.input.Name, maxPathRunes), Started: s.StartedAt, Finished: s.FinishedAt,
		Notice: r.notice(s), Zone: time.Local, ExitCode: s.ExitCode,
		Rows:   report.Rows(s.Rows),
		Failed: sortedCounts(s.Failures),
		Calls: report.Calls{
			Sent: s.Calls.Sent, Retried: s.Calls.Retried, Lost: s.Calls.Lost, FromLedger: s.Calls.FromLedger,
			Deduplicated: s.Calls.Deduplicated, Reasons: sortedCounts(s.Calls.Reasons), Waited: time.Duration(s.Calls.WaitedMS) * time.Millisecond,
		},
		Credits: report.Credits{Charged: s.Credits.Charged, Remaining: s.Credits.Remaining, Answers: r.written.Credits, Contacts: r.written.Contacts},
		Latency: report.Latency(s.LatencyMS),
		Fields:  inOrder(s.Fields),
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
	about := []report.Pair{{Name: "format", Value: string(i.Format)}, {Name: "encoding", Value: i.Encoding}}
	if c := packed(i.Compression); c != "" {
		about = append(about, report.Pair{Name: "compression", Value: i.Compression})
	}
	if i.Format == format.CSV {
		header := "none"
		if i.HeaderLine > 0 {
			header = "line " + strconv.Itoa(i.HeaderLine)
		}
		about = append(
			about, report.Pair{Name: "delimiter", Value: mark(i.Delimiter)}, report.Pair{Name: "quote", Value: mark(i.Quote)},
			report.Pair{Name: "line ends", Value: i.LineEnd}, report.Pair{Name: "header", Value: header},
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

// mark is a character with its name, because alone it is easily overlooked.
func mark(s string) string {
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

// inOrder lists fields as their columns stand in the results.
func inOrder(fields map[string]int64) (list []report.Count) {
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
