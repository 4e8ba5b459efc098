package client

import (
	"testing"
	"time"
)

// Each latency is handed out once, and none is kept where nobody wants them.
func TestLatenciesAreHandedOutOnce(t *testing.T) {
	for _, wanted := range []bool{true, false} {
		c := &Client{}
		c.stats.init(wanted)
		for i, want := range []int64{3, 0} {
			if i == 0 {
				for range want {
					c.stats.answered(50*time.Millisecond, nil, time.Time{})
				}
			}
			h := c.Latencies()
			if !wanted {
				if h != nil {
					t.Error("latencies were kept that nobody wants")
				}
				continue
			}
			if n := h.TotalCount(); n != want {
				t.Errorf("handed out %d latencies, want %d", n, want)
			}
			if want > 0 && (h.Max() < 50_000 || h.Max() > 54_000) {
				t.Errorf("the latency is %d µs, want 50 ms and at most a sixteenth more", h.Max())
			}
		}
		if n := c.stats.latency.TotalCount(); n != 3 {
			t.Errorf("there are %d latencies in all, want 3", n)
		}
	}
}
