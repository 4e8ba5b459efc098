package member

import (
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v4"

	"enrich/contact"
	"enrich/internal/phrase"
)

// Bounds of a pause after a 429 without Retry-After, as in client/pause.go.
const (
	minPause = time.Second
	maxPause = 30 * time.Second
	jitter   = 0.2
)

// A Pauser holds back the calls of all runs of a base URL after a 429. It implements client.Pauser, and never blocks.
//
// It also holds back calls while the lease is not valid, because the client asks it before every request, also of bulk jobs.
type Pauser struct{ m *Member }

// Pauser returns the pauser of the run's base URL.
func (m *Member) Pauser() *Pauser { return &Pauser{m} }

// A pause is what this run knows of the pause.
type pause struct {
	maxElapsed  time.Duration
	until       time.Time
	since       time.Time                   // of the first 429 since an answer; zero if none
	backoff     *backoff.ExponentialBackOff // nil until the first 429 since an answer
	unpublished bool
	answered    bool  // this run got an answer that no lease has told
	answers     int64 // as of the last lease
	known       bool  // answers is known
}

// Begin pauses after a 429: for retryAfter, or for longer than the time before if the response did not say (0).
func (p *Pauser) Begin(now time.Time, retryAfter time.Duration) (total time.Duration) {
	m := p.m
	m.mu.Lock()
	defer m.mu.Unlock()
	s := &m.pause
	if s.since.IsZero() {
		s.since = now
	}
	if s.backoff == nil {
		s.backoff = backoff.NewExponentialBackOff(
			backoff.WithInitialInterval(min(minPause, s.maxElapsed/20)), backoff.WithMaxInterval(min(maxPause, s.maxElapsed/4)),
			backoff.WithRandomizationFactor(jitter), backoff.WithMaxElapsedTime(0),
		)
	}
	wait := s.backoff.NextBackOff()
	if retryAfter > 0 {
		wait = retryAfter
	}
	return m.extendPause(now, wait)
}

// Extend only lengthens the pause.
func (p *Pauser) Extend(now time.Time, retryAfter time.Duration) (total time.Duration) {
	p.m.mu.Lock()
	defer p.m.mu.Unlock()
	return p.m.extendPause(now, retryAfter)
}

// extendPause tells the other runs if the pause became longer.
func (m *Member) extendPause(now time.Time, wait time.Duration) (total time.Duration) {
	s := &m.pause
	if until := now.Add(wait); until.After(s.until) {
		s.until, s.unpublished = until, true
		m.renewSoon()
	}
	if s.since.IsZero() {
		return s.until.Sub(now)
	}
	return s.until.Sub(s.since)
}

// Until returns when the pause ends. While the lease is not valid that is a little later than now.
func (p *Pauser) Until() time.Time {
	m := p.m
	m.mu.Lock()
	defer m.mu.Unlock()
	if now := m.o.Now(); !m.isFresh(now) {
		m.renewSoon()
		return later(m.pause.until, now.Add(staleWait))
	}
	return m.pause.until
}

// Reset records an answer: the next pause without a Retry-After is short again, also that of the other runs.
func (p *Pauser) Reset() {
	p.m.mu.Lock()
	defer p.m.mu.Unlock()
	p.m.pause.answered = true
	p.m.pause.reset()
}

func (s *pause) reset() { s.since, s.backoff = time.Time{}, nil }

// takeAnswered reports whether a lease has to tell that this run got an answer.
func (s *pause) takeAnswered() bool {
	answered := s.answered
	s.answered = false
	return answered
}

// takeUnpublished returns for how long all runs must pause, if a lease has to tell it.
func (s *pause) takeUnpublished(now time.Time) time.Duration {
	if !s.unpublished {
		return 0
	}
	s.unpublished = false
	return max(0, s.until.Sub(now))
}

// keep lets the next lease tell what one that failed did not.
func (s *pause) keep(q *request) {
	s.unpublished = s.unpublished || q.pause > 0
	s.answered = s.answered || q.answered
}

// adopt takes the pause of the base URL, and whether other runs got answers since the last lease. own: this run told of one.
func (s *pause) adopt(until time.Time, answers int64, own bool) {
	s.until = later(s.until, until)
	if own {
		s.answers++
	}
	if s.known && answers > s.answers {
		s.reset()
	}
	s.answers, s.known = answers, true
}

// stopIfPausedTooLong stops the run if the API asked another run for a pause that this one may not wait for.
func (m *Member) stopIfPausedTooLong() {
	left := m.pause.until.Sub(m.o.Now())
	if left <= m.o.MaxElapsed {
		return
	}
	m.stopBy(contact.StopAPIDown, fmt.Sprintf("rate limited: the API asked another run to wait, and %s are left, longer than --max-elapsed (%s)",
		phrase.Duration(left.Round(time.Second)), phrase.Duration(m.o.MaxElapsed)))
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
