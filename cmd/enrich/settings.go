package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"enrich/client"
	"enrich/cmd/enrich/internal/console"
	"enrich/contact"
	"enrich/format"
	"enrich/reader"
)

const day = 24 * time.Hour

// settings are the flags as they were given, each checked for itself. What belongs together is checked by the methods
// that make something of it, before anything is created or called.
type settings struct {
	url, apiKeyFile                   string
	out, results, failures, summary   string
	pending, report, metrics          string
	replace                           bool
	inputFormat, format               string
	delimiter, quote, encoding        string
	headerLine                        int64
	noHeader, noSplitNames, safe, bom bool
	mapping, set                      []string
	emailAs, sameBy                   string
	workers                           int64
	rate                              string
	timeout, maxElapsed               time.Duration
	maxAttempts                       int64
	maxCalls, creditsPerCall          int64
	maxCredits                        creditCaps
	maxDuration                       time.Duration
	limit                             int64
	ledger                            string
	lockWait                          time.Duration
	maxAge, noMatchAge                time.Duration
	lostRetries                       int64
	caFile                            string
	grace                             time.Duration
	quiet, verbose                    bool
	logFormat                         string
}

func defaults() settings {
	return settings{
		url: "https://api.selling.com", emailAs: "email", sameBy: "request", workers: 32,
		timeout: time.Minute, maxAttempts: 5, maxElapsed: 2 * time.Minute, creditsPerCall: 1,
		maxAge: -1, noMatchAge: 30 * day, lostRetries: 2, grace: 25 * time.Second, logFormat: "text",
	}
}

// readingFlags say how a file is read; every command that reads one has them.
func (s *settings) readingFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.Var(choice{&s.inputFormat, format.Names()}, "input-format", "format of the input (default: detected)")
	f.StringVar(&s.delimiter, "delimiter", "", "column delimiter: one `CHARACTER`, or tab (default: detected)")
	f.StringVar(&s.quote, "quote", "", "quote `CHARACTER`, or none (default: detected)")
	f.StringVar(&s.encoding, "encoding", "", "encoding `NAME`: utf-8, utf-16le, utf-16be, windows-1252 or latin-1 (default: detected)")
	f.Var(number{&s.headerLine, 1, 1 << 20}, "header-line", "number of the header line, from 1 (default: detected)")
	f.BoolVar(&s.noHeader, "no-header", false, "the first line is data; columns are named 1, 2, …")
	f.BoolVar(&s.noSplitNames, "no-split-names", false, "do not split full names (by default they are split for rows that cannot be sent otherwise)")
	f.StringArrayVar(&s.mapping, "map", nil, "take a field from a column: `FIELD=COLUMN` (default: by header name); repeatable")
}

// questionFlags say what is asked: they decide which contacts are the same, and which answers are fresh.
func (s *settings) questionFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.url, "url", s.url, "base `URL` of the API; /contact is appended")
	f.StringArrayVar(&s.set, "set", nil, "add a constant field to every request: `NAME=VALUE`; dots in the name nest it; repeatable")
	f.Var(choice{&s.sameBy, []string{"request", "email"}}, "same-by", "what makes two rows the same contact: the whole request, or only the e-mail address")
	f.Var(filePath{&s.ledger}, "ledger", "ledger `FILE`, the record of all calls and answers (default: $XDG_STATE_HOME/enrich/ledger.db)")
	f.Var(span{value: &s.maxAge, none: true}, "max-age", "maximum age of an answer to reuse, such as 90d")
	f.Var(span{value: &s.noMatchAge, none: true}, "no-match-age", "maximum age of a no match to reuse")
	f.Var(number{&s.lostRetries, 0, 14}, "lost-retries", "how often to send a contact again after a lost call; 0 means never")
}

