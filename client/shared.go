package client

import "time"

// The rate and the pause of an account can be shared by several machines: then their state is in the shared ledger. What each
// machine does itself (the first calls, the breaker, slow start) is not shared, and a stop is the pipeline's to share.
//
// The methods are called under the account's lock and must not block: what other machines did is fetched before.

// A Limiter spaces the calls of an account. See [Options.Limiter].
type Limiter interface {
	// SetRate adopts the rate that a response states (header rate_limit): at most this number of calls in any span of this length.
	SetRate(now time.Time, calls int, per time.Duration)
	// Take takes one call, or returns how long to wait before the next Take.
	Take(now time.Time) (wait time.Duration)
	// Delay returns how long it will be until a call can be taken; 0: now. It only informs.
	Delay(now time.Time) time.Duration
}

// A Pauser holds back all calls of an account after a 429. See [Options.Pauser].
type Pauser interface {
	// Begin pauses after a 429: for retryAfter, or for longer than the time before if the response did not say (0). Extend only
	// lengthens the pause, after a 429 to a call that was in flight when the pause began. Both return the total time from
	// the first 429 since an answer to the end of the pause.
	Begin(now time.Time, retryAfter time.Duration) (total time.Duration)
	Extend(now time.Time, retryAfter time.Duration) (total time.Duration)
	// Until returns when the pause ends. There is none if that is not after now.
	Until() time.Time
	// Reset records an answer: the next pause without a Retry-After is short again.
	Reset()
}
