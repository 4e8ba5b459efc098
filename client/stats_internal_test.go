package client

import (
	"testing"
	"time"
)

// Each latency is returned once, and none is kept unless the option is set.
func TestLatenciesAreReturnedOnce(t *testing.T) {
	for _, wanted := range []bool{true, false} {
		c := &Client{}
		c.stats.init(wanted)
		for i, want := range []int64{3, 0} {
			if i == 0 {
				for range want {
					c.stats.recordResponse(50*time.Millisecond, nil, time.Time{})
				}
			}
			h := c.Latencies()
			if !wanted {
				if h != nil {
					t.Error("latencies were kept without the option")
				}
				continue
			}
			if n := h.TotalCount(); n != want {
				t.Errorf("returned %d latencies, expected %d", n, want)
			}
			if want > 0 && (h.Max() < 50_000 || h.Max() > 54_000) {
				t.Errorf("the latency is %d µs, expected 50 ms and at most a sixteenth more", h.Max())
			}
		}
		if n := c.stats.latency.TotalCount(); n != 3 {
			t.Errorf("%d latencies in all, expected 3", n)
		}
	}
}
