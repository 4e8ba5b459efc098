package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"enrich/client/fakeapi"
	"enrich/cmd/enrich/internal/console"
	"enrich/cmd/enrich/internal/problem"
	"enrich/cmd/enrich/internal/settings"
	"enrich/cmd/enrich/internal/shutdown"
)

const (
	longFakeapi = `Serves a stand-in for the API on a loopback port, prints its URL as the only line on standard output,
and stops after --for or on a signal. Pass the URL to run as --url; any key is accepted unless --key
is given. GET /_stats returns the calls and credits so far, as JSON. Jobs (POST /contacts) are served too:
their contacts are charged when the job is accepted.

An e-mail address can order a fault: ann+500@x.example always gets a 500; ann+500x2@x.example gets two,
then an answer; ann+500x2+429x1+nomatch@x.example gets each in turn. --fault does the same for calls by
number, and --submit-fault, --poll-fault and --job-fault for jobs. A fault after the request was received
is charged, and so is a corrupt answer with status 200. The kinds of fault:
`

	submitFakeapi = `

--submit-fault, --poll-fault and --job-fault accept these kinds except match to missmissing. With a
kind of --submit-fault alone, the job is accepted and the answer has:
`

	jobFakeapi = `

For a job that is done, --job-fault accepts size and:
`

	exampleFakeapi = `  enrich fakeapi
  enrich fakeapi --key secret --credits 100 --rate-limit 300
  enrich fakeapi --fault 500 --fault-after 10 --fault-first 5
  enrich fakeapi --fault reset --fault 503 --fault-share 0.05 --seed 7
  enrich fakeapi --job-time 2s --job-limit 1000 --submit-fault closex1 --job-fault shuffle`
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
	jobs                     jobSettings
	countContacts, http1     bool
	arrivals                 int64
}

// jobSettings are the flags of fakeapi for POST /contacts.
type jobSettings struct {
	time, contactTime, life               time.Duration
	limit, limitStatus                    int64
	field, retryAfter                     string
	unpaidMissing                         bool
	submitFaults, pollFaults, finalFaults []string
}

// fakeapiFlags makes the command with its flags, which the tests' scripts use as well, to start one in their process.
func fakeapiFlags(s *apiSettings) *cobra.Command {
	*s = apiSettings{addr: "127.0.0.1:0", life: 12 * time.Hour, rateWindow: time.Minute, credits: fakeapi.DefaultCredits}
	cmd := &cobra.Command{
		Use: "fakeapi [flags]", Short: "Serve a stand-in for the API on a loopback port, with faults on demand",
		Long: longFakeapi + kindsText(fakeapi.Kinds()) + submitFakeapi + kindsText(fakeapi.SubmitKinds()) + jobFakeapi + kindsText(fakeapi.JobKinds()), Example: exampleFakeapi, Args: cobra.NoArgs,
	}
	cmd.Flags().SortFlags = false
	s.serverFlags(cmd)
	s.accountFlags(cmd)
	s.answerFlags(cmd)
	s.jobs.flags(cmd)
	s.faultFlags(cmd)
	return cmd
}

func (s *apiSettings) serverFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.addr, "addr", s.addr, "listen on `HOST:PORT`, which must be loopback; port 0 picks a free one")
	f.Var(settings.Duration{Value: &s.life, Min: time.Millisecond}, "for", "stop after this long")
	f.Var(settings.Path{Value: &s.tls}, "tls", "serve HTTPS and HTTP/2, and write the CA certificate to `FILE`")
	f.BoolVar(&s.http1, "http1", false, "with --tls, serve HTTP/1.1 only")
	f.Var(settings.Duration{Value: &s.idle}, "close-idle", "close a connection that is idle for this long (default: never)")
	f.BoolVar(&s.countContacts, "count-contacts", true, "count calls per contact; false saves memory")
	f.Var(settings.Number{Value: &s.arrivals, Min: 0, Max: fakeapi.MaxArrivals}, "arrivals", "record the times of up to `N` calls for /_stats")
}

