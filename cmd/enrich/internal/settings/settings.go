// Package settings has the settings of the commands: their flags, the environment, and what they mean.
//
// A setting comes from its flag; else from the environment variable ENRICH_<FLAG>; else from the config file; else from its
// default. [Apply] is the one place that decides this, and [SourceOf] says what it decided. Everything is checked before a file
// is created or a call is made: every error of this package is a mistake of the user. No flag or message ever contains the API
// key.
package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"enrich/client"
	"enrich/cmd/enrich/internal/configfile"
	"enrich/cmd/enrich/internal/console"
	"enrich/cmd/enrich/internal/remote"
	"enrich/contact"
	"enrich/format"
	"enrich/pipeline"
	"enrich/reader"
)

const day = 24 * time.Hour

// Lookup returns an environment variable, as [os.LookupEnv] does.
type Lookup = func(name string) (value string, ok bool)

// Settings are the values of the flags, each checked by itself. What belongs together is checked by the methods.
type Settings struct {
	URL, APIKeyFile                 string
	Out, Results, Failures, Summary string
	Pending, Report, Metrics        string
	Replace                         bool
	InputFormat, Format, Sheet      string
	Delimiter, Quote, Encoding      string
	HeaderLine                      int64 // 0: detected
	NoHeader, NoSplitNames          bool
	Fields                          []string // of the answer; nil: all
	SpreadsheetSafe, BOM            bool
	Map, Set                        []string
	EmailAs                         string // "": not given
	SameBy                          string
	Bulk                            bool
	BulkSize                        int64
	BulkWait                        time.Duration
	Workers                         int64
	Rate                            string
	Timeout, MaxElapsed             time.Duration
	MaxAttempts                     int64
	MaxCalls, CreditsPerCall        int64 // MaxCalls 0: no cap
	MaxCredits                      CreditCaps
	MaxDuration                     time.Duration // 0: no cap
	Limit                           int64         // 0: all rows
	Ledger                          string
	LockWait                        time.Duration
	NoLedger                        bool          // the command has none
	NoOutputs, RequireSync          bool          // only with a ledger in a database
	MaxAge, NoMatchAge              time.Duration // negative: no limit
	LostRetries                     int64
	CAFile                          string
	Grace                           time.Duration
	Quiet, Verbose                  bool
	LogFormat, Config               string
	DryRun                          bool
	OnFinish                        string
}

// Defaults returns the settings without any flag.
func Defaults() Settings {
	return Settings{
		URL: "https://api.selling.com", SameBy: "request", BulkSize: 500, BulkWait: time.Hour, Workers: 32,
		Timeout: time.Minute, MaxAttempts: 5, MaxElapsed: 2 * time.Minute, CreditsPerCall: 1,
		MaxAge: -1, NoMatchAge: 30 * day, LostRetries: 2, Grace: 25 * time.Second, LogFormat: "text",
	}
}

// InputFlags say how a file is read.
func (s *Settings) InputFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.Var(Choice{&s.InputFormat, format.Names(format.Inputs())}, "input-format", "format of the input (default: detected)")
	f.StringVar(&s.Sheet, "sheet", "", "read the sheet with this `NAME` or number (default: the only visible sheet with a table)")
	f.StringVar(&s.Delimiter, "delimiter", "", "column delimiter: one `CHARACTER`, or tab (default: detected)")
	f.StringVar(&s.Quote, "quote", "", "quote `CHARACTER`, or none (default: detected)")
	f.StringVar(&s.Encoding, "encoding", "", "encoding `NAME`, such as utf-8, windows-1252, windows-1250, shift-jis or gbk (default: detected)")
	f.Var(Number{&s.HeaderLine, 1, 1 << 20}, "header-line", "number of the header line, from 1 (default: detected)")
	f.BoolVar(&s.NoHeader, "no-header", false, "the first line is data; columns are named 1, 2, …")
	f.BoolVar(&s.NoSplitNames, "no-split-names", false, "do not split full names (by default they are split for rows that cannot be sent otherwise)")
	f.StringArrayVar(&s.Map, "map", nil, "take a field from a column: `FIELD=COLUMN` (default: by header name); repeatable")
}

// MatchingFlags say which rows are the same contact, and which answers are reused.
func (s *Settings) MatchingFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.URL, "url", s.URL, "base `URL` of the API; /contact is appended")
	f.StringArrayVar(&s.Set, "set", nil, "add a constant field to every request: `NAME=VALUE`; dots in the name nest it; repeatable")
	f.Var(Choice{&s.SameBy, []string{"request", "email"}}, "same-by", "what makes two rows the same contact: the whole request, or only the e-mail address")
	s.LedgerFlag(cmd)
	f.Var(Duration{Value: &s.MaxAge, None: true}, "max-age", "maximum age of an answer to reuse, such as 90d")
	f.Var(Duration{Value: &s.NoMatchAge, None: true}, "no-match-age", "maximum age of a no match to reuse")
	f.Var(Number{&s.LostRetries, 0, 14}, "lost-retries", "how often to send a contact again after a lost call; 0 means never")
}

