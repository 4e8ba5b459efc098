package fakeapi

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

const (
	// DefaultCredits is the credits of an account by default: more than any test can spend.
	DefaultCredits = 1_000_000_000
	// defaultRate is the rate_limit header by default: more than any client can send.
	defaultRate = 60_000_000
	// DefaultMatch is the share of contacts that are found.
	DefaultMatch = 0.8
	// MaxRate is the largest RateLimit: each call in the window is remembered.
	MaxRate = 1_000_000
	// MaxArrivals is the largest Arrivals.
	MaxArrivals = 10_000_000
)

// Options say how the stand-in behaves. The zero value is an API that works: any key is valid, and credits are plenty.
type Options struct {
	// Keys are the valid keys; none: any key that is not empty.
	Keys []string
	// RevokeAfter is the number of calls after which every call gets a 401; 0: never.
	RevokeAfter int64
	// RateLimit is how many calls are accepted in any RateWindow; those above it get a 429. 0: no limit.
	RateLimit int
	// RateWindow is the window of RateLimit; 0: a minute, as documented.
	RateWindow time.Duration
	// RateHeader is the text of the rate_limit header; empty: RateLimit, or defaultRate without one; "none": no header.
	RateHeader string
	// RetryAfter is the text of the Retry-After header of a 429 above RateLimit; empty: none, as documented.
	RetryAfter string
	// Credits is the account's credits; 0: DefaultCredits, negative: none.
	Credits int64
	// PaymentRequired answers 402 when the credits are used up, instead of a 200 with an error.
	PaymentRequired bool
	// Match is the share of contacts that are found, chosen by a hash of the contact; 0: DefaultMatch, negative: none.
	Match float64
	// Big and Odd are the shares of the found ones whose answer is hundreds of KiB, or is not as documented.
	Big, Odd float64
	// RequireField is "email" or "business_email": a request with another name for the address gets a 400. Empty: both
	// are valid.
	RequireField string
	// Latency is how long each answer takes; up to LatencyJitter is added to it, by a hash of the call's number.
	Latency, LatencyJitter time.Duration
	// Faults apply to calls by their number. The first that applies wins; one ordered by the address wins over all.
	Faults []Fault
	// Bulk is POST /contacts and its jobs.
	Bulk Bulk
	// Now is the clock of jobs and of RateLimit; nil: time.Now. Latencies and waits are always real.
	Now func() time.Time
	// Seed varies what is chosen by a hash: matches, shares, jitter.
	Seed int64
	// Uncounted turns off the count by contact, so that memory does not grow with the contacts.
	Uncounted bool
	// Arrivals is how many arrivals are kept with their times; 0: none.
	Arrivals int
	// TLS serves https with a self-signed certificate (see [Server.CA]), with HTTP/2 unless HTTP1 is set.
	TLS, HTTP1 bool
	// IdleTimeout closes a connection that waits longer for its next request; 0: never.
	IdleTimeout time.Duration
}

// A Fault applies to calls by their number, counted from 1 over all contacts. All conditions must be met: After 10 and First 5
// are the calls 11 to 15.
type Fault struct {
	// Kinds are the kinds of fault (see [Kinds]), spelled like the tag of an address. If there are several, a hash of the
	// call's number chooses one. With a count, as in 500x2, a fault applies to the first two calls of each contact.
	Kinds []string
	// After is how many first calls are left alone.
	After int64
	// First is to how many calls after those it may apply; 0: all.
	First int64
	// Every is n if it applies only to every n-th of them; 0: to each.
	Every int64
	// Share is to which share of them it applies, chosen by a hash of the call's number; 0: to all.
	Share float64
}

// Validate refuses options that contradict themselves or are out of range.
func (o *Options) Validate() error {
	for _, share := range []struct {
		name  string
		value float64
	}{{"the share of matches", o.Match}, {"the share of big answers", o.Big}, {"the share of odd answers", o.Odd}} {
		if !(share.value <= 1) {
			return fmt.Errorf("%s is %v: expected at most 1", share.name, share.value)
		}
	}
	switch {
	case o.RateLimit < 0 || o.RateLimit > MaxRate:
		return fmt.Errorf("the rate limit is %d: expected 0 to %d", o.RateLimit, MaxRate)
	case o.Arrivals < 0 || o.Arrivals > MaxArrivals:
		return fmt.Errorf("arrivals is %d: expected 0 to %d", o.Arrivals, MaxArrivals)
	case o.RevokeAfter < 0 || o.RateWindow < 0 || o.Latency < 0 || o.LatencyJitter < 0 || o.IdleTimeout < 0:
		return errors.New("a negative count or time")
	case o.RequireField != "" && o.RequireField != "email" && o.RequireField != "business_email":
		return fmt.Errorf("the required field is %q: expected email or business_email", o.RequireField)
	}
	if err := o.Bulk.validate(); err != nil {
		return err
	}
	_, err := prepare(o.Faults, onContact)
	return err
}

// rateHeader returns the rate_limit header, or "" for none.
func (o *Options) rateHeader() string {
	switch {
	case o.RateHeader == "none":
		return ""
	case o.RateHeader != "":
		return o.RateHeader
	case o.RateLimit > 0:
		return strconv.Itoa(o.RateLimit)
	}
	return strconv.Itoa(defaultRate)
}