func (s *apiSettings) accountFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&s.keys, "key", nil, "accept this `KEY`; repeatable (default: accept any)")
	f.Var(settings.Number{Value: &s.revokeAfter, Min: 0, Max: 1 << 50}, "revoke-after", "answer 401 to all calls after the first `N` (default: never)")
	f.Var(settings.Number{Value: &s.rateLimit, Min: 0, Max: fakeapi.MaxRate}, "rate-limit", "answer 429 above `N` calls a minute, and send the rate_limit header (default: no limit)")
	f.Var(settings.Duration{Value: &s.rateWindow, Min: time.Millisecond}, "rate-window", "use this window for --rate-limit instead of a minute")
	f.StringVar(&s.rateHeader, "rate-header", "", "`TEXT` of the rate_limit header; none omits it (default: from --rate-limit)")
	f.StringVar(&s.retryAfter, "retry-after", "", "`TEXT` of the Retry-After header of these 429s (default: no header)")
	f.Var(settings.Number{Value: &s.credits, Min: 0, Max: 1 << 50}, "credits", "credits of the account; a match costs one")
	f.BoolVar(&s.paymentRequired, "payment-required", false, "when out of credits, answer 402 instead of 200 with an error")
}

func (s *apiSettings) answerFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.Float64Var(&s.match, "match", fakeapi.DefaultMatch, "`SHARE` of contacts that match, 0 to 1; always the same ones")
	f.Float64Var(&s.big, "big", 0, "`SHARE` of these whose answer is 400 KiB long")
	f.Float64Var(&s.odd, "odd", 0, "`SHARE` of these whose answer is not as documented")
	f.Var(settings.Choice{Value: &s.requireField, Words: []string{"email", "business_email"}}, "require-field", "accept only this field for the e-mail address, and answer 400 to the other (default: accept both)")
	f.Var(settings.Duration{Value: &s.latency}, "latency", "delay of each answer")
	f.Var(settings.Duration{Value: &s.jitter}, "latency-jitter", "random delay added to --latency, at most this long")
}

func (s *jobSettings) flags(cmd *cobra.Command) {
	*s = jobSettings{life: fakeapi.DefaultJobLife, limit: fakeapi.MaxJobContacts, limitStatus: http.StatusBadRequest, field: "business_email"}
	f := cmd.Flags()
	f.Var(settings.Duration{Value: &s.time}, "job-time", "how long a job of POST /contacts takes")
	f.Var(settings.Duration{Value: &s.contactTime}, "job-contact-time", "how much longer for each of its contacts")
	f.Var(settings.Duration{Value: &s.life, Min: time.Second}, "job-life", "how long after its submission a job expires; rounded up to whole seconds")
	f.Var(settings.Number{Value: &s.limit, Min: 1, Max: fakeapi.MaxJobContacts}, "job-limit", "refuse a submission of more than `N` contacts")
	f.Var(settings.Number{Value: &s.limitStatus, Min: 400, Max: 599}, "job-limit-status", "refuse it with status `N`")
	f.Var(settings.Choice{Value: &s.field, Words: []string{"business_email", "email", "both"}}, "job-field", "what the e-mail address of a job's contact is called")
	f.BoolVar(&s.unpaidMissing, "job-unpaid-missing", false, "leave out of the results the contacts that the credits were not enough for")
	f.StringVar(&s.retryAfter, "job-retry-after", "", "`TEXT` of the Retry-After header while a job runs (default: no header)")
}

// options returns the stand-in's options, whose faults apply as --fault does.
func (s *jobSettings) options(fault func(kinds []string) []fakeapi.Fault) fakeapi.Bulk {
	return fakeapi.Bulk{
		JobTime: s.time, ContactTime: s.contactTime, Life: s.life, Limit: int(s.limit), LimitStatus: int(s.limitStatus), Field: s.field,
		UnpaidMissing: s.unpaidMissing, RetryAfter: s.retryAfter,
		SubmitFaults: fault(s.submitFaults), PollFaults: fault(s.pollFaults), JobFaults: fault(s.finalFaults),
	}
}

