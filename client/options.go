package client

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Defaults of [Options].
const (
	defaultWorkers     = 32
	defaultTimeout     = time.Minute
	defaultMaxAttempts = 5
	defaultMaxElapsed  = 2 * time.Minute
)

// Options say which API is asked, and how hard. URL and Key must be set; the zero value of everything else has a meaning.
type Options struct {
	// URL is the API's base URL, normalised by contact.NormalURL; /contact is appended.
	URL string
	// Key goes into the Authorization header, and nowhere else.
	Key Key
	// EmailAs is the outgoing name of the address; "": email.
	EmailAs string
	// Set is what every request has alike.
	Set Constants
	// Workers is how many calls are in flight at most; 0: 32. It sizes the connections that are kept, and is no lock:
	// the caller runs so many [Client.Ask] at once.
	Workers int
	// Rate bounds the calls; the zero Rate: what the API's header rate_limit says.
	Rate Rate
	// Timeout bounds one call, from the connection to the last byte of the answer; 0: a minute.
	Timeout time.Duration
	// MaxAttempts bounds the calls of one row; 0: 5. Calls answered by 429, and probes of an API that is down, are not counted.
	MaxAttempts int
	// MaxElapsed bounds the attempts of one row with the waits between them, and how long an API may be down or ask to
	// wait before the run is stopped; 0: two minutes.
	MaxElapsed time.Duration
	// Proxy says which proxy the calls go through; the zero Proxy: none.
	Proxy Proxy
	// CAFile names PEM certificates to trust beside the system's; "": none.
	CAFile string
	// UserAgent is the header of that name; "": enrich.
	UserAgent string
	// Latencies keeps the latencies also for [Client.Latencies].
	Latencies bool
	// AnswerMemory bounds the memory for answers, in bytes: those that are read, and those whose [contact.Result.Release] has not
	// been called. What has no room while it is read goes to a temporary file. The bound is never below what the workers
	// and one answer of 1 MiB need. 0: no bound, and no temporary file.
	AnswerMemory int64
	// OnLargeAnswer is called once, before the first answer that is larger than 16 KiB is held in memory; nil: nobody is told.
	OnLargeAnswer func()
	// Log gets a line for each attempt; nil: none.
	Log *slog.Logger

	transport http.RoundTripper // in place of the network, for tests
	resolver  *net.Resolver     // in place of the system's, for tests
}

// A Proxy leads to the API.
type Proxy struct {
	// For returns the proxy for a URL, or nil for none; nil: no URL has one.
	For func(*url.URL) (*url.URL, error)
	// Variable is the environment variable that named it, for messages, which never show its value.
	Variable string
}

// withDefaults fills in what was left out, and refuses what cannot be.
func (o Options) withDefaults() (Options, error) {
	if o.URL == "" {
		return o, errors.New("no URL of the API")
	}
	if o.Key.secret == "" {
		return o, fmt.Errorf("%w is missing", ErrKey)
	}
	if o.Workers < 0 || o.Timeout < 0 || o.MaxAttempts < 0 || o.MaxElapsed < 0 || o.AnswerMemory < 0 {
		return o, errors.New("a negative number of workers, attempts or bytes, or a negative time")
	}
	o.EmailAs = or(o.EmailAs, "email")
	o.UserAgent = or(o.UserAgent, "enrich")
	o.Workers = or(o.Workers, defaultWorkers)
	o.Timeout = or(o.Timeout, defaultTimeout)
	o.MaxAttempts = or(o.MaxAttempts, defaultMaxAttempts)
	o.MaxElapsed = or(o.MaxElapsed, defaultMaxElapsed)
	return o, nil
}

// or is a, or b where a is the zero value.
func or[T comparable](a, b T) T {
	var zero T
	if a == zero {
		return b
	}
	return a
}
