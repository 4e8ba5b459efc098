package client

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// parseRateLimit parses the header rate_limit: requests per minute, as the API documents it, or a form that gateways use: digits in
// groups of three (1,000), a unit (1000/min), a window in seconds (1000;w=60), a list of which the first counts. For anything
// else it returns the zero Rate, which changes nothing: a rate that is guessed too low would stop a run for hours.
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
	if window == "" && parts[2] == "" { // a list: the number, then its policies
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

// rateLimitForm is a number, then a unit or a window, then perhaps the rest of a list. A decimal point is accepted only before
// one or two zeros: 1.000 is a thousand in half of the world. The next number of a list does not begin with 0: that would be a
// group of this number.
var rateLimitForm = regexp.MustCompile(`(?i)^(\d+(?:\.0{1,2})?|\d{1,3}(?:[,'’_ \x{A0}\x{202F}]\d{3})+)(?:\s*(?:requests|calls))?` +
	`(?:\s*(?:/|per)\s*([a-z]+)|\s*;\s*w=(\d+))?\s*(,\s+[1-9].*|;.*)?$`)

// rateLimitPolicy is the first policy of a list.
var rateLimitPolicy = regexp.MustCompile(`(?i)^,\s*(\d+)\s*;\s*w=(\d+)`)

// unitOf returns the length of a unit of time; 0 if it is not one.
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

// maxRetryAfter is the longest Retry-After that is believed. A longer one is a mistake, such as the seconds since 1970.
const maxRetryAfter = 24 * time.Hour

// parseRetryAfter returns how long a response asks the client to wait: seconds or an HTTP date, which is relative to the
// server's clock (Date) if that is known. It returns 0 if the header is missing, past, malformed or too long.
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
