package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"enrich/cmd/enrich/internal/console"
	"enrich/cmd/enrich/internal/settings"
	"enrich/cmd/enrich/internal/shutdown"
	"enrich/contact"
	"enrich/ledger"
)

func ledgerCommand(w world) *cobra.Command {
	cmd := &cobra.Command{
		Use: "ledger", Short: "Inspect the ledger, or erase records from it",
		Example: "  enrich ledger stats\n  enrich ledger export > answers.jsonl\n  enrich ledger forget ann@example.com",
		Args:    knownCommand,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(initCommand(w), statsCommand(w), exportCommand(w), verifyCommand(w), forgetCommand(w), pruneCommand(w), copyCommand(w))
	return cmd
}

// A ledgerAction is what a command below ledger does with the ledger.
type ledgerAction struct {
	options storeOptions
	// check, if not nil, checks flags and arguments before the ledger is opened. The environment has been read by then.
	// It may change options.
	check func(args []string) error
	do    func(context.Context, ledger.Store, []string) error
	// json: print for programs. It is set before do is called.
	json bool
}

// ledgerSubcommand completes a command below ledger. The ledger must exist, and is opened with the action's options.
func ledgerSubcommand(w world, cmd *cobra.Command, action *ledgerAction) *cobra.Command {
	s := settings.Defaults()
	cmd.Flags().SortFlags = false
	s.LedgerFlag(cmd)
	if !action.options.readOnly {
		cmd.Flags().Var(settings.Duration{Value: &s.LockWait, Max: 24 * time.Hour}, "lock-wait", "how long to wait for a ledger that another run has locked")
	}
	s.LogFormatFlag(cmd)
	s.ConfigFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		action.json = s.LogFormat == "json"
		if action.check != nil {
			if err := action.check(args); err != nil {
				return usage(err)
			}
		}
		place, err := s.ReadLedgerPlace(w.lookupEnv)
		if err != nil {
			return usage(err)
		}
		stop := w.listen()
		defer stop.Close()
		o := action.options
		o.lockWait, o.mustExist, o.printer = s.LockWait, true, console.NewPrinter(w.console, s.Console())
		l, err := openStore(stop.Interrupted, place, o)
		err = s.LedgerAdvice(err)
		if err == nil {
			err = errors.Join(action.do(stop.Interrupted, l, args), l.Close())
		}
		if errors.Is(err, ledger.ErrMissing) {
			return usage(err)
		}
		if sig := stop.Signal(); err != nil && sig != nil {
			return shutdown.Interruption{Signal: sig}
		}
		return err
	}
	return cmd
}

func statsCommand(w world) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use: "stats", Short: "Count what is in the ledger", Args: cobra.NoArgs,
		Example: "  enrich ledger stats\n  enrich ledger stats --json",
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object (also: --log-format json)")
	action := ledgerAction{options: storeOptions{readOnly: true}}
	action.do = func(ctx context.Context, l ledger.Store, _ []string) error {
		s, err := l.Stats(ctx)
		if err != nil {
			return err
		}
		if asJSON || action.json {
			return json.NewEncoder(w.stdout).Encode(s)
		}
		return printStats(w, &s)
	}
	return ledgerSubcommand(w, cmd, &action)
}

func printStats(w world, s *ledger.Stats) error {
	err := printFigures(w.stdout, 12, []figure{
		{s.Answers, "contact has an answer", "contacts have an answer", always},
		{s.Matched, "answer that matched", "answers that matched", always},
		{s.NoMatch, "answer without a match", "answers without a match", always},
		{s.Refused, "request that failed without a charge", "requests that failed without a charge", always},
		{s.Lost, "call that was lost: it may have been charged", "calls that were lost: they may have been charged", always},
		{s.Credits, "credit charged", "credits charged", always},
		{s.JobsOpen, "open bulk job", "open bulk jobs", ifAny},
		{s.ContactsInOpenJobs, "contact in an open bulk job: it may have been charged", "contacts in open bulk jobs: they may have been charged", ifAny},
		{s.Jobs, "bulk job", "bulk jobs", ifAny},
		{s.RawResults, "raw result of bulk jobs", "raw results of bulk jobs", ifAny},
		{s.Runs, "run", "runs", always},
		{s.Bytes, "byte", "bytes", always},
	})
	if err != nil || s.First == nil {
		return err
	}
	_, err = fmt.Fprintf(w.stdout, "from %s to %s\n", s.First.Format(time.RFC3339), s.Last.Format(time.RFC3339))
	return err
}

