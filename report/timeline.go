package report

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// firstStep is the length of a timeline's moments at first. When there are [MaxMoments], each two are merged and the step
// doubles: a run has 100 to 200 moments, unless it is short.
const firstStep = 100 * time.Millisecond

// A Timeline records what happens in each moment of a run. It is not safe for concurrent use.
//
//	t := report.NewTimeline(total, latencies)
//	for … { select { case <-t.Due(): t.Add() … } }
//	t.Stop()
type Timeline struct {
	total     func() Moment
	latencies func() *hdrhistogram.Histogram
	started   time.Time
	step      time.Duration
	ticker    *time.Ticker
	moments   []moment
	last      Moment // the totals when the last moment ended
}

// A moment is a [Moment] with its latencies, so that two can be merged.
type moment struct {
	Moment
	latencies *hdrhistogram.Histogram
}

// NewTimeline starts a timeline. total returns the counts since the start (its From and Until are ignored); latencies
// returns the latencies since it was last called, in microseconds.
func NewTimeline(total func() Moment, latencies func() *hdrhistogram.Histogram) *Timeline {
	return &Timeline{total: total, latencies: latencies, started: time.Now(), step: firstStep, ticker: time.NewTicker(firstStep)}
}

// Due receives when a moment is over; then Add must be called. A nil timeline is never due.
func (t *Timeline) Due() <-chan time.Time {
	if t == nil {
		return nil
	}
	return t.ticker.C
}

// Add ends a moment.
func (t *Timeline) Add() {
	total := t.total()
	total.From, total.Until = 0, time.Since(t.started)
	t.moments = append(t.moments, moment{difference(total, t.last), t.latencies()})
	t.last = total
	if t.halve() {
		t.ticker.Reset(t.step)
	}
}

// Stop adds the last moment. A short one is merged with the one before it: its rates would mean nothing.
func (t *Timeline) Stop() {
	if t == nil {
		return
	}
	t.ticker.Stop()
	t.Add()
	if n := len(t.moments); n > 1 && t.moments[n-1].Until-t.moments[n-1].From < t.step/2 {
		t.moments[n-2] = merged(t.moments[n-2], t.moments[n-1])
		t.moments = t.moments[:n-1]
	}
}

// halve merges each two moments if there are too many.
func (t *Timeline) halve() bool {
	if len(t.moments) < MaxMoments {
		return false
	}
	for i := range len(t.moments) / 2 {
		t.moments[i] = merged(t.moments[2*i], t.moments[2*i+1])
	}
	t.moments = t.moments[:len(t.moments)/2]
	t.step *= 2
	return true
}

// difference returns what happened between two totals.
func difference(a, b Moment) Moment {
	return Moment{
		From: b.Until, Until: a.Until, Calls: a.Calls - b.Calls, Retried: a.Retried - b.Retried, Matched: a.Matched - b.Matched,
		NoMatch: a.NoMatch - b.NoMatch, Failed: a.Failed - b.Failed, Lost: a.Lost - b.Lost, Waited: a.Waited - b.Waited,
	}
}

// merged returns two consecutive moments as one.
func merged(a, b moment) moment {
	a.latencies.Merge(b.latencies)
	return moment{Moment{
		From: a.From, Until: b.Until, Calls: a.Calls + b.Calls, Retried: a.Retried + b.Retried, Matched: a.Matched + b.Matched,
		NoMatch: a.NoMatch + b.NoMatch, Failed: a.Failed + b.Failed, Lost: a.Lost + b.Lost, Waited: a.Waited + b.Waited,
	}, a.latencies}
}

// Moments returns the moments for a [Page].
func (t *Timeline) Moments() []Moment {
	if t == nil {
		return nil
	}
	moments := make([]Moment, 0, len(t.moments))
	for _, m := range t.moments {
		if h := m.latencies; h.TotalCount() > 0 {
			ms := func(us int64) float64 { return float64(us) / 1000 }
			m.P50, m.P90, m.Max = ms(h.ValueAtQuantile(50)), ms(h.ValueAtQuantile(90)), ms(h.Max())
		}
		moments = append(moments, m.Moment)
	}
	return moments
}
