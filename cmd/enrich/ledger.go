package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"enrich/cmd/enrich/internal/settings"
	"enrich/ledger"
	"enrich/ledger/sqlite"
)

func ledgerCommand(w world) *cobra.Command {
	cmd := &cobra.Command{
		Use: "ledger", Short: "Inspect the ledger, or erase records from it",
		Example: "  enrich ledger stats\n  enrich ledger export > answers.jsonl\n  enrich ledger forget ann@example.com",
		Args:    knownCommand,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(statsCommand(w), exportCommand(w), verifyCommand(w), forgetCommand(w), pruneCommand(w))
	return cmd
}

// A ledgerJob is what a command below ledger does.
type ledgerJob struct {
	options sqlite.Options
	// check, if not nil, checks flags and arguments before the ledger is opened. The environment has been read by then.
	// It may change options.
	check func(args []string) error
	do    func(context.Context, *sqlite.Ledger, []string) error
}

// ledgerSub completes a command below ledger. The ledger must exist, and is opened with the job's options.
func ledgerSub(w world, cmd *cobra.Command, job *ledgerJob) *cobra.Command {
	s := settings.Defaults()
	cmd.Flags().SortFlags = false
	cmd.Flags().Var(settings.Path{Value: &s.Ledger}, "ledger", "ledger `FILE` (default: $XDG_STATE_HOME/enrich/ledger.db)")
	if !job.options.ReadOnly {
		cmd.Flags().Var(settings.Duration{Value: &s.LockWait, Max: 24 * time.Hour}, "lock-wait", "how long to wait for a ledger that another run has locked")
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if job.check != nil {
			if err := job.check(args); err != nil {
				return usage(err)
			}
		}
		path, err := s.LedgerPath(w.lookupEnv)
		if err != nil {
			return usage(err)
		}
		p := watch(w, nil)
		defer p.close()
		o := job.options
		o.LockWait, o.MustExist = s.LockWait, true
		l, err := sqlite.Open(p.ctx, path, o)
		err = s.LedgerAdvice(err)
		if err == nil {
			err = errors.Join(job.do(p.ctx, l, args), l.Close())
		}
		if errors.Is(err, ledger.ErrMissing) {
			return usage(err)
		}
		if sig := p.signal(); err != nil && sig != nil {
			return interruption{sig}
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
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	stats := func(ctx context.Context, l *sqlite.Ledger, _ []string) error {
		s, err := l.Stats(ctx)
		if err != nil {
			return err
		}
		if asJSON {
			return json.NewEncoder(w.stdout).Encode(s)
		}
		return printStats(w, &s)
	}
	return ledgerSub(w, cmd, &ledgerJob{options: sqlite.Options{ReadOnly: true}, do: stats})
}

func printStats(w world, s *ledger.Stats) error {
	for _, line := range []struct {
		n         int64
		one, more string
	}{
		{s.Answers, "contact has an answer", "contacts have an answer"},
		{s.Matched, "answer that matched", "answers that matched"},
		{s.NoMatch, "answer without a match", "answers without a match"},
		{s.Refused, "request that was refused", "requests that were refused"},
		{s.Lost, "call that was lost: it may have been charged", "calls that were lost: they may have been charged"},
		{s.Credits, "credit charged", "credits charged"},
		{s.Runs, "run", "runs"},
		{s.Bytes, "byte", "bytes"},
	} {
		what := line.more
		if line.n == 1 {
			what = line.one
		}
		if _, err := fmt.Fprintf(w.stdout, "%12d %s\n", line.n, what); err != nil {
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
		Use: "export", Short: "Print all outcomes as JSONL, in the order in which they were committed",
		Example: "  enrich ledger export > outcomes.jsonl\n  enrich ledger export | jq 'select(.status == \"lost\")'", Args: cobra.NoArgs,
	}
	export := func(ctx context.Context, l *sqlite.Ledger, _ []string) error {
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
	}
	return ledgerSub(w, cmd, &ledgerJob{options: sqlite.Options{ReadOnly: true}, do: export})
}