// OutputFlags say what is written, and where.
func (s *Settings) OutputFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.VarP(Path{&s.Out}, "out", "o", "write results, failures and summary to `DIR` (default: the input's directory)")
	f.Var(Path{&s.Results}, "results", "write the results to `FILE`; - is standard output")
	f.Var(Path{&s.Failures}, "failures", "write the failures to `FILE`; - is standard output")
	f.Var(Path{&s.Summary}, "summary", "write the summary to `FILE`; - is standard output")
	f.BoolVar(&s.Replace, "replace", false, "replace existing outputs, even those of another input or with more answered rows")
	f.Var(Path{&s.Pending}, "pending", "write the rows that were not sent to `FILE`, unchanged: as CSV or JSONL, or in the format of a name with .xlsx or .parquet")
	f.Var(Path{&s.Report}, "report", "write an HTML report of the run to `FILE`")
	f.Var(Choice{&s.Format, format.Names(format.Outputs())}, "format", "format of results and failures (default: csv for csv and xlsx, else the input's)")
	f.Var(FieldList{&s.Fields}, "fields", "columns of the answer to write, in this order, such as title,mobile_phone (default: all); not for JSONL")
	f.BoolVar(&s.SpreadsheetSafe, "spreadsheet-safe", false, "in CSV, put an apostrophe before cells that a spreadsheet would run as a formula")
	f.BoolVar(&s.BOM, "bom", false, "start CSV files with a byte order mark, for Excel")
}

// RequestFlags say how the API is called.
func (s *Settings) RequestFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.Var(Path{&s.APIKeyFile}, "api-key-file", "read the API key from `FILE` (default: environment variable SELLING_API_KEY)")
	f.Var(Preset{Choice{&s.EmailAs, []string{"email", "business_email"}}, "email"}, "email-as",
		"request field for the e-mail address; in bulk jobs it is business_email unless this flag is given")
	f.Var(Number{&s.Workers, 1, 4096}, "workers", "maximum number of calls in flight")
	f.StringVar(&s.Rate, "rate", "", "maximum `RATE` of calls, such as 300/m or 10/s (default: the API's rate limit header)")
	f.Var(Duration{Value: &s.Timeout, Min: time.Millisecond, Max: time.Hour}, "timeout", "time limit for one call")
	f.Var(Number{&s.MaxAttempts, 1, 1000}, "max-attempts", "maximum number of attempts for one row")
	f.Var(Duration{Value: &s.MaxElapsed, Min: time.Millisecond, Max: day}, "max-elapsed", "time limit for all attempts of one row, and for an outage of the API")
	f.Var(Path{&s.CAFile}, "ca-file", "trust the PEM certificates in `FILE`, in addition to the system's")
	s.GraceFlag(cmd)
	f.Var(Duration{Value: &s.LockWait, Max: day}, "lock-wait", "how long to wait for a ledger that another run has locked")
	f.BoolVar(&s.DryRun, "dry-run", false, "send nothing and write nothing: print what a run would do, as plan does")
}

// maxBulkSize bounds the contacts of a job, which are in memory while it is submitted and while its results are recorded.
const maxBulkSize = 10_000

// BulkFlags say whether contacts are sent in bulk jobs.
func (s *Settings) BulkFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&s.Bulk, "bulk", false, "send contacts in bulk jobs (POST /contacts) instead of one by one")
	f.Var(Number{&s.BulkSize, 1, maxBulkSize}, "bulk-size", "maximum number of contacts in a bulk job, at most 10000; the first job has 10")
}

// BulkWaitFlag bounds the wait for the results of a job.
func (s *Settings) BulkWaitFlag(cmd *cobra.Command) {
	cmd.Flags().Var(Duration{Value: &s.BulkWait, Max: 30 * day}, "bulk-wait",
		"how long to wait for the results of a bulk job, also of an earlier run; then it stays open, and the next run asks for them")
}

// AfterFlags say who is told about a run that ended: Prometheus, and a command.
func (s *Settings) AfterFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.Var(Path{&s.Metrics}, "metrics", "write metrics for Prometheus' textfile collector to `FILE.prom`, however the run ends")
	f.StringVar(&s.OnFinish, "on-finish", "", "run `COMMAND` with /bin/sh after the run, with the summary on its standard input and its exit code in EXIT_STATUS")
}

