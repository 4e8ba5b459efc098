package client

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// parseRateLimit reads the header rate_limit: requests a minute (API.md, "Rate"), or what gateways make of it: digits in groups
// of three (1,000), a unit (1000/min), a window in seconds (1000;w=60), a list of which the first counts. It returns the
// zero Rate, which changes nothing, for everything else: a rate that is guessed too low stops a run for hours.
func parseRateLimit(s string) Rate {
	if plain, err := strconv.ParseUint(s, 10, 32); err == nil {
		return rateOf(float64(plain), time.Minute)
	}
	parts := rateLimitForm.FindStringSubmatch(strings.TrimSpace(s))
	if parts == nil {
		return Rate{}
	}
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '.' {
			return r
		}
		return -1
	}, parts[1])
	n, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		return Rate{}
	}
	per, window := time.Minute, parts[3]
	if window == "" && parts[2] == "" { // a list: the number, then the policies behind it
		if policy := rateLimitPolicy.FindStringSubmatch(parts[4]); policy != nil && policy[1] == digits {
			window = policy[2]
		}
	}
	switch {
	case parts[2] != "":
		per = unitOf(strings.ToLower(parts[2]))
	case window != "":
		seconds, err := strconv.ParseUint(window, 10, 31)
		if err != nil {
			return Rate{}
		}
		per = time.Duration(seconds) * time.Second
	}
	return rateOf(n, per)
}

// rateLimitForm is a number, then a unit or a window, then perhaps more of a list. Digits behind a point are taken only if they
// are one or two zeros: 1.000 is a thousand in half of the world. A list's next number does not begin with 0, or it is a group of
// this one.
var rateLimitForm = regexp.MustCompile(`(?i)^(\d+(?:\.0{1,2})?|\d{1,3}(?:[,'’_ \x{A0}\x{202F}]\d{3})+)(?:\s*(?:requests|calls))?` +
	`(?:\s*(?:/|per)\s*([a-z]+)|\s*;\s*w=(\d+))?\s*(,\s+[1-9].*|;.*)?$`)

// rateLimitPolicy is the first of a list's policies.
var rateLimitPolicy = regexp.MustCompile(`(?i)^,\s*(\d+)\s*;\s*w=(\d+)`)

// unitOf is the time that a unit names; 0: it names none.
func unitOf(name string) time.Duration {
	switch name {
	case "s", "sec", "second", "seconds":
		return time.Second
	case "m", "min", "minute", "minutes":
		return time.Minute
	case "h", "hr", "hour", "hours":
		return time.Hour
	case "d", "day", "days":
		return 24 * time.Hour
	}
	return 0
}

func rateOf(calls float64, per time.Duration) Rate {
	if calls < 1 || calls > maxRate || per <= 0 || per > 24*time.Hour {
		return Rate{}
	}
	return Rate{int(calls), per}
}

// maxRetryAfter is from when on a Retry-After is no wait but a mistake (such as a moment in seconds since 1970).
const maxRetryAfter = 24 * time.Hour

// parseRetryAfter reads how long the server wants to be left alone: seconds or an HTTP date. A date is counted from the
// server's own clock where it told it. 0: it did not say, or what it said is past, absurd or malformed.
func parseRetryAfter(h http.Header, now time.Time) time.Duration {
	s := strings.TrimSpace(h.Get("Retry-After"))
	if s == "" {
		return 0
	}
	var wait time.Duration
	if seconds, err := strconv.ParseFloat(s, 64); err == nil {
		if !(seconds > 0 && seconds <= maxRetryAfter.Seconds()) {
			return 0
		}
		wait = time.Duration(seconds * float64(time.Second))
	} else if at, err := http.ParseTime(s); err == nil {
		if server, err := http.ParseTime(h.Get("Date")); err == nil {
			now = server
		}
		wait = at.Sub(now)
	}
	if wait < 0 || wait > maxRetryAfter {
		return 0
	}
	return wait
}
