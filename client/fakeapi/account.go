package fakeapi

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// An account has the valid keys and the credits left.
type account struct {
	keys    map[string]bool // empty: any key is valid
	credits *atomic.Int64
}

func newAccount(o Options) account {
	a := account{keys: map[string]bool{}, credits: new(atomic.Int64)}
	for _, key := range o.Keys {
		a.keys[key] = true
	}
	a.credits.Store(max(0, o.Credits))
	if o.Credits == 0 {
		a.credits.Store(DefaultCredits)
	}
	return a
}

// knows reports whether an Authorization header has a valid key.
func (a *account) knows(authorization string) bool {
	key, ok := strings.CutPrefix(authorization, "Bearer ")
	if !ok || key == "" || strings.TrimSpace(key) != key {
		return false
	}
	return len(a.keys) == 0 || a.keys[key]
}

// charge takes a credit and returns how many are left. It returns false if there was none.
func (a *account) charge() (left int64, ok bool) {
	for {
		n := a.credits.Load()
		if n <= 0 {
			return 0, false
		}
		if a.credits.CompareAndSwap(n, n-1) {
			return n - 1, true
		}
	}
}

// A rateWindow limits the calls in every window of time, wherever it begins. That is stricter than a token bucket.
type rateWindow struct {
	size time.Duration

	mu    sync.Mutex
	taken []time.Time // when the last calls were accepted: a ring as long as the limit; next is the oldest
	next  int
}

func newRateWindow(o *Options) *rateWindow {
	if o.RateLimit == 0 {
		return nil
	}
	size := o.RateWindow
	if size == 0 {
		size = time.Minute
	}
	return &rateWindow{size: size, taken: make([]time.Time, o.RateLimit)}
}

// take reports whether a call is within the limit. A call above the limit does not count.
func (w *rateWindow) take(now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if oldest := w.taken[w.next]; !oldest.IsZero() && now.Sub(oldest) < w.size {
		return false
	}
	w.taken[w.next] = now
	w.next = (w.next + 1) % len(w.taken)
	return true
}