// GraceFlag bounds what follows a signal.
func (s *Settings) GraceFlag(cmd *cobra.Command) {
	cmd.Flags().Var(Duration{Value: &s.Grace, Max: day}, "grace", "time limit for calls in flight after a stop; after a signal also for writing the outputs")
}

// CapFlags bound what is spent.
func (s *Settings) CapFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.Var(&Once{Value: Number{&s.MaxCalls, 1, 1 << 50}}, "max-calls", "make at most `N` calls; a retry is a call")
	f.Var(CreditCap{&s.MaxCredits}, "max-credits",
		"spend at most N credits, reserved before each call; N/day and N/month are budgets for all runs with the ledger (UTC); each form may be given once")
	f.Var(&Once{Value: Number{&s.CreditsPerCall, 1, 1 << 20}}, "credits-per-call", "credits to reserve for each call under --max-credits")
	f.Var(&Once{Value: Duration{Value: &s.MaxDuration, Min: time.Millisecond}}, "max-duration", "stop sending new calls after this long")
	f.VarP(&Once{Value: Number{&s.Limit, 1, 1 << 50}}, "limit", "n", "send only the first `N` rows")
}

// LoggingFlags say what is printed on standard error.
func (s *Settings) LoggingFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVarP(&s.Quiet, "quiet", "q", false, "print only warnings and errors")
	f.BoolVarP(&s.Verbose, "verbose", "v", false, "print a line for each attempt")
	s.LogFormatFlag(cmd)
}

// LogFormatFlag says how messages are printed, for people or for programs.
func (s *Settings) LogFormatFlag(cmd *cobra.Command) {
	cmd.Flags().Var(Choice{&s.LogFormat, []string{"text", "json"}}, "log-format", "format of messages on standard error")
}

// Console returns how messages are printed.
func (s *Settings) Console() console.Options {
	return console.Options{JSON: s.LogFormat == "json", Quiet: s.Quiet, Verbose: s.Verbose}
}

// Reader returns how the input is read.
func (s *Settings) Reader() (reader.Options, error) {
	mapping, err := parseMap(s.Map)
	if err != nil {
		return reader.Options{}, err
	}
	o := reader.Options{
		Format: format.Format(s.InputFormat), Sheet: s.Sheet, Delimiter: s.Delimiter, Quote: s.Quote, Encoding: s.Encoding,
		HeaderLine: int(s.HeaderLine), NoHeader: s.NoHeader, Map: mapping, NoSplitNames: s.NoSplitNames,
	}
	return o, o.Validate()
}

// parseMap reads the values of --map.
func parseMap(values []string) (map[contact.Field]string, error) {
	mapping := map[contact.Field]string{}
	for _, v := range values {
		name, column, ok := strings.Cut(v, "=")
		field := contact.Field(strings.TrimSpace(name))
		if !ok || column == "" {
			return nil, fmt.Errorf("--map=%q: expected FIELD=COLUMN, such as email=Mail", v)
		}
		var names []string
		known := false
		for _, f := range contact.InputFields() {
			names = append(names, string(f))
			known = known || f == field
		}
		if !known {
			return nil, fmt.Errorf("--map=%q: unknown field %q; expected one of %s", v, field, strings.Join(names, ", "))
		}
		if _, twice := mapping[field]; twice {
			return nil, fmt.Errorf("--map: %s is given twice", field)
		}
		mapping[field] = column
	}
	return mapping, nil
}

// An Endpoint is what all requests of a run have in common.
type Endpoint struct {
	URL       string // normalised
	Constants client.Constants
	Identity  contact.Identity
}

// Endpoint returns what all requests have in common.
func (s *Settings) Endpoint() (Endpoint, error) {
	url, err := contact.NormalURL(s.URL)
	if err != nil {
		return Endpoint{}, fmt.Errorf("--url=%q: %w", s.ShownURL(), err)
	}
	constants, err := client.ParseConstants(s.Set)
	if err != nil {
		return Endpoint{}, fmt.Errorf("--set: %w", err)
	}
	return Endpoint{url, constants, contact.NewIdentity(url, constants.JSON())}, nil
}

// ShownURL returns --url for messages. What an API has no use for, such as a password or a query, may be a secret.
func (s *Settings) ShownURL() string {
	if strings.ContainsAny(s.URL, "@?#") {
		return remote.Shown(s.URL)
	}
	return s.URL
}

// RateLimit returns --rate.
func (s *Settings) RateLimit() (client.Rate, error) {
	rate, err := client.ParseRate(s.Rate)
	if err != nil {
		return rate, fmt.Errorf("--rate=%q: %w", s.Rate, err)
	}
	return rate, nil
}

