package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"enrich/client"
	"enrich/pipeline"
	"enrich/reader"
)

const (
	barEvery  = 200 * time.Millisecond
	lineEvery = 10 * time.Second
	barScale  = 1000
)

// A gauge reads how far the asking is.
type gauge struct {
	started  time.Time
	size     int64 // bytes of the input; 0: not known
	rows     *reader.Reader
	through  *counted
	info     reader.Info // as it was at the start: the reader brings its own up to date
	api      *client.Client
	counters *pipeline.Counters
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
}

func (g *gauge) read() reading {
	c := g.counters
	r := reading{
		elapsed: time.Since(g.started), calls: g.api.Stats().Sent, matched: c.Matched.Load(), noMatch: c.NoMatch.Load(),
		failed: c.Failed.Load(), lost: c.Lost.Load(), rowsRead: c.Read.Load(), bytesRead: g.rows.BytesRead(), share: -1, left: -1,
	}
	if s := r.elapsed.Seconds(); s > 0 {
		r.rate = float64(r.calls) / s
	}
	if g.size <= 0 {
		return r
	}
	r.share = min(1, g.position(r.rowsRead, r.bytesRead))
	// Admission is ahead of the answers: what was admitted and has no outcome yet is not done.
	if admitted := c.Admitted.Load(); admitted > 0 {
		r.share *= min(1, float64(r.matched+r.noMatch+r.failed+c.Released.Load())/float64(admitted))
	}
	if r.share > 0.001 {
		r.left = time.Duration(float64(r.elapsed) * (1 - r.share) / r.share).Round(time.Second)
	}
	return r
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
	if narrow {
		return fmt.Sprintf("%s, %d failed", many(r.calls, "call"), r.failed)
	}
	s := fmt.Sprintf("%s, %.0f/s, %d matched, %d failed", many(r.calls, "call"), r.rate, r.matched, r.failed)
	if r.left >= 0 {
		s += ", " + r.left.String() + " left"
	}
	return s
}

// showProgress draws, and keeps the timeline of a report, until stop is called: a bar on a terminal, a line now and then elsewhere, nothing with --quiet.
func (j *job) showProgress(api *client.Client, rows *reader.Reader, through *counted) (stop func()) {
	var times *timeline
	if j.report != nil {
		times = newTimeline(api, &j.counters)
		j.report.times = times
	}
	draw, end, tick := j.drawing(api, rows, through)
	if tick == nil && times == nil {
		return func() {}
	}
	done := make(chan struct{})
	var owner sync.WaitGroup
	owner.Go(func() {
		for {
			select {
			case <-tick:
				draw()
			case <-times.due():
				times.add(time.Since(times.started))
			case <-done:
				return
			}
		}
	})
	return func() {
		close(done)
		owner.Wait()
		times.end()
		end()
	}
}

// drawing is how progress is shown: what draws, how often, and what ends it. tick is nil where nothing is drawn.
func (j *job) drawing(api *client.Client, rows *reader.Reader, through *counted) (draw, end func(), tick <-chan time.Time) {
	if j.settings.quiet {
		return nil, func() {}, nil
	}
	g := &gauge{started: time.Now(), size: j.input.size, rows: rows, through: through, info: j.info, api: api, counters: &j.counters}
	every, over := lineEvery, func() {}
	draw = j.lines(g)
	if width, ok := terminalWidth(j.voice.console.terminal()); ok && j.voice.log == nil && !j.settings.verbose {
		draw, over = bar(j.voice.console.chatter(), g, width)
		every = barEvery
	}
	ticker := time.NewTicker(every)
	return draw, func() { ticker.Stop(); over() }, ticker.C
}

// lines says a line a tick.
func (j *job) lines(g *gauge) func() {
	return func() {
		r := g.read()
		text := r.text(false)
		if r.share >= 0 {
			text = fmt.Sprintf("%.0f%%: %s", 100*r.share, text)
		}
		j.voice.show(text, "event", "progress", "share", r.share, "rows", r.rowsRead, "calls", r.calls, "rate", r.rate,
			"matched", r.matched, "no_match", r.noMatch, "failed", r.failed, "lost", r.lost, "seconds", r.elapsed.Seconds())
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
		b.Describe(r.text(narrow))
		if limit > 0 {
			// The last step is the end's: a full bar would finish, and leave a line behind.
			_ = b.Set(min(barScale-1, int(r.share*barScale)))
		} else {
			_ = b.Add(1)
		}
	}
	return draw, func() { _ = b.Exit(); _ = b.Clear() }
}

// terminalWidth is the width of a terminal; false: the file is not one.
func terminalWidth(f *os.File) (int, bool) {
	if f == nil || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width <= 0 {
		width = 80
	}
	return width, true
}