// An exportedOutcome is one line of `enrich ledger export`.
type exportedOutcome struct {
	ID       int64           `json:"id"`
	Run      int64           `json:"run"`
	URL      string          `json:"url"`
	Status   string          `json:"status"`
	At       time.Time       `json:"at"`
	Contact  json.RawMessage `json:"contact"`
	Charged  bool            `json:"credit_charged"`
	HTTP     *int            `json:"http_status"`
	Attempts int             `json:"attempts"`
	Failure  string          `json:"failure,omitempty"`
	Message  string          `json:"message,omitempty"`
	Response json.RawMessage `json:"response,omitempty"`
}

func exportCommand(w world) *cobra.Command {
	cmd := &cobra.Command{
		Use: "export", Short: "Print all outcomes as JSONL, in the order in which they were committed",
		Example: "  enrich ledger export > outcomes.jsonl\n  enrich ledger export | jq 'select(.status == \"lost\")'", Args: cobra.NoArgs,
	}
	export := func(ctx context.Context, l ledger.Store, _ []string) error {
		out := bufio.NewWriterSize(w.stdout, 64<<10)
		err := l.Each(ctx, func(r *ledger.Record) error {
			e := exportedOutcome{
				ID: r.ID, Run: r.Run, URL: r.URL, Status: r.Kind.String(), At: r.At, Contact: r.Contact.AppendJSON(nil),
				Charged: r.Charged, Attempts: r.Attempts, Failure: string(r.Failure), Message: r.Message,
			}
			if r.Kind.Answered() {
				e.Response = r.Body
			}
			if r.Status != 0 {
				e.HTTP = &r.Status
			}
			return encode(out, &e)
		})
		if err != nil {
			return err
		}
		if err := out.Flush(); err != nil {
			return fmt.Errorf("write standard output: %w", err)
		}
		return nil
	}
	return ledgerSubcommand(w, cmd, &ledgerAction{options: storeOptions{readOnly: true}, do: export})
}

// errNobody is what forget says if the ledger has no record of the person. Its exit code is 3 and not 2: the command line
// was right and all was done, but what it named was not there. A program that handles deletion requests can tell a typing
// error in the address from one in the command.
var errNobody = errors.New("forget: no record of this person in the ledger (nothing removed); check the spelling and --ledger")

func forgetCommand(w world) *cobra.Command {
	var who contact.Contact
	cmd := &cobra.Command{
		Use: "forget [ADDRESS]", Short: "Erase all records of one person, for a deletion request",
		Long: "Erases all requests and answers of a person; no byte of them remains in a ledger's file. A database's own files keep them\n" +
			"until PostgreSQL has reused their pages and its log, and its backups for as long as these are kept. If several fields are\n" +
			"given, all must match. Outputs that were written before are not changed. A contact that was forgotten is new: if it is sent\n" +
			"again, it costs again. If it is in an open bulk job, its result will be dropped. The exit code is 3 if the ledger has no\n" +
			"record of the person.",
		Example: "  enrich ledger forget ann@example.com\n  enrich ledger forget --first-name Ann --last-name Smith --company-domain example.com",
		Args:    cobra.MaximumNArgs(1),
	}
	f := cmd.Flags()
	f.StringVar(&who.FirstName, "first-name", "", "the person's first `NAME`")
	f.StringVar(&who.LastName, "last-name", "", "the person's last `NAME`")
	f.StringVar(&who.CompanyName, "company-name", "", "the company's `NAME`")
	f.StringVar(&who.CompanyDomain, "company-domain", "", "the company's `DOMAIN`")
	f.StringVar(&who.LinkedInURL, "linkedin-url", "", "the `URL` of the person's LinkedIn profile")
	return ledgerSubcommand(w, cmd, &ledgerAction{
		check: func(args []string) error {
			if len(args) == 1 {
				who.Email = args[0]
			}
			return onePerson(&who)
		},
		do: func(ctx context.Context, l ledger.Store, _ []string) error {
			erased, err := l.Forget(ctx, who)
			switch {
			case err != nil:
				return err
			case erased == ledger.Erased{}:
				return errNobody
			}
			return sayErased(w, "forgotten", erased)
		},
	})
}

