package client

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// absurdHint is from when on a Retry-After is no wait but a mistake (such as a moment in seconds since 1970).
const absurdHint = 24 * time.Hour

// retryAfter reads how long the server wants to be left alone: seconds or an HTTP date. A date is counted from the
// server's own clock where it told it. 0: it did not say, or what it said is past, absurd or malformed.
func retryAfter(h http.Header, now time.Time) time.Duration {
	s := strings.TrimSpace(h.Get("Retry-After"))
	if s == "" {
		return 0
	}
	var wait time.Duration
	if seconds, err := strconv.ParseFloat(s, 64); err == nil {
		if !(seconds > 0 && seconds <= absurdHint.Seconds()) {
			return 0
		}
		wait = time.Duration(seconds * float64(time.Second))
	} else if at, err := http.ParseTime(s); err == nil {
		if server, err := http.ParseTime(h.Get("Date")); err == nil {
			now = server
		}
		wait = at.Sub(now)
	}
	if wait < 0 || wait > absurdHint {
		return 0
	}
	return wait
}
