package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"enrich/client"
	"enrich/cmd/enrich/internal/console"
	"enrich/internal/phrase"
	"enrich/ledger/postgres/member"
	"enrich/pipeline"
	"enrich/reader"
)

const (
	barEvery  = 200 * time.Millisecond
	lookEvery = 250 * time.Millisecond // for a wait that begins
	lineEvery = 10 * time.Second
	barScale  = 1000
)

// A gauge reads the progress of the ask pass.
type gauge struct {
	started  time.Time
	size     int64 // bytes of the input; 0: not known
	rows     *reader.Reader
	through  *countedSource
	info     reader.Info // as it was at the start: the reader brings its own up to date
	api      *client.Client
	counters *pipeline.Counters
	member   *member.Member // nil: the ledger is a file
	takeover time.Duration  // after which a run that is not seen is dead
	limit    int64          // rows that may be sent; 0: all
	maxCalls int64          // 0: no bound
	estimate estimate
}

// A reading is a moment's figures.
type reading struct {
	elapsed                   time.Duration
	share                     float64 // of the work, 0 to 1; negative: not known
	calls                     int64
	rate                      float64 // calls a second, since the start
	matched, noMatch, failed  int64
	left                      time.Duration // negative: not known
	rowsRead, bytesRead, lost int64
	waiting                   client.Waiting
	waits                     bool
	others                    string            // what the run waits for because of other runs
	jobs                      *pipeline.JobWait // the wait is for these; nil: it is not for jobs
}

func (g *gauge) read() reading {
	c := g.counters
	r := reading{
		elapsed: time.Since(g.started), calls: g.api.Stats().Sent, matched: c.Matched.Load(), noMatch: c.NoMatch.Load(),
		failed: c.FailedOutcomes.Load(), lost: c.Lost.Load(), rowsRead: c.Read.Load(), bytesRead: g.rows.BytesRead(), share: -1, left: -1,
	}
	if r.waiting, r.others, r.waits = g.othersWait(time.Now()); !r.waits {
		r.waiting, r.waits, r.jobs = g.waiting()
	}
	done := r.matched + r.noMatch + r.failed + c.Released.Load()
	g.estimate.add(sample{time.Now(), r.rowsRead, c.Admitted.Load(), done})
	if s := r.elapsed.Seconds(); s > 0 {
		r.rate = float64(r.calls) / s
	}
	if g.size <= 0 {
		return r
	}
	r.share = min(1, g.position(r.rowsRead, r.bytesRead))
	if r.share > 0 {
		r.left = g.estimate.left(g.rowsLeft(r), g.callsLeft(r))
	}
	// Admission is ahead of the answers: what was admitted and has no outcome yet is not done.
	if admitted := c.Admitted.Load(); admitted > 0 {
		r.share *= min(1, float64(done)/float64(admitted))
	}
	return r
}

// rowsLeft is about how many rows admission has still to look at and may send. The share is still the input's alone.
func (g *gauge) rowsLeft(r reading) float64 {
	rows := float64(r.rowsRead) * (1 - r.share) / r.share
	if g.limit > 0 {
		rows = min(rows, float64(max(0, g.limit-r.rowsRead)))
	}
	return rows
}

// callsLeft is how many calls --max-calls leaves; negative: no bound.
func (g *gauge) callsLeft(r reading) int64 {
	if g.maxCalls == 0 {
		return -1
	}
	return max(0, g.maxCalls-r.calls)
}

// position is which share of the input the rows are that admission has looked at. The reader is blocks ahead of it, which is
// all of a small file; where the text is not the file's own (an archive), that is as good as can be known.
func (g *gauge) position(looked, read int64) float64 {
	share := float64(read) / float64(g.size)
	info := g.info
	if packed(info.Compression) != "" {
		return share
	}
	text, rows := float64(g.through.bytes.Load()), g.through.rows.Load()
	if strings.HasPrefix(info.Encoding, "utf-16") {
		text *= 2
	}
	if rows == 0 {
		return 0
	}
	return min(share, text/float64(g.size)*float64(looked)/float64(rows))
}

// text is the reading in a line; narrow leaves out what a small terminal has no room for.
func (r reading) text(narrow bool) string {
	wait := r.others
	if wait == "" {
		wait = waitText(r.waiting, time.Now())
	}
	if r.jobs != nil {
		wait = jobWaitText(r.jobs, time.Now())
	}
	switch {
	case r.waits && narrow:
		return wait
	case r.waits:
		return fmt.Sprintf("%s, %s", wait, console.Count(r.calls, "call"))
	case narrow:
		return fmt.Sprintf("%s, %d failed", console.Count(r.calls, "call"), r.failed)
	}
	s := fmt.Sprintf("%s, %.0f/s, %d matched, %d failed", console.Count(r.calls, "call"), r.rate, r.matched, r.failed)
	if r.left >= 0 {
		s += ", " + console.Duration(r.left) + " left"
	}
	return s
}

// showProgress draws, and keeps the timeline of a report, until stop is called: a bar on a terminal, a line now and then elsewhere, nothing with --quiet.
func (j *job) showProgress(api *client.Client, rows *reader.Reader, through *countedSource) (stop func()) {
	timeline := j.report.startTimeline(api, &j.counters)
	draw, end, tick := j.drawing(api, rows, through)
	if tick == nil && timeline == nil {
		return func() {}
	}
	done := make(chan struct{})
	var owner sync.WaitGroup
	owner.Go(func() {
		for {
			select {
			case <-tick:
				draw()
			case <-timeline.Due():
				timeline.Add()
			case <-done:
				return
			}
		}
	})
	return func() {
		close(done)
		owner.Wait()
		timeline.Stop()
		end()
	}
}

