package main

import (
	"bufio"
	"slices"
	"strings"

	"enrich/client"
	"enrich/contact"
	"enrich/pipeline"
	"enrich/reader"
	"enrich/report"
)

// A reporter gathers what the page of --report shows beyond the summary. It is nil without the flag: then nothing is gathered.
type reporter struct {
	command string
	key     client.Key
	asked   pipeline.Asked
	written pipeline.Written
	times   *timeline // nil: nothing was asked
	alikes  alikes
	came    came
}

// ended keeps how both passes went.
func (r *reporter) ended(asked pipeline.Asked, written pipeline.Written) {
	if r != nil {
		r.asked, r.written = asked, written
	}
}

// watch stands before the files of a write pass.
func (r *reporter) watch(j *job, w *pipeline.Write) {
	if r == nil {
		return
	}
	r.alikes = alikes{next: w.Failures, clean: r.clean, seen: map[likeness]*report.Failure{}}
	r.came = came{next: w.Results, days: map[int64]*report.Day{}}
	if j.info.Format == reader.CSV {
		r.alikes.columns = j.info.Columns
		for _, f := range contact.Fields() {
			if column, ok := j.info.Mapping[f]; ok {
				if i := slices.Index(j.info.Columns, column); i >= 0 {
					r.alikes.best = append(r.alikes.best, i)
				}
			}
		}
	}
	w.Failures, w.Results = &r.alikes, &r.came
}

// mostBytes bounds what is looked at of a text for a page; a key that is cut there is cut off with it.
const mostBytes = 64 << 10

// clean is text from an input or the API as the page may show it: without the key, without what acts instead of being
// shown, on one line, not long.
func (r *reporter) clean(s string, most int) string {
	s = string(r.key.Redact([]byte(s[:min(len(s), mostBytes)])))
	s = strings.ReplaceAll(plain(s), "\n", " ")
	n := 0
	for i := range s {
		if n == most {
			return s[:i] + "…"
		}
		n++
	}
	return s
}

// writeReport writes the page before the summary, which tells of it.
func (j *job) writeReport(s *pipeline.Summary) error {
	if j.report == nil {
		return nil
	}
	f, err := j.outputs.set.Create(j.patience.deadline, j.paths.report, j.world.stdout)
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
