package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"enrich/cmd/enrich/internal/console"
	"enrich/ledger"
	"enrich/ledger/sqlite"
)

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
	job := ledgerJob{options: sqlite.Options{ReadOnly: true}}
	job.check = func([]string) error {
		if accept {
			job.options = sqlite.Options{AcceptLoss: true}
		}
		return nil
	}
	job.do = func(ctx context.Context, l *sqlite.Ledger, _ []string) error {
		if accept {
			if err := sayLoss(w, l); err != nil {
				return err
			}
		}
		return verify(ctx, w, l)
	}
	return ledgerSub(w, cmd, &job)
}

// sayLoss prints what was missing.
func sayLoss(w world, l *sqlite.Ledger) error {
	loss := l.Loss()
	if len(loss) == 0 {
		loss = []string{"nothing"}
	}
	for _, text := range loss {
		if _, err := fmt.Fprintf(w.stdout, "missing: %s\n", console.Plain(text)); err != nil {
			return err
		}
	}
	return nil
}

// verify prints each problem that it finds, or that the ledger is sound.
func verify(ctx context.Context, w world, l *sqlite.Ledger) error {
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
		return fmt.Errorf("verify: %w: %s; restore it from a backup", ledger.ErrDamaged, many(v.Problems, "problem"))
	}
	_, err = fmt.Fprintf(w.stdout, "OK: %s, %s\n", many(v.Outcomes, "outcome"), many(v.Intents, "intent"))
	return err
}
