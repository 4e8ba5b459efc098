package client

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Stats are a client's figures so far.
type Stats struct {
	// Sent is requests on the wire.
	Sent int64
	// Retried is calls that were made again, by the reason.
	Retried map[string]int64
	// Waited is how long the account's rate and its pauses kept the next call from being sent.
	Waited time.Duration
	// Unreachable: the run was stopped because no connection to the API can be made, and a retry does not help.
	Unreachable bool
	// Remaining is the account's credits, as the latest answer that told them did; nil: none did.
	Remaining *int64
	// P50, P90, P99 and Max are of the time from a request to the end of its answer, in milliseconds; 0: no answer yet.
	P50, P90, P99, Max float64
}

// The latencies that the histogram tells apart, in microseconds: to three digits, up to an hour, which is the longest --timeout.
const (
	latencyLeast  = 1
	latencyMost   = int64(time.Hour / time.Microsecond)
	latencyDigits = 3
)

// stats count; sent is read by a progress display while the calls go on.
type stats struct {
	sent atomic.Int64

	mu          sync.Mutex
	retried     map[string]int64
	latency     *hdrhistogram.Histogram
	recent      *hdrhistogram.Histogram // since Latencies was called last; nil: nobody wants it
	remaining   int64
	remainingAt time.Time // when the answer came that told remaining; zero: none did
}

func (s *stats) init(recent bool) {
	s.retried = map[string]int64{}
	s.latency = hdrhistogram.New(latencyLeast, latencyMost, latencyDigits)
	if recent {
		s.recent = newRecent()
	}
}

// answered records an answer's latency, and the credits that it told; nil: it told none.
func (s *stats) answered(took time.Duration, remaining *int64, at time.Time) {
	us := min(max(int64(took/time.Microsecond), latencyLeast), latencyMost)
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.latency.RecordValue(us) // it is within the bounds
	if s.recent != nil {
		_ = s.recent.RecordValue(us)
	}
	if remaining != nil && !at.Before(s.remainingAt) {
		s.remaining, s.remainingAt = *remaining, at
	}
}

func (s *stats) retry(reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.retried[reason]++
}

// recentDigits makes a histogram of 4 KB, which tells latencies apart by a sixteenth.
const recentDigits = 1

func newRecent() *hdrhistogram.Histogram {
	return hdrhistogram.New(latencyLeast, latencyMost, recentDigits)
}

// Latencies hands out the latencies since it was called last, in microseconds and to a sixteenth; nil without
// [Options.Latencies]. Histograms that it handed out can be merged.
func (c *Client) Latencies() *hdrhistogram.Histogram {
	c.stats.mu.Lock()
	defer c.stats.mu.Unlock()
	recent := c.stats.recent
	if recent != nil {
		c.stats.recent = newRecent()
	}
	return recent
}

// Stats may be called at any time.
func (c *Client) Stats() Stats {
	c.account.mu.Lock()
	waited, unreachable := c.account.waited, c.account.unreachable
	c.account.mu.Unlock()
	s := &c.stats
	s.mu.Lock()
	defer s.mu.Unlock()
	out := Stats{Sent: s.sent.Load(), Retried: maps.Clone(s.retried), Waited: waited, Unreachable: unreachable}
	if !s.remainingAt.IsZero() {
		n := s.remaining
		out.Remaining = &n
	}
	if s.latency.TotalCount() > 0 {
		ms := func(us int64) float64 { return float64(us) / 1000 }
		out.P50, out.P90, out.P99 = ms(s.latency.ValueAtQuantile(50)), ms(s.latency.ValueAtQuantile(90)), ms(s.latency.ValueAtQuantile(99))
		out.Max = ms(s.latency.Max())
	}
	return out
}
