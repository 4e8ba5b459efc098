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

	"enrich/contact"
	"enrich/ledger"
)

func ledgerCommand(w world) *cobra.Command {
	cmd := &cobra.Command{
		Use: "ledger", Short: "Look at what is kept, or remove something from it",
		Example: "  enrich ledger stats\n  enrich ledger export > answers.jsonl\n  enrich ledger forget ann@example.com",
		Args:    knownCommand,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(statsCommand(w), exportCommand(w), verifyCommand(w), forgetCommand(w), pruneCommand(w))
	return cmd
}

// ledgerSub is a command below ledger; do gets the ledger, opened as options say.
func ledgerSub(w world, cmd *cobra.Command, options func(*settings) ledger.Options, do func(context.Context, *settings, *ledger.Ledger, []string) error) *cobra.Command {
	s := defaults()
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVar(&s.ledger, "ledger", "", "the ledger's `FILE` (default: $XDG_STATE_HOME/enrich/ledger.db)")
	o := options(&s)
	if !o.ReadOnly {
		cmd.Flags().Var(span{value: &s.lockWait, max: day}, "lock-wait", "how long to wait for a ledger that a run holds")
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := flagsFromEnv(cmd, w.lookupEnv); err != nil {
			return err
		}
		path, err := s.ledgerPath(w.lookupEnv)
		if err != nil {
			return err
		}
		p := watch(w.signals, 0, w.exit)
		defer p.close()
		o.LockWait = s.lockWait
		l, err := ledger.Open(p.ctx, path, o)
		if err == nil {
			err = errors.Join(do(p.ctx, &s, l, args), l.Close())
		}
		if sig := p.signal(); err != nil && sig != nil {
			return interruption{sig}
		}
		return err
	}
	return cmd
}

func toRead(*settings) ledger.Options  { return ledger.Options{ReadOnly: true} }
func toWrite(*settings) ledger.Options { return ledger.Options{} }

func statsCommand(w world) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use: "stats", Short: "Count what the ledger holds", Args: cobra.NoArgs,
		Example: "  enrich ledger stats\n  enrich ledger stats --json",
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object, for machines")
	return ledgerSub(w, cmd, toRead, func(_ context.Context, _ *settings, l *ledger.Ledger, _ []string) error {
		s, err := l.Stats()
		if err != nil {
			return err
		}
		if asJSON {
			return json.NewEncoder(w.stdout).Encode(s)
		}
		return printStats(w, &s)
	})
}

func printStats(w world, s *ledger.Stats) error {
	for _, line := range []struct {
		n    int64
		what string
	}{
		{s.Answers, "contacts have an answer"},
		{s.Matched, "answers that matched"},
		{s.NoMatch, "answers without a match"},
		{s.Refused, "askings that were refused"},
		{s.Lost, "calls that were lost: they may have been charged"},
		{s.Credits, "credits charged"},
		{s.Runs, "runs"},
		{s.Bytes, "bytes"},
	} {
		if _, err := fmt.Fprintf(w.stdout, "%12d %s\n", line.n, line.what); err != nil {
			return err
		}
	}
	if s.First == nil {
		return nil
	}
	_, err := fmt.Fprintf(w.stdout, "from %s to %s\n", s.First.Format(time.RFC3339), s.Last.Format(time.RFC3339))
	return err
}

