package main

import (
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"enrich/report"
)

// The timeline counts what the summary counts, and stays within its bound by making one of two.
func TestTheTimelineAddsUp(t *testing.T) {
	page := timeline{}
	var want int64
	for i := range 10 * report.MaxMoments {
		m := report.Moment{From: time.Duration(i) * time.Second, Until: time.Duration(i+1) * time.Second, Calls: int64(i), Waited: time.Millisecond}
		want += m.Calls
		page.moments = append(page.moments, spell{m, latenciesOf(i)})
		page.halve()
	}
	shown := page.shown()
	var got int64
	var end, waited time.Duration
	for _, m := range shown {
		if m.From != end {
			t.Fatalf("a moment begins at %s, the one before ends at %s", m.From, end)
		}
		got, end, waited = got+m.Calls, m.Until, waited+m.Waited
	}
	if got != want || end != 10*report.MaxMoments*time.Second || waited != 10*report.MaxMoments*time.Millisecond {
		t.Errorf("the moments come to %d calls in %s, %s waited; want %d", got, end, waited, want)
	}
	if n := len(shown); n >= report.MaxMoments || n < report.MaxMoments/2 {
		t.Errorf("there are %d moments, want at most %d", n, report.MaxMoments)
	}
	if last := shown[len(shown)-1]; last.P50 < 1.5 || last.Max > 2.2 {
		t.Errorf("latencies of the last moment are %v to %v ms, want about 2", last.P50, last.Max)
	}
}

// latenciesOf is one latency, of as many microseconds.
func latenciesOf(us int) *hdrhistogram.Histogram {
	h := hdrhistogram.New(1, 1_000_000, 1)
	_ = h.RecordValue(int64(us))
	return h
}
