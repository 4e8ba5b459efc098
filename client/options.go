package client

import (
	"cmp"
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

// Options configure a [Client]. URL and Key are required.
type Options struct {
	// URL is the API's base URL, normalised by contact.NormalURL. Requests go to URL + "/contact", those of bulk jobs to
	// URL + "/contacts" and below.
	URL string
	// Key is sent in the Authorization header, and nowhere else.
	Key Key
	// EmailAs is the request field for the e-mail address; "": email, and business_email in a bulk job.
	EmailAs string
	// Set has the constant fields of every request.
	Set Constants
	// Workers is the maximum number of calls in flight; 0: 32. The client keeps as many connections, and leaves the bound to its
	// caller, who must not run more calls of [Client.Ask] at once.
	Workers int
	// Rate limits the calls; the zero Rate: to what the API states (header rate_limit).
	Rate Rate
	// Limiter and Pauser keep the account's rate and pause; nil: for this machine alone. A Limiter replaces Rate.
	Limiter Limiter
	Pauser  Pauser
	// Timeout bounds one call, from the connection to the last byte of the answer; 0: a minute.
	Timeout time.Duration
	// MaxAttempts bounds the calls of one row; 0: 5. A 429 is not an attempt, nor is a probe of an API that is down.
	MaxAttempts int
	// MaxElapsed bounds the attempts of one row with the delays between them; 0: two minutes. If the API is down, or asks to
	// wait, for longer than this, the run stops.
	MaxElapsed time.Duration
	// Proxy chooses a proxy; the zero Proxy: none.
	Proxy Proxy
	// CAFile names a file of PEM certificates to trust in addition to the system's; "": none.
	CAFile string
	// UserAgent is the header of this name; "": enrich.
	UserAgent string
	// Latencies enables [Client.Latencies].
	Latencies bool
	// AnswerMemory bounds the memory for answers in bytes: those being read, and those not yet released with
	// [contact.Result.Release]. While an answer is read, what has no room goes to a temporary file. The bound is at least what
	// the workers and one answer of 1 MiB need. 0: no bound, and no temporary file.
	AnswerMemory int64
	// OnLargeAnswer is called once, before the first answer above 16 KiB is held in memory; nil: it is not called.
	OnLargeAnswer func()
	// OnUnsolicited is called once, if the server, or a proxy on the way to it, sends more than its responses over HTTP/1. Each
	// request has a connection of its own from then on. nil: it is not called.
	OnUnsolicited func()
	// Log gets a line for each attempt; nil: no log.
	Log *slog.Logger

	jobEmailAs string // EmailAs in a bulk job

	transport http.RoundTripper // replaces the network in tests
	resolver  *net.Resolver     // replaces the system's in tests
}

// A Proxy is the way to the API.
type Proxy struct {
	// For returns the proxy for a URL, or nil for none; nil: there is never one.
	For func(*url.URL) (*url.URL, error)
	// Variable is the environment variable that names the proxy. Messages show the variable, never its value.
	Variable string
}

// withDefaults fills in the defaults, and refuses invalid options.
func (o Options) withDefaults() (Options, error) {
	if o.URL == "" {
		return o, errors.New("API URL is missing")
	}
	if o.Key.secret == "" {
		return o, fmt.Errorf("%w is missing", ErrKey)
	}
	for _, option := range []struct {
		name  string
		value int64
	}{
		{"Workers", int64(o.Workers)},
		{"Timeout", int64(o.Timeout)},
		{"MaxAttempts", int64(o.MaxAttempts)},
		{"MaxElapsed", int64(o.MaxElapsed)},
		{"AnswerMemory", o.AnswerMemory},
	} {
		if option.value < 0 {
			return o, fmt.Errorf("option %s is negative", option.name)
		}
	}
	o.jobEmailAs = cmp.Or(o.EmailAs, "business_email")
	o.EmailAs = cmp.Or(o.EmailAs, "email")
	o.UserAgent = cmp.Or(o.UserAgent, "enrich")
	o.Workers = cmp.Or(o.Workers, defaultWorkers)
	o.Timeout = cmp.Or(o.Timeout, defaultTimeout)
	o.MaxAttempts = cmp.Or(o.MaxAttempts, defaultMaxAttempts)
	o.MaxElapsed = cmp.Or(o.MaxElapsed, defaultMaxElapsed)
	return o, nil
}
