package main

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"enrich/client"
	"enrich/pipeline"
	"enrich/report"
)

// firstStep is how far the moments of a timeline are apart at first. Whenever there are as many as the page shows, two are
// made one, and the step doubles: of any run there are a hundred to two hundred, unless it was short.
const firstStep = 100 * time.Millisecond

// A timeline is what happened in the asking from moment to moment, by the same counts as the summary's.
type timeline struct {
	api      *client.Client
	counters *pipeline.Counters
	started  time.Time
	step     time.Duration
	ticker   *time.Ticker
	moments  []spell
	last     report.Moment // all that was counted until now
}

// A spell is a moment with its latencies, so that two can be made one.
type spell struct {
	report.Moment
	latencies *hdrhistogram.Histogram
}

func newTimeline(api *client.Client, counters *pipeline.Counters) *timeline {
	return &timeline{api: api, counters: counters, started: time.Now(), step: firstStep, ticker: time.NewTicker(firstStep)}
}

// due ticks when a moment is over.
func (t *timeline) due() <-chan time.Time {
	if t == nil {
		return nil
	}
	return t.ticker.C
}

// end adds the last moment. A short one is made one with that before it: what happened in it is no rate.
func (t *timeline) end() {
	if t == nil {
		return
	}
	t.ticker.Stop()
	t.add(time.Since(t.started))
	if n := len(t.moments); n > 1 && t.moments[n-1].Until-t.moments[n-1].From < t.step/2 {
		t.moments[n-2] = together(t.moments[n-2], t.moments[n-1])
		t.moments = t.moments[:n-1]
	}
}

// add ends a moment.
func (t *timeline) add(now time.Duration) {
	total := t.total(now)
	m := difference(total, t.last)
	t.last = total
	t.moments = append(t.moments, spell{m, t.api.Latencies()})
	if t.halve() {
		t.ticker.Reset(t.step)
	}
}

// halve makes one of two where there are too many.
func (t *timeline) halve() bool {
	if len(t.moments) < report.MaxMoments {
		return false
	}
	for i := range len(t.moments) / 2 {
		t.moments[i] = together(t.moments[2*i], t.moments[2*i+1])
	}
	t.moments = t.moments[:len(t.moments)/2]
	t.step *= 2
	return true
}

// total is all that was counted until now.
func (t *timeline) total(now time.Duration) report.Moment {
	stats, c := t.api.Stats(), t.counters
	m := report.Moment{
		Until: now, Calls: stats.Sent, Waited: stats.Waited,
		Matched: c.Matched.Load(), NoMatch: c.NoMatch.Load(), Failed: c.Failed.Load(), Lost: c.Lost.Load(),
	}
	for _, n := range stats.Retried {
		m.Retried += n
	}
	return m
}

func difference(a, b report.Moment) report.Moment {
	return report.Moment{
		From: b.Until, Until: a.Until, Calls: a.Calls - b.Calls, Retried: a.Retried - b.Retried, Matched: a.Matched - b.Matched,
		NoMatch: a.NoMatch - b.NoMatch, Failed: a.Failed - b.Failed, Lost: a.Lost - b.Lost, Waited: a.Waited - b.Waited,
	}
}

// together makes one of two that follow one another.
func together(a, b spell) spell {
	a.latencies.Merge(b.latencies)
	return spell{report.Moment{
		From: a.From, Until: b.Until, Calls: a.Calls + b.Calls, Retried: a.Retried + b.Retried, Matched: a.Matched + b.Matched,
		NoMatch: a.NoMatch + b.NoMatch, Failed: a.Failed + b.Failed, Lost: a.Lost + b.Lost, Waited: a.Waited + b.Waited,
	}, a.latencies}
}

// shown are the moments as the page has them.
func (t *timeline) shown() []report.Moment {
	if t == nil {
		return nil
	}
	moments := make([]report.Moment, 0, len(t.moments))
	for _, s := range t.moments {
		if h := s.latencies; h.TotalCount() > 0 {
			ms := func(us int64) float64 { return float64(us) / 1000 }
			s.P50, s.P90, s.Max = ms(h.ValueAtQuantile(50)), ms(h.ValueAtQuantile(90)), ms(h.Max())
		}
		moments = append(moments, s.Moment)
	}
	return moments
}
