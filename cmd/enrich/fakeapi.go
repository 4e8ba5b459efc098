package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"enrich/client/fakeapi"
)

const (
	longFakeapi = `Serves a stand-in for the API on a loopback port, prints its URL as the only line on standard output,
and ends by itself after --for, or on a signal. Give it to run as --url; any key is good, unless --key
says which. GET /_stats tells what was called and charged, as JSON.

The address asked for can order a fault: ann+500@x.example always gets a 500, ann+500x2@x.example gets
two of them and then an answer, ann+500x2+429x1+nomatch@x.example each in turn. --fault orders the same
for calls by their number. What breaks after the question was heard is charged all the same, as is a
spoilt answer whose status says that all went well. What can be ordered:
`

	exampleFakeapi = `  enrich fakeapi
  enrich fakeapi --key secret --credits 100 --rate-limit 300
  enrich fakeapi --fault 500 --fault-after 10 --fault-first 5
  enrich fakeapi --fault reset --fault 503 --fault-share 0.05 --seed 7`
)

// apiSettings are the flags of fakeapi as they were given.
type apiSettings struct {
	addr, tls                string
	life                     time.Duration
	keys                     []string
	revokeAfter              int64
	rateLimit                int64
	rateWindow               time.Duration
	rateHeader, retryAfter   string
	credits                  int64
	paymentRequired          bool
	match, big, odd          float64
	requireField             string
	latency, jitter, idle    time.Duration
	faults                   []string
	faultAfter, first, every int64
	share                    float64
	seed                     int64
	countContacts, http1     bool
	arrivals                 int64
}

// fakeapiFlags makes the command with its flags, which the tests' scripts use as well, to start one in their process.
func fakeapiFlags(s *apiSettings) *cobra.Command {
	*s = apiSettings{addr: "127.0.0.1:0", life: 12 * time.Hour, rateWindow: time.Minute, credits: fakeapi.DefaultCredits}
	cmd := &cobra.Command{
		Use: "fakeapi [flags]", Short: "A stand-in for the API on a loopback port, with faults to order",
		Long: longFakeapi + kindsText(), Example: exampleFakeapi, Args: cobra.NoArgs,
	}
	cmd.Flags().SortFlags = false
	s.serverFlags(cmd)
	s.accountFlags(cmd)
	s.answerFlags(cmd)
	s.faultFlags(cmd)
	return cmd
}

func (s *apiSettings) serverFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.addr, "addr", s.addr, "`HOST:PORT` to serve at, on loopback; port 0 takes a free one")
	f.Var(span{value: &s.life, min: time.Millisecond}, "for", "how long to serve")
	f.Var(filePath{&s.tls}, "tls", "serve https and HTTP/2, and write the certificate to trust to `FILE`")
	f.BoolVar(&s.http1, "http1", false, "with --tls: HTTP/1.1 only")
	f.Var(span{value: &s.idle}, "close-idle", "close a connection that waits so long for its next request (default: never)")
	f.BoolVar(&s.countContacts, "count-contacts", true, "count calls by contact; false keeps the memory small")
	f.Var(number{&s.arrivals, 0, fakeapi.MaxArrivals}, "arrivals", "keep so many arrivals with their times, for /_stats")
}

func (s *apiSettings) accountFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&s.keys, "key", nil, "`KEY` that is good; repeatable (default: any is)")
	f.Var(number{&s.revokeAfter, 0, 1 << 50}, "revoke-after", "answer 401 to all calls after the first n (default: never)")
	f.Var(number{&s.rateLimit, 0, fakeapi.MaxRate}, "rate-limit", "calls at most in any minute, said in the rate_limit header; a 429 above it (default: none)")
	f.Var(span{value: &s.rateWindow, min: time.Millisecond}, "rate-window", "instead of that minute; the header says the same")
	f.StringVar(&s.rateHeader, "rate-header", "", "`TEXT` of the rate_limit header; none leaves it out (default: --rate-limit)")
	f.StringVar(&s.retryAfter, "retry-after", "", "`TEXT` of the Retry-After header of a 429 above --rate-limit (default: no such header)")
	f.Var(number{&s.credits, 0, 1 << 50}, "credits", "of the account; a match takes one")
	f.BoolVar(&s.paymentRequired, "payment-required", false, "out of credits is a 402, not a 200 with an error")
}

