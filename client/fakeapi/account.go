package fakeapi

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// An account is what is behind a key: whether it is good, and how many credits it has.
type account struct {
	keys    map[string]bool // empty: any key is good
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

// knows says whether an Authorization header holds a good key.
func (a *account) knows(authorization string) bool {
	key, ok := strings.CutPrefix(authorization, "Bearer ")
	if !ok || key == "" || strings.TrimSpace(key) != key {
		return false
	}
	return len(a.keys) == 0 || a.keys[key]
}

// charge takes a credit and returns how many are left; false: there was none.
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

// A window holds when the last calls were taken: the limit is kept in every window of time, wherever it begins, which
// is stricter than a bucket that fills up.
type window struct {
	size time.Duration

	mu    sync.Mutex
	taken []time.Time // a ring of as many as the limit; next is the oldest
	next  int
}

func newWindow(o Options) *window {
	if o.RateLimit == 0 {
		return nil
	}
	size := o.RateWindow
	if size == 0 {
		size = time.Minute
	}
	return &window{size: size, taken: make([]time.Time, o.RateLimit)}
}

// take says whether a call is within the limit; only then does it count.
func (w *window) take(now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if oldest := w.taken[w.next]; !oldest.IsZero() && now.Sub(oldest) < w.size {
		return false
	}
	w.taken[w.next] = now
	w.next = (w.next + 1) % len(w.taken)
	return true
}