// drawing is how progress is shown: what draws, how often, and what ends it. tick is nil where nothing is drawn.
func (j *job) drawing(api *client.Client, rows *reader.Reader, through *countedSource) (draw, end func(), tick <-chan time.Time) {
	if j.settings.Quiet {
		return nil, func() {}, nil
	}
	g := &gauge{
		started: time.Now(), size: j.input.Size, rows: rows, through: through, info: j.info, api: api, counters: &j.counters,
		limit: j.settings.Limit, maxCalls: j.settings.MaxCalls,
	}
	if j.team != nil {
		g.member, g.takeover = j.team.member, j.settings.Timeout+takeoverMargin
	}
	if j.settings.Bulk {
		g.maxCalls = 0 // it does not bound the contacts
	}
	every, over := lookEvery, func() {}
	draw = j.lines(g)
	if out, width, ok := j.printer.Bar(); ok {
		draw, over = bar(out, g, width)
		every = barEvery
	}
	ticker := time.NewTicker(every)
	return draw, func() { ticker.Stop(); over() }, ticker.C
}

// lines says a line now and then, and at once if a long wait begins.
func (j *job) lines(g *gauge) func() {
	told, waits := time.Now(), map[string]time.Time{} // when each kind of wait was told
	return func() {
		r, now := g.read(), time.Now()
		begins := r.waits && isLong(r.waiting, now) && now.Sub(waits[r.waiting.Reason]) >= lineEvery
		if !begins && now.Sub(told) < lineEvery {
			return
		}
		told = now
		attrs := []any{
			"event", "progress", "share", r.share, "rows", r.rowsRead, "calls", r.calls, "rate", r.rate,
			"matched", r.matched, "no_match", r.noMatch, "failed", r.failed, "lost", r.lost, "seconds", r.elapsed.Seconds(),
		}
		text := r.text(false)
		if r.share >= 0 {
			text = fmt.Sprintf("%.0f%%: %s", 100*r.share, text)
		}
		if r.left >= 0 {
			attrs = append(attrs, "left_seconds", r.left.Seconds())
		}
		if r.waits {
			waits[r.waiting.Reason] = now
			attrs = append(attrs, "waiting_for", r.waiting.Reason, "until", r.waiting.Until, "detail", r.waiting.Detail)
			if r.jobs != nil {
				attrs = append(attrs, "jobs", r.jobs.Jobs, "contacts", r.jobs.Contacts)
			}
			if r.waiting.Detail != "" && r.others == "" {
				text += "; the last failure: " + r.waiting.Detail
			}
		}
		j.printer.Progress(text, attrs...)
	}
}

// bar draws on a terminal, from the ticker's goroutine alone.
func bar(w io.Writer, g *gauge, width int) (draw, end func()) {
	narrow := width < 76
	size := 20
	if narrow {
		size = max(4, width-36)
	}
	limit := int64(barScale)
	if g.size <= 0 {
		limit = -1
	}
	b := progressbar.NewOptions64(
		limit, progressbar.OptionSetWriter(w), progressbar.OptionSetWidth(size), progressbar.OptionSetPredictTime(false),
		progressbar.OptionSetElapsedTime(false), progressbar.OptionShowDescriptionAtLineEnd(), progressbar.OptionClearOnFinish(),
		progressbar.OptionThrottle(0), progressbar.OptionSpinnerType(14),
	)
	draw = func() {
		r := g.read()
		b.Describe(phrase.Cut(r.text(narrow), width-size-10))
		if limit > 0 {
			// The last step is the end's: a full bar would finish, and leave a line behind.
			_ = b.Set(min(barScale-1, int(r.share*barScale)))
		} else {
			_ = b.Add(1)
		}
	}
	return draw, func() { _ = b.Exit(); _ = b.Clear() }
}

// A wait that lasts at least this long is reported at once if there is no terminal; a shorter one appears if the next
// occasional line is due. The last rows of nearly every run wait for a short backoff, which is not worth a line.
const (
	longWait    = time.Second
	longBackoff = 5 * time.Second
)

// waitText says why a run waits, and until when.
func waitText(w client.Waiting, now time.Time) string {
	next := "trying now"
	if !w.Until.IsZero() {
		next = "next try in " + console.Duration(w.Until.Sub(now))
	}
	switch w.Reason {
	case client.WaitingRate:
		return "rate limited: next call in " + console.Duration(w.Until.Sub(now))
	case client.WaitingPause:
		return "paused by the API until " + w.Until.Local().Format(time.TimeOnly)
	case client.WaitingAPIDown:
		return "API not answering: " + next + ", giving up in " + console.Duration(w.GiveUp.Sub(now))
	}
	return "backing off: " + next
}

// isLong reports whether a wait is worth a line of its own.
func isLong(w client.Waiting, now time.Time) bool {
	switch w.Reason {
	case client.WaitingAPIDown:
		return true
	case client.WaitingRate, client.WaitingPause, waitingForJobs:
		return w.Until.Sub(now) >= longWait
	case client.WaitingBackoff:
		return w.Until.Sub(now) >= longBackoff
	}
	return true // other runs, or the database
}