func (s *apiSettings) answerFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.Float64Var(&s.match, "match", fakeapi.DefaultMatch, "`SHARE` of the contacts that are found, 0 to 1; the same ones each time")
	f.Float64Var(&s.big, "big", 0, "`SHARE` of them whose answer has 400 KiB")
	f.Float64Var(&s.odd, "odd", 0, "`SHARE` of them whose answer is not as documented")
	f.Var(choice{&s.requireField, []string{"email", "business_email"}}, "require-field", "the only good name of the address; a 400 for the other (default: both are good)")
	f.Var(span{value: &s.latency}, "latency", "of each answer")
	f.Var(span{value: &s.jitter}, "latency-jitter", "up to so much is added to it")
}

func (s *apiSettings) faultFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&s.faults, "fault", nil, "`KIND` that happens to calls, of those listed above; of several, one at random; 500x2: to each contact's first two")
	f.Var(number{&s.faultAfter, 0, 1 << 50}, "fault-after", "leave the first n calls alone")
	f.Var(number{&s.first, 0, 1 << 50}, "fault-first", "for n calls only (default: for all)")
	f.Var(number{&s.every, 0, 1 << 50}, "fault-every", "for each n-th of those only")
	f.Float64Var(&s.share, "fault-share", 0, "for a `SHARE` of those only, at random, 0 to 1")
	f.Int64Var(&s.seed, "seed", 0, "`N` that varies all that is at random")
}

// options checks what was given.
func (s *apiSettings) options() (fakeapi.Options, error) {
	o := fakeapi.Options{
		Keys: s.keys, RevokeAfter: s.revokeAfter, RateLimit: int(s.rateLimit), RateWindow: s.rateWindow, RateHeader: s.rateHeader,
		RetryAfter: s.retryAfter, Credits: orNone(s.credits), PaymentRequired: s.paymentRequired, Match: orNone(s.match),
		Big: s.big, Odd: s.odd, RequireField: s.requireField, Latency: s.latency, LatencyJitter: s.jitter, Seed: s.seed,
		Uncounted: !s.countContacts, Arrivals: int(s.arrivals), TLS: s.tls != "", HTTP1: s.http1, IdleTimeout: s.idle,
	}
	selected := s.faultAfter != 0 || s.first != 0 || s.every != 0 || s.share != 0
	switch {
	case len(s.faults) > 0:
		o.Faults = []fakeapi.Fault{{Kinds: s.faults, After: s.faultAfter, First: s.first, Every: s.every, Share: s.share}}
	case selected:
		return o, usage(errors.New("name the fault with --fault"))
	}
	for name, share := range map[string]float64{"match": s.match, "big": s.big, "odd": s.odd, "fault-share": s.share} {
		if !(share >= 0 && share <= 1) {
			return o, usage(fmt.Errorf("--%s: expected a share from 0 to 1", name))
		}
	}
	return o, usage(o.Validate())
}

// orNone tells 0 as the stand-in's options do, whose 0 is the default.
func orNone[T int64 | float64](n T) T {
	if n == 0 {
		return -1
	}
	return n
}

func fakeapiCommand(w world) *cobra.Command {
	var s apiSettings
	cmd := fakeapiFlags(&s)
	cmd.RunE = func(*cobra.Command, []string) error { return serve(w, &s) }
	return cmd
}

// serve is up until a signal comes or its time is over.
func serve(w world, s *apiSettings) error {
	o, err := s.options()
	if err != nil {
		return err
	}
	patience := watch(w, nil)
	defer patience.close()
	api, err := fakeapi.Listen(patience.ctx, s.addr, o)
	if err != nil {
		return usage(err)
	}
	defer api.Close()
	if s.tls != "" {
		if err := os.WriteFile(s.tls, api.CA(), 0o600); err != nil {
			return usage(fmt.Errorf("--tls: %w", err))
		}
	}
	if _, err := fmt.Fprintln(w.stdout, api.URL); err != nil {
		return fmt.Errorf("write standard output: %w", err)
	}
	over := time.NewTimer(s.life)
	defer over.Stop()
	select {
	case <-over.C:
	case <-patience.ctx.Done():
	}
	stats := api.Stats()
	_, _ = fmt.Fprintf(w.stderr, "%s, %s charged\n", many(stats.Calls, "call"), many(stats.Charged, "credit")) // the count is told at /_stats as well
	if sig := patience.signal(); sig != nil {
		return ending(interruption{sig}.code())
	}
	return nil
}

// kindsText lists what can be ordered, one a line.
func kindsText() string {
	var b strings.Builder
	for _, k := range fakeapi.Kinds() {
		fmt.Fprintf(&b, "\n  %-15s  %s", k.Name, k.What)
	}
	return b.String()
}