// An exported outcome is one line of `enrich ledger export`.
type exported struct {
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
		Use: "export", Short: "Print every outcome as JSONL on standard output, in the order in which they came",
		Example: "  enrich ledger export > outcomes.jsonl\n  enrich ledger export | jq 'select(.status == \"lost\")'", Args: cobra.NoArgs,
	}
	return ledgerSub(w, cmd, toRead, func(ctx context.Context, _ *settings, l *ledger.Ledger, _ []string) error {
		out := bufio.NewWriterSize(w.stdout, 64<<10)
		err := l.Each(ctx, func(r *ledger.Record) error {
			e := exported{
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
	})
}

func verifyCommand(w world) *cobra.Command {
	cmd := &cobra.Command{
		Use: "verify", Short: "Read the whole ledger and check every page, checksum, key and intent",
		Example: "  enrich ledger verify", Args: cobra.NoArgs,
	}
	return ledgerSub(w, cmd, toRead, func(ctx context.Context, _ *settings, l *ledger.Ledger, _ []string) error {
		v, err := l.Verify(ctx)
		if err != nil {
			return err
		}
		for _, problem := range v.Told {
			if _, err := fmt.Fprintln(w.stdout, plain(problem)); err != nil {
				return err
			}
		}
		if v.Problems > 0 {
			return fmt.Errorf("verify: %w: %s; put a copy of it from before in its place", ledger.ErrDamaged, many(v.Problems, "problem"))
		}
		_, err = fmt.Fprintf(w.stdout, "sound: %s, %s\n", many(v.Outcomes, "outcome"), many(v.Intents, "intent"))
		return err
	})
}

func forgetCommand(w world) *cobra.Command {
	var who contact.Contact
	cmd := &cobra.Command{
		Use: "forget [ADDRESS]", Short: "Remove every trace of one person, for a deletion request",
		Long: "Removes what was asked about a person and what was answered, so that it is in the file's bytes no more. Where several fields are\n" +
			"given, all must fit. Results that were written before are files of yours: this does not touch them. A contact that is\n" +
			"forgotten is new: asked again, it costs again.",
		Example: "  enrich ledger forget ann@example.com\n  enrich ledger forget --first-name Ann --last-name Smith --company-domain example.com",
		Args:    cobra.MaximumNArgs(1),
	}
	f := cmd.Flags()
	f.StringVar(&who.FirstName, "first-name", "", "the person's first name")
	f.StringVar(&who.LastName, "last-name", "", "the person's last name")
	f.StringVar(&who.CompanyName, "company-name", "", "the company's name")
	f.StringVar(&who.CompanyDomain, "company-domain", "", "the company's domain")
	f.StringVar(&who.LinkedInURL, "linkedin-url", "", "the person's profile")
	sub := ledgerSub(w, cmd, toWrite, func(ctx context.Context, _ *settings, l *ledger.Ledger, args []string) error {
		if len(args) == 1 {
			who.Email = args[0]
		}
		n, err := l.Forget(ctx, who)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(w.stdout, "forgotten: %s removed\n", many(n, "record"))
		return err
	})
	// Before the ledger is opened: without a person there is nothing to do, and one who is only a first name is everybody.
	sub.PreRunE = func(_ *cobra.Command, args []string) error {
		blank := func(s string) bool { return strings.TrimSpace(s) == "" }
		if (len(args) == 0 || blank(args[0])) && blank(who.LinkedInURL) && (blank(who.FirstName) || blank(who.LastName)) {
			return usage(errors.New("name one person: an address, --linkedin-url, or --first-name and --last-name"))
		}
		return nil
	}
	return sub
}

func pruneCommand(w world) *cobra.Command {
	var age time.Duration
	cmd := &cobra.Command{
		Use: "prune --older-than AGE", Short: "Remove what is older than an age; contacts whose answer goes cost again",
		Example: "  enrich ledger prune --older-than 365d", Args: cobra.NoArgs,
	}
	cmd.Flags().Var(span{value: &age, min: time.Hour}, "older-than", "the age, such as 365d")
	sub := ledgerSub(w, cmd, toWrite, func(ctx context.Context, _ *settings, l *ledger.Ledger, _ []string) error {
		n, err := l.Prune(ctx, time.Now().Add(-age))
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(w.stdout, "pruned: %s removed\n", many(n, "record"))
		return err
	})
	sub.PreRunE = func(*cobra.Command, []string) error {
		if age == 0 {
			return usage(errors.New("name an age: --older-than 365d"))
		}
		return nil
	}
	return sub
}
