package report

import (
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// TestTheTimelineAddsUp: merging keeps the sums, and there are never more moments than the bound.
func TestTheTimelineAddsUp(t *testing.T) {
	page := Timeline{}
	var expected int64
	for i := range 10 * MaxMoments {
		m := Moment{From: time.Duration(i) * time.Second, Until: time.Duration(i+1) * time.Second, Calls: int64(i), Waited: time.Millisecond}
		expected += m.Calls
		page.moments = append(page.moments, moment{m, latenciesOf(i)})
		page.halve()
	}
	shown := page.Moments()
	var got int64
	var end, waited time.Duration
	for _, m := range shown {
		if m.From != end {
			t.Fatalf("a moment begins at %s, the one before ends at %s", m.From, end)
		}
		got, end, waited = got+m.Calls, m.Until, waited+m.Waited
	}
	if got != expected || end != 10*MaxMoments*time.Second || waited != 10*MaxMoments*time.Millisecond {
		t.Errorf("the moments come to %d calls in %s, %s waited; expected %d", got, end, waited, expected)
	}
	if n := len(shown); n >= MaxMoments || n < MaxMoments/2 {
		t.Errorf("there are %d moments, expected at most %d", n, MaxMoments)
	}
	if last := shown[len(shown)-1]; last.P50 < 1.5 || last.Max > 2.2 {
		t.Errorf("latencies of the last moment are %v to %v ms, expected about 2", last.P50, last.Max)
	}
}

// latenciesOf is one latency, of as many microseconds.
func latenciesOf(us int) *hdrhistogram.Histogram {
	h := hdrhistogram.New(1, 1_000_000, 1)
	_ = h.RecordValue(int64(us))
	return h
}
