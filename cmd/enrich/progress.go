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

// A progressReader reads the progress of the ask pass.
type progressReader struct {
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

// A progress is the figures of the ask pass at one moment.
type progress struct {
	elapsed                   time.Duration
	share                     float64 // of the work, 0 to 1; negative: not known
	calls                     int64
	rate                      float64 // calls a second, since the start
	matched, noMatch, failed  int64
	left                      time.Duration // negative: not known
	rowsRead, bytesRead, lost int64
	wait                      *wait // nil: the run does not wait
}

func (g *progressReader) read() progress {
	c := g.counters
	r := progress{
		elapsed: time.Since(g.started), calls: g.api.Stats().Sent, matched: c.Matched.Load(), noMatch: c.NoMatch.Load(),
		failed: c.FailedOutcomes.Load(), lost: c.Lost.Load(), rowsRead: c.Read.Load(), bytesRead: g.rows.BytesRead(), share: -1, left: -1,
		wait: g.wait(time.Now()),
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
func (g *progressReader) rowsLeft(r progress) float64 {
	rows := float64(r.rowsRead) * (1 - r.share) / r.share
	if g.limit > 0 {
		rows = min(rows, float64(max(0, g.limit-r.rowsRead)))
	}
	return rows
}

// callsLeft is how many calls --max-calls leaves; negative: no bound.
func (g *progressReader) callsLeft(r progress) int64 {
	if g.maxCalls == 0 {
		return -1
	}
	return max(0, g.maxCalls-r.calls)
}

// position returns the share of the input that admission has looked at. The reader is some blocks ahead of it, which may be all of a
// small file. If the text is not the file's own (an archive), only the reader's position is known.
func (g *progressReader) position(looked, read int64) float64 {
	share := float64(read) / float64(g.size)
	info := g.info
	if isCompressed(info) {
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

// text is the progress in a line; narrow leaves out what a small terminal has no room for.
func (r progress) text(narrow bool) string {
	switch {
	case r.wait != nil && narrow:
		return r.wait.text
	case r.wait != nil:
		return fmt.Sprintf("%s, %s", r.wait.text, console.Count(r.calls, "call"))
	case narrow:
		return fmt.Sprintf("%s, %d failed", console.Count(r.calls, "call"), r.failed)
	}
	s := fmt.Sprintf("%s, %.0f/s, %d matched, %d failed", console.Count(r.calls, "call"), r.rate, r.matched, r.failed)
	if r.left >= 0 {
		s += ", " + console.Duration(r.left) + " left"
	}
	return s
}

// showProgress shows the progress until stop is called: a bar on a terminal, a line now and then elsewhere, nothing with --quiet. It also
// records the timeline of a report.
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

// drawing returns how progress is shown: what draws, when (tick), and what ends it. tick is nil if nothing is drawn.
func (j *job) drawing(api *client.Client, rows *reader.Reader, through *countedSource) (draw, end func(), tick <-chan time.Time) {
	if j.settings.Quiet {
		return nil, func() {}, nil
	}
	g := &progressReader{
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
	draw = j.progressLines(g)
	if out, width, ok := j.printer.Bar(); ok {
		draw, over = bar(out, g, width)
		every = barEvery
	}
	ticker := time.NewTicker(every)
	return draw, func() { ticker.Stop(); over() }, ticker.C
}

// progressLines returns a function that prints a line now and then, and at once if a long wait begins.
func (j *job) progressLines(g *progressReader) func() {
	told, waits := time.Now(), map[string]time.Time{} // when each kind of wait was told
	return func() {
		r, now := g.read(), time.Now()
		begins := r.wait != nil && isLong(r.wait.Waiting, now) && now.Sub(waits[r.wait.Reason]) >= lineEvery
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
		if w := r.wait; w != nil {
			waits[w.Reason] = now
			attrs = append(attrs, "waiting_for", w.Reason, "until", w.Until, "detail", w.Detail)
			if w.jobs != nil {
				attrs = append(attrs, "jobs", w.jobs.Jobs, "contacts", w.jobs.Contacts)
			}
			if w.lastFailure != "" {
				text += "; the last failure: " + w.lastFailure
			}
		}
		j.printer.Progress(text, attrs...)
	}
}

// bar draws on a terminal, from the ticker's goroutine alone.
func bar(w io.Writer, g *progressReader, width int) (draw, end func()) {
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
