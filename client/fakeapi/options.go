package fakeapi

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

const (
	// DefaultCredits is what an account holds where nothing else is said: more than any test can spend.
	DefaultCredits = 1_000_000_000
	// DefaultRate is what the rate_limit header says where nothing else is said: more than any client can send.
	DefaultRate = 60_000_000
	// DefaultMatch is the share of contacts that are found.
	DefaultMatch = 0.8
	// MaxRate bounds RateLimit, because each call in the window is remembered.
	MaxRate = 1_000_000
	// MaxArrivals bounds Arrivals.
	MaxArrivals = 10_000_000
)

// Options say how the stand-in behaves. The zero value is an API that works: any key is good, credits are plenty.
type Options struct {
	// Keys are the good ones; none: any that is not empty.
	Keys []string
	// RevokeAfter answers 401 to every call after so many; 0: never.
	RevokeAfter int64
	// RateLimit is how many calls are taken in any RateWindow; those above it get a 429. 0: no limit.
	RateLimit int
	// RateWindow is a minute (API.md) where it is 0; tests may want less.
	RateWindow time.Duration
	// RateHeader is the text of the rate_limit header; empty: RateLimit, or DefaultRate without one; "none": no header.
	RateHeader string
	// RetryAfter is the text of the Retry-After header of a 429 above RateLimit; empty: none, as documented.
	RetryAfter string
	// Credits are what the account holds; 0: DefaultCredits, negative: none.
	Credits int64
	// PaymentRequired answers 402 when the credits are used up, instead of a 200 with an error.
	PaymentRequired bool
	// Match is the share of contacts that are found, chosen by a hash of the contact; 0: DefaultMatch, negative: none.
	Match float64
	// Big and Odd are the shares of the found ones whose answer is hundreds of KiB, or is not as documented.
	Big, Odd float64
	// RequireField is "email" or "business_email": a request that calls the address otherwise gets a 400. Empty: both
	// are good.
	RequireField string
	// Latency is how long each answer takes; up to LatencyJitter is added to it, by a hash of the call's number.
	Latency, LatencyJitter time.Duration
	// Faults happen to calls by their number. The first that applies does; one ordered by the address comes before all.
	Faults []Fault
	// Seed varies what is chosen by hash: matches, shares, jitter.
	Seed int64
	// Uncounted keeps no count by contact, so that memory does not grow with the contacts.
	Uncounted bool
	// Arrivals is how many arrivals are kept with their times; 0: none.
	Arrivals int
	// TLS serves https with a certificate of its own (see [Server.CA]), HTTP/2 included unless HTTP1 is set.
	TLS, HTTP1 bool
	// IdleTimeout closes a connection that waits longer for its next request; 0: never.
	IdleTimeout time.Duration
}

// A Fault happens to calls by their number, counted from 1 over all contacts. Its conditions hold together: After 10
// and First 5 are the calls 11 to 15.
type Fault struct {
	// Kinds are what happens (see [Kinds]), in the spelling of an address's tag; of several, a hash of the call's
	// number chooses one. With a count, as in 500x2, it happens to so many first calls of each contact.
	Kinds []string
	// After leaves so many first calls alone.
	After int64
	// First is how many calls after those it may happen to; 0: all.
	First int64
	// Every is that only each n-th of them is meant; 0: each.
	Every int64
	// Share is which share of them is meant, chosen by a hash of the call's number; 0: all.
	Share float64
}

// Validate says what cannot be meant.
func (o *Options) Validate() error {
	for _, share := range []struct {
		name  string
		value float64
	}{{"the share of matches", o.Match}, {"the share of big answers", o.Big}, {"the share of odd answers", o.Odd}} {
		if !(share.value <= 1) {
			return fmt.Errorf("%s: want at most 1", share.name)
		}
	}
	switch {
	case o.RateLimit < 0 || o.RateLimit > MaxRate:
		return fmt.Errorf("the rate limit: want 0 to %d", MaxRate)
	case o.Arrivals < 0 || o.Arrivals > MaxArrivals:
		return fmt.Errorf("arrivals: want 0 to %d", MaxArrivals)
	case o.RevokeAfter < 0 || o.RateWindow < 0 || o.Latency < 0 || o.LatencyJitter < 0 || o.IdleTimeout < 0:
		return errors.New("a negative count or time")
	case o.RequireField != "" && o.RequireField != "email" && o.RequireField != "business_email":
		return fmt.Errorf("the required field %q: want email or business_email", o.RequireField)
	}
	_, err := prepare(o.Faults)
	return err
}

// rateHeader is the header's text; "": no header.
func (o *Options) rateHeader() string {
	switch {
	case o.RateHeader == "none":
		return ""
	case o.RateHeader != "":
		return o.RateHeader
	case o.RateLimit > 0:
		return strconv.Itoa(o.RateLimit)
	}
	return strconv.Itoa(DefaultRate)
}