func (s *apiSettings) faultFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&s.faults, "fault", nil, "`KIND` of fault, from the list above; repeatable: each call gets one at random; 500x2 means the first two calls of each contact")
	f.StringArrayVar(&s.jobs.submitFaults, "submit-fault", nil, "`KIND` of fault of a submission (POST /contacts); repeatable; 500x2 means the first two")
	f.StringArrayVar(&s.jobs.pollFaults, "poll-fault", nil, "`KIND` of fault of a poll (GET /contacts/results/ID.json); repeatable; 500x2 means the first two polls of each job")
	f.StringArrayVar(&s.jobs.finalFaults, "job-fault", nil, "`KIND` of fault of a job that is done; repeatable; cutx2 means the first two polls then; the next four flags count jobs")
	f.Var(settings.Number{Value: &s.faultAfter, Min: 0, Max: 1 << 50}, "fault-after", "spare the first `N` calls (submissions, polls or jobs)")
	f.Var(settings.Number{Value: &s.first, Min: 0, Max: 1 << 50}, "fault-first", "apply the faults to `N` calls only (default: all)")
	f.Var(settings.Number{Value: &s.every, Min: 0, Max: 1 << 50}, "fault-every", "apply the faults to every `N`th of those only")
	f.Float64Var(&s.share, "fault-share", 0, "apply the faults to a random `SHARE` of those only, 0 to 1")
	f.Int64Var(&s.seed, "seed", 0, "use `N` as the seed of all random choices")
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
	fault := func(kinds []string) []fakeapi.Fault {
		if len(kinds) == 0 {
			return nil
		}
		return []fakeapi.Fault{{Kinds: kinds, After: s.faultAfter, First: s.first, Every: s.every, Share: s.share}}
	}
	o.Faults, o.Bulk = fault(s.faults), s.jobs.options(fault)
	if selected && o.Faults == nil && o.Bulk.SubmitFaults == nil && o.Bulk.PollFaults == nil && o.Bulk.JobFaults == nil {
		return o, usage(errors.New("name the fault with --fault, --submit-fault, --poll-fault or --job-fault"))
	}
	for name, share := range map[string]float64{"match": s.match, "big": s.big, "odd": s.odd, "fault-share": s.share} {
		if !(share >= 0 && share <= 1) {
			return o, usage(fmt.Errorf("--%s: expected a share from 0 to 1", name))
		}
	}
	return o, usageOf("invalid_value", o.Validate())
}

// orNone returns -1 for 0: in the stand-in's options 0 means the default, and a negative number none.
func orNone[T int64 | float64](n T) T {
	if n == 0 {
		return -1
	}
	return n
}

func fakeapiCommand(w world) *cobra.Command {
	var s apiSettings
	cmd := fakeapiFlags(&s)
	common := settings.Defaults()
	common.LogFormatFlag(cmd)
	common.ConfigFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return serve(w, &s, wantsJSON(w, cmd, nil)) }
	return cmd
}

// serve serves the stand-in until a signal comes or its time is over.
func serve(w world, s *apiSettings, asJSON bool) error {
	o, err := s.options()
	if err != nil {
		return err
	}
	stop := w.listen()
	defer stop.Close()
	api, err := fakeapi.Listen(stop.Interrupted, s.addr, o)
	if err != nil {
		return usage(problem.Wrap(err, "invalid_value", "addr", ""))
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
	case <-stop.Interrupted.Done():
	}
	stats := api.Stats()
	console.NewPrinter(w.console, console.Options{JSON: asJSON}).Info(
		console.Count(stats.Calls, "call")+", "+console.Count(stats.Charged, "credit")+" charged", "event", "fakeapi", "calls", stats.Calls, "charged", stats.Charged)
	if sig := stop.Signal(); sig != nil {
		return exitStatus(shutdown.Interruption{Signal: sig}.ExitCode())
	}
	return nil
}

// kindsText lists kinds of faults, one a line.
func kindsText(kinds []fakeapi.Kind) string {
	var b strings.Builder
	for _, k := range kinds {
		fmt.Fprintf(&b, "\n  %-15s  %s", k.Name, k.What)
	}
	return b.String()
}