// onePerson checks that the fields name one person. A first name alone would fit many.
func onePerson(who *contact.Contact) error {
	blank := func(s string) bool { return strings.TrimSpace(s) == "" }
	if blank(who.Email) && blank(who.LinkedInURL) && (blank(who.FirstName) || blank(who.LastName)) {
		return errors.New("name one person by an e-mail address, --linkedin-url, or --first-name and --last-name")
	}
	return nil
}

func pruneCommand(w world) *cobra.Command {
	var age time.Duration
	cmd := &cobra.Command{
		Use: "prune --older-than AGE", Short: "Erase outcomes older than an age; contacts whose answer is erased cost again",
		Example: "  enrich ledger prune --older-than 365d", Args: cobra.NoArgs,
	}
	cmd.Flags().Var(settings.Duration{Value: &age, Min: time.Hour}, "older-than", "minimum age of what is erased, such as 365d")
	return ledgerSubcommand(w, cmd, &ledgerAction{
		check: func([]string) error {
			if age == 0 {
				return errors.New("--older-than is missing: give an age, such as 365d")
			}
			return nil
		},
		do: func(ctx context.Context, l ledger.Store, _ []string) error {
			erased, err := l.Prune(ctx, time.Now().Add(-age))
			if err != nil {
				return err
			}
			return sayErased(w, "pruned", erased)
		},
	})
}

// sayErased counts answers, because they are what was paid for; anything else is named if there was any.
func sayErased(w world, what string, e ledger.Erased) error {
	text := console.Count(e.Answers, "answer") + " removed"
	if e.Others > 0 {
		text += ", and " + console.Count(e.Others, "call") + " without an answer"
	}
	if e.InJobs > 0 {
		text += "; " + console.Count(e.InJobs, "contact") + " removed from open bulk jobs, whose results will be dropped"
	}
	if e.Raw > 0 {
		text += "; " + console.Count(e.Raw, "raw result") + " of bulk jobs removed"
	}
	_, err := fmt.Fprintf(w.stdout, "%s: %s\n", what, text)
	return err
}

func verifyCommand(w world) *cobra.Command {
	accept := false
	cmd := &cobra.Command{
		Use: "verify", Short: "Read the whole ledger and check every page, checksum, key and intent",
		Long: "Reads the whole ledger and checks every page, checksum, key and intent. Every command refuses a ledger that lacks its\n" +
			"newest commits: its log is missing, it was emptied, or an older copy was put in its place. --accept-loss lists what is\n" +
			"missing and lets runs use the rest: contacts whose answer is missing are sent, and paid for, again.",
		Example: "  enrich ledger verify\n  enrich ledger verify --accept-loss", Args: cobra.NoArgs,
	}
	cmd.Flags().BoolVar(&accept, "accept-loss", false, "list what is missing from an incomplete ledger, and use the rest")
	action := ledgerAction{options: storeOptions{readOnly: true}}
	action.check = func([]string) error {
		if accept {
			action.options = storeOptions{acceptLoss: true}
		}
		return nil
	}
	action.do = func(ctx context.Context, l ledger.Store, _ []string) error {
		if accept {
			if err := sayLoss(w, l); err != nil {
				return err
			}
		}
		return verify(ctx, w, l)
	}
	return ledgerSubcommand(w, cmd, &action)
}

// sayLoss prints what was missing.
func sayLoss(w world, l ledger.Store) error {
	loss := []string{"nothing"}
	if lossy, ok := l.(lossyStore); ok && len(lossy.Loss()) > 0 {
		loss = lossy.Loss()
	}
	for _, text := range loss {
		if _, err := fmt.Fprintf(w.stdout, "missing: %s\n", console.Plain(text)); err != nil {
			return err
		}
	}
	return nil
}

// verify prints each problem that it finds, or that the ledger is OK.
func verify(ctx context.Context, w world, l ledger.Store) error {
	v, err := l.Verify(ctx)
	if err != nil {
		return err
	}
	for _, problem := range v.Messages {
		if _, err := fmt.Fprintln(w.stdout, console.Plain(problem)); err != nil {
			return err
		}
	}
	if v.Problems > 0 {
		return fmt.Errorf("verify: %w: %s; restore it from a backup", ledger.ErrDamaged, console.Count(v.Problems, "problem"))
	}
	text := fmt.Sprintf("OK: %s, %s", console.Count(v.Outcomes, "outcome"), console.Count(v.Intents, "intent"))
	if v.Jobs > 0 {
		text += ", " + console.Count(v.Jobs, "bulk job")
	}
	_, err = fmt.Fprintln(w.stdout, text)
	return err
}