// outputFlags say what is written, and where.
func (s *settings) outputFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.Var(filePath{&s.out}, "out", "write results, failures and summary to `DIR` (default: the input's directory)")
	f.Var(filePath{&s.results}, "results", "write the results to `FILE`; - is standard output")
	f.Var(filePath{&s.failures}, "failures", "write the failures to `FILE`; - is standard output")
	f.Var(filePath{&s.summary}, "summary", "write the summary to `FILE`; - is standard output")
	f.BoolVar(&s.replace, "replace", false, "replace existing outputs, even those of another input or with more answered rows")
	f.Var(filePath{&s.pending}, "pending", "write the rows that were not sent to `FILE`, unchanged")
	f.Var(filePath{&s.report}, "report", "write an HTML report of the run to `FILE`")
	f.Var(choice{&s.format, format.Names()}, "format", "format of results and failures (default: the input's)")
	f.BoolVar(&s.safe, "spreadsheet-safe", false, "in CSV, put an apostrophe before cells that a spreadsheet would run as a formula")
	f.BoolVar(&s.bom, "bom", false, "start CSV files with a byte order mark, for Excel")
}

// callFlags say how the API is called, and how much.
func (s *settings) callFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.Var(filePath{&s.apiKeyFile}, "api-key-file", "read the API key from `FILE` (default: environment variable SELLING_API_KEY)")
	f.Var(choice{&s.emailAs, []string{"email", "business_email"}}, "email-as", "request field for the e-mail address")
	f.Var(number{&s.workers, 1, 4096}, "workers", "maximum number of calls in flight")
	f.StringVar(&s.rate, "rate", "", "maximum `RATE` of calls, such as 300/m or 10/s (default: the API's rate limit header)")
	f.Var(span{value: &s.timeout, min: time.Millisecond, max: time.Hour}, "timeout", "time limit for one call")
	f.Var(number{&s.maxAttempts, 1, 1000}, "max-attempts", "maximum number of attempts for one row")
	f.Var(span{value: &s.maxElapsed, min: time.Millisecond, max: day}, "max-elapsed", "time limit for all attempts of one row, and for an outage of the API")
	f.Var(filePath{&s.caFile}, "ca-file", "trust the PEM certificates in `FILE`, in addition to the system's")
	s.graceFlag(cmd)
	f.Var(span{value: &s.lockWait, max: day}, "lock-wait", "how long to wait for a ledger that another run has locked")
}

// watchFlags are for those who watch the job.
func (s *settings) watchFlags(cmd *cobra.Command) {
	cmd.Flags().Var(filePath{&s.metrics}, "metrics", "write metrics for Prometheus' textfile collector to `FILE.prom`, however the run ends")
}

// graceFlag bounds what follows a signal; write has it too.
func (s *settings) graceFlag(cmd *cobra.Command) {
	cmd.Flags().Var(span{value: &s.grace, max: day}, "grace", "time limit for calls in flight after a stop; after a signal also for writing the outputs")
}

// capFlags bound what is spent; plan has them too.
func (s *settings) capFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.Var(&once{Value: number{&s.maxCalls, 1, 1 << 50}}, "max-calls", "make at most `N` calls; a retry is a call")
	f.Var(creditCap{&s.maxCredits}, "max-credits",
		"spend at most N credits, reserved before each call; N/day and N/month are budgets for all runs with the ledger (UTC); each form may be given once")
	f.Var(&once{Value: number{&s.creditsPerCall, 1, 1 << 20}}, "credits-per-call", "credits to reserve for each call under --max-credits")
	f.Var(&once{Value: span{value: &s.maxDuration, min: time.Millisecond}}, "max-duration", "stop sending new calls after this long")
	f.VarP(&once{Value: number{&s.limit, 1, 1 << 50}}, "limit", "n", "send only the first `N` rows")
}

func (s *settings) sayingFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVarP(&s.quiet, "quiet", "q", false, "print only warnings and errors")
	f.BoolVarP(&s.verbose, "verbose", "v", false, "print a line for each attempt")
	f.Var(choice{&s.logFormat, []string{"text", "json"}}, "log-format", "format of messages on standard error")
}

func (s *settings) printer(w world) *console.Printer {
	return console.NewPrinter(w.console, console.Options{JSON: s.logFormat == "json", Quiet: s.quiet, Verbose: s.verbose})
}

