package client

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Stats are the figures of a client so far.
type Stats struct {
	// Sent is how many requests were on the wire.
	Sent int64
	// Retried is how many calls were retries, by reason.
	Retried map[string]int64
	// Waited is how long the account's rate and pauses delayed the next call.
	Waited time.Duration
	// Unreachable: the run was stopped because no connection to the API can be made, and a retry does not help.
	Unreachable bool
	// Remaining is the account's credits in the latest answer that stated them; nil: none did.
	Remaining *int64
	// P50, P90, P99 and Max are of the time from a request to the end of its answer, in milliseconds; 0: no answer yet.
	P50, P90, P99, Max float64
}

// Bounds of the latency histogram in microseconds: up to an hour, the longest --timeout, to three digits.
const (
	minLatency    = 1
	maxLatency    = int64(time.Hour / time.Microsecond)
	latencyDigits = 3
	// recentDigits makes a histogram of 4 KB that is exact to a sixteenth.
	recentDigits = 1
)

// stats collects a client's figures. A progress display reads sent during the calls.
type stats struct {
	sent atomic.Int64

	mu          sync.Mutex
	retried     map[string]int64
	latency     *hdrhistogram.Histogram
	recent      *hdrhistogram.Histogram // since the last call of Latencies; nil: not needed
	remaining   int64
	remainingAt time.Time // when the answer with remaining came; zero: there was none
}

func (s *stats) init(recent bool) {
	s.retried = map[string]int64{}
	s.latency = hdrhistogram.New(minLatency, maxLatency, latencyDigits)
	if recent {
		s.recent = newRecent()
	}
}

// recordResponse records the latency of a response and the credits that it stated, if it did.
func (s *stats) recordResponse(took time.Duration, remaining *int64, at time.Time) {
	us := min(max(int64(took/time.Microsecond), minLatency), maxLatency)
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.latency.RecordValue(us) // it cannot fail within the bounds
	if s.recent != nil {
		_ = s.recent.RecordValue(us)
	}
	s.setRemaining(remaining, at)
}

// recordRemaining records the credits that the results of a job stated, if they did.
func (s *stats) recordRemaining(remaining *int64, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.setRemaining(remaining, at)
}

func (s *stats) setRemaining(remaining *int64, at time.Time) {
	if remaining != nil && !at.Before(s.remainingAt) {
		s.remaining, s.remainingAt = *remaining, at
	}
}

func (s *stats) retry(reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.retried[reason]++
}

func newRecent() *hdrhistogram.Histogram {
	return hdrhistogram.New(minLatency, maxLatency, recentDigits)
}

// Latencies returns the latencies since the last call of Latencies, in microseconds and exact to a sixteenth; nil without
// [Options.Latencies]. The histograms of several calls can be merged.
func (c *Client) Latencies() *hdrhistogram.Histogram {
	c.stats.mu.Lock()
	defer c.stats.mu.Unlock()
	recent := c.stats.recent
	if recent != nil {
		c.stats.recent = newRecent()
	}
	return recent
}

// AllRejected returns, if every request so far was rejected, a sentence that says how, and which flags to check; otherwise "".
func (c *Client) AllRejected() string {
	c.account.mu.Lock()
	defer c.account.mu.Unlock()
	if f := &c.account.first; f.rejected > 0 && int64(f.rejected) == c.stats.sent.Load() {
		return f.advice(c.account.o)
	}
	return ""
}

// Stats returns the figures so far. It may be called at any time.
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
