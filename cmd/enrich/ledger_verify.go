package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"enrich/ledger"
)

func verifyCommand(w world) *cobra.Command {
	cmd := &cobra.Command{
		Use: "verify", Short: "Read the whole ledger and check every page, checksum, key and intent",
		Example: "  enrich ledger verify", Args: cobra.NoArgs,
	}
	return ledgerSub(w, cmd, ledgerJob{
		options: ledger.Options{ReadOnly: true},
		do:      func(ctx context.Context, l *ledger.Ledger, _ []string) error { return verify(ctx, w, l) },
	})
}

// verify prints each problem that it finds, or that the ledger is sound.
func verify(ctx context.Context, w world, l *ledger.Ledger) error {
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
}