func (s *settings) readerOptions() (reader.Options, error) {
	mapping, err := parseMap(s.mapping)
	if err != nil {
		return reader.Options{}, err
	}
	o := reader.Options{
		Format: format.Format(s.inputFormat), Delimiter: s.delimiter, Quote: s.quote, Encoding: s.encoding,
		HeaderLine: int(s.headerLine), NoHeader: s.noHeader, Map: mapping, NoSplitNames: s.noSplitNames,
	}
	return o, usage(o.Validate())
}

// question is what all contacts have in common: the API and the constants.
type question struct {
	url       string
	constants client.Constants
	identity  contact.Identity
}

func (s *settings) question() (question, error) {
	url, err := contact.NormalURL(s.url)
	if err != nil {
		return question{}, usage(fmt.Errorf("--url=%q: %w", s.url, err))
	}
	constants, err := client.ParseConstants(s.set)
	if err != nil {
		return question{}, usage(fmt.Errorf("--set: %w", err))
	}
	return question{url, constants, contact.NewIdentity(url, constants.JSON())}, nil
}

// ledgerPath is --ledger, or its default below the user's state directory.
func (s *settings) ledgerPath(lookup func(string) (string, bool)) (string, error) {
	if scheme, _, isURL := strings.Cut(s.ledger, "://"); isURL && !strings.ContainsAny(scheme, `/\`) {
		return "", usage(fmt.Errorf("--ledger: expected the name of a file, got a URL (%s://…): this version keeps the ledger in a file only", console.Name(scheme)))
	}
	if s.ledger != "" {
		return s.ledger, nil
	}
	if state, _ := lookup("XDG_STATE_HOME"); filepath.IsAbs(state) {
		return filepath.Join(state, "enrich", "ledger.db"), nil
	}
	if runtime.GOOS == "windows" {
		if local, _ := lookup("LOCALAPPDATA"); filepath.IsAbs(local) {
			return filepath.Join(local, "enrich", "ledger.db"), nil
		}
		return "", usage(errors.New("neither XDG_STATE_HOME nor LOCALAPPDATA is set: name the ledger with --ledger"))
	}
	home, _ := lookup("HOME")
	if home == "" {
		return "", usage(errors.New("neither XDG_STATE_HOME nor HOME is set: name the ledger with --ledger"))
	}
	return filepath.Join(home, ".local", "state", "enrich", "ledger.db"), nil
}

// ledgerAdvice adds to the error of a default ledger that cannot be opened how to use another one.
func (s *settings) ledgerAdvice(err error) error {
	if s.ledger != "" || err == nil {
		return err
	}
	for _, cause := range []error{fs.ErrPermission, fs.ErrNotExist, syscall.ENOTDIR, syscall.EROFS} {
		if errors.Is(err, cause) {
			return fmt.Errorf("%w (this is the default; name another file with --ledger)", err)
		}
	}
	return err
}

// key reads the API key from the file or the environment; no flag ever holds it.
func (s *settings) key(lookup func(string) (string, bool)) (client.Key, error) {
	if s.apiKeyFile == "" {
		text, _ := lookup("SELLING_API_KEY")
		if text == "" {
			return client.Key{}, usage(errors.New("no API key: set the environment variable SELLING_API_KEY, or name a file with --api-key-file"))
		}
		key, err := client.ParseKey(text)
		if err != nil {
			return key, usage(fmt.Errorf("SELLING_API_KEY: %w", err))
		}
		return key, nil
	}
	const most = 64 << 10
	info, err := os.Stat(s.apiKeyFile)
	if err == nil && info.IsDir() {
		err = errors.New("is a directory")
	}
	if err == nil && info.Size() > most {
		err = errors.New("is too large to be a key")
	}
	if err != nil {
		return client.Key{}, usage(fmt.Errorf("--api-key-file: %w", err))
	}
	text, err := os.ReadFile(s.apiKeyFile)
	if err != nil {
		return client.Key{}, usage(fmt.Errorf("--api-key-file: %w", err))
	}
	line := strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r")
	key, err := client.ParseKey(line)
	if err != nil {
		return key, usage(fmt.Errorf("--api-key-file %s: %w", s.apiKeyFile, err))
	}
	return key, nil
}
