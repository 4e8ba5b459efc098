package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"enrich/cmd/enrich/internal/console"
	"enrich/cmd/enrich/internal/problem"
	"enrich/cmd/enrich/internal/settings"
	"enrich/cmd/enrich/internal/shutdown"
	"enrich/ledger/postgres"
)

const longInit = `Creates the ledger in a PostgreSQL database, or brings one of an earlier version up to date: the schema enrich, and the
roles enrich_run and enrich_erase. It checks the server first, and prints which grants people need. It can be run again at any time.
The user must own the database, and be allowed to create roles. A ledger in a file needs no init: the first run creates it.`

func initCommand(w world) *cobra.Command {
	s := settings.Defaults()
	cmd := &cobra.Command{
		Use: "init", Short: "Create the ledger in a database that many machines share", Long: longInit,
		Example: "  enrich ledger init --ledger postgres://owner@db.example/leads?sslmode=verify-full", Args: cobra.NoArgs,
	}
	cmd.Flags().SortFlags = false
	s.LedgerFlag(cmd)
	s.RequireSyncFlag(cmd)
	s.LoggingFlags(cmd)
	s.ConfigFlag(cmd)
	cmd.RunE = func(*cobra.Command, []string) error {
		place, err := s.ReadLedgerPlace(w.lookupEnv)
		if err == nil && !place.IsShared() {
			err = problem.Wrap(errors.New("a ledger in a file needs no init: the first run creates it"), "invalid_value", "ledger", "name a database: postgres://…")
		}
		if err != nil {
			return usage(err)
		}
		stop := w.listen()
		defer stop.Close()
		o := storeOptions{requireSync: s.RequireSync, printer: console.NewPrinter(w.console, s.Console())}
		before, now, err := postgres.Init(stop.Interrupted, o.database(place))
		if sig := stop.Signal(); err != nil && sig != nil {
			return shutdown.Interruption{Signal: sig}
		}
		if err != nil {
			return databaseError(err)
		}
		return printInit(w, place.Name(), before, now)
	}
	return cmd
}

// printInit says what was done, and what is left to the owner.
func printInit(w world, name string, before, now int) error {
	done := fmt.Sprintf("created the ledger in %s (schema version %d)", console.Name(name), now)
	switch {
	case before == now:
		done = fmt.Sprintf("the ledger in %s is up to date (schema version %d)", console.Name(name), now)
	case before > 0:
		done = fmt.Sprintf("brought the ledger in %s up to date (schema version %d to %d)", console.Name(name), before, now)
	}
	_, err := fmt.Fprintf(w.stdout, `%s
each login that runs enrich needs:  GRANT enrich_run TO LOGIN;
who forgets and prunes needs:       GRANT enrich_erase TO LOGIN;
`, done)
	if err != nil {
		return fmt.Errorf("write standard output: %w", err)
	}
	return nil
}