// Checked are the settings that every pass over an input begins with.
type Checked struct {
	Reading  reader.Options
	Endpoint Endpoint
	Ledger   LedgerPlace // nowhere for a command that needs none, and works without HOME
}

// Check returns what the settings mean together.
func (s *Settings) Check(lookup Lookup) (c Checked, err error) {
	if c.Reading, err = s.Reader(); err != nil {
		return c, err
	}
	if err := s.CheckCaps(); err != nil {
		return c, err
	}
	if c.Endpoint, err = s.Endpoint(); err != nil || s.NoLedger {
		return c, err
	}
	if c.Ledger, err = s.ReadLedgerPlace(lookup); err != nil {
		return c, err
	}
	return c, s.CheckShared(c.Ledger)
}

// CheckCaps returns an error if the caps allow no call at all, or no bulk job.
func (s *Settings) CheckCaps() error {
	if s.Bulk && s.MaxCalls > 0 && s.MaxCalls < pipeline.CallsPerJob {
		return fmt.Errorf("--max-calls=%d allows no bulk job: each takes at least %d calls, one to submit it and one for its results; use --max-calls=%[2]d or more, or leave out --bulk",
			s.MaxCalls, pipeline.CallsPerJob)
	}
	if s.MaxCredits.Given() && s.MaxCredits.least() < s.CreditsPerCall {
		return fmt.Errorf("--max-credits=%d allows no call: --credits-per-call reserves %d for each", s.MaxCredits.least(), s.CreditsPerCall)
	}
	return nil
}

// maxKeyFile is the largest file that is read as a key, in bytes.
const maxKeyFile = 64 << 10

// KeySource says where Key reads the API key from, or "" if there is none.
func (s *Settings) KeySource(lookup Lookup) string {
	if s.APIKeyFile != "" {
		if _, err := os.Stat(s.APIKeyFile); err != nil && couldBeKey(s.APIKeyFile) {
			return "file [hidden]"
		}
		return "file " + s.APIKeyFile
	}
	if text, _ := lookup(KeyVariable); text != "" {
		return "environment variable " + KeyVariable
	}
	return ""
}

// KeyFile returns the file that is named as that of the API key, also if the command needs no key: no output may replace it.
func (s *Settings) KeyFile(lookup Lookup) string {
	const flag = "api-key-file"
	path := s.APIKeyFile
	if path == "" {
		path, _ = lookup(envName(flag))
	}
	if path == "" {
		path = configfile.Peek(s.Config, flag)
	}
	if expanded, err := expandHome(path, lookup); err == nil {
		path = expanded
	}
	return path
}

// KeyVariable is the environment variable with the API key.
const KeyVariable = "SELLING_API_KEY"

// Key reads the API key from its file or the environment.
func (s *Settings) Key(lookup Lookup) (client.Key, error) {
	source, text := KeyVariable, ""
	if s.APIKeyFile == "" {
		if text, _ = lookup(source); text == "" {
			return client.Key{}, errors.New("no API key: set the environment variable SELLING_API_KEY, or name a file with --api-key-file")
		}
	} else {
		file, err := readKeyFile(s.APIKeyFile)
		if errors.Is(err, fs.ErrNotExist) && couldBeKey(s.APIKeyFile) {
			err = errors.New("no file has this name, which is not shown because it may be the key itself: name a file that contains the key")
		}
		if err != nil {
			return client.Key{}, fmt.Errorf("--api-key-file: %w", err)
		}
		source, text = "--api-key-file "+s.APIKeyFile, file
	}
	key, err := client.ParseKey(text)
	if err != nil {
		return key, fmt.Errorf("%s: %w", source, err)
	}
	return key, nil
}

// couldBeKey reports whether a name is longer than most names of files, and not clearly a path: keys may contain dots (JSON Web
// Tokens) and slashes (base64), but a path begins with one or with an existing directory, and an extension is short.
func couldBeKey(name string) bool {
	if len(name) < 16 || filepath.IsAbs(name) || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "~") {
		return false
	}
	if dir := filepath.Dir(name); dir != "." {
		_, err := os.Stat(dir)
		return err != nil
	}
	return strings.Count(name, ".") != 1 || len(filepath.Ext(name)) > len(".token")
}

// readKeyFile returns the content of a file without its last line end.
func readKeyFile(path string) (string, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return "", err
	case info.IsDir():
		return "", errors.New("is a directory")
	case info.Size() > maxKeyFile:
		return "", errors.New("is too large to be a key")
	}
	text, err := os.ReadFile(path)
	return strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r"), err
}
