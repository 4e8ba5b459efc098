package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"enrich/cmd/enrich/internal/settings"
	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/sqlite"
)

// errNobody is what forget says if the ledger has no record of the person. Its exit code is 3 and not 2: the command line
// was right and all was done, but what it named was not there. A program that handles deletion requests can tell a typing
// error in the address from one in the command.
var errNobody = errors.New("forget: the ledger has no record of this person: nothing was removed; check the spelling and --ledger")

func forgetCommand(w world) *cobra.Command {
	var who contact.Contact
	cmd := &cobra.Command{
		Use: "forget [ADDRESS]", Short: "Erase all records of one person, for a deletion request",
		Long: "Erases all requests and answers of a person; no byte of them remains in the file. If several fields are given, all must\n" +
			"match. Outputs that were written before are not changed. A contact that was forgotten is new: if it is sent again, it\n" +
			"costs again. The exit code is 3 if the ledger has no record of the person.",
		Example: "  enrich ledger forget ann@example.com\n  enrich ledger forget --first-name Ann --last-name Smith --company-domain example.com",
		Args:    cobra.MaximumNArgs(1),
	}
	f := cmd.Flags()
	f.StringVar(&who.FirstName, "first-name", "", "the person's first name")
	f.StringVar(&who.LastName, "last-name", "", "the person's last name")
	f.StringVar(&who.CompanyName, "company-name", "", "the company's name")
	f.StringVar(&who.CompanyDomain, "company-domain", "", "the company's domain")
	f.StringVar(&who.LinkedInURL, "linkedin-url", "", "the person's LinkedIn profile")
	return ledgerSub(w, cmd, &ledgerJob{
		check: func(args []string) error {
			if len(args) == 1 {
				who.Email = args[0]
			}
			return onePerson(&who)
		},
		do: func(ctx context.Context, l *sqlite.Ledger, _ []string) error {
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
	return ledgerSub(w, cmd, &ledgerJob{
		check: func([]string) error {
			if age == 0 {
				return errors.New("--older-than is missing: give an age, such as 365d")
			}
			return nil
		},
		do: func(ctx context.Context, l *sqlite.Ledger, _ []string) error {
			erased, err := l.Prune(ctx, time.Now().Add(-age))
			if err != nil {
				return err
			}
			return sayErased(w, "pruned", erased)
		},
	})
}

// sayErased counts answers, because they are what was paid for; other outcomes are named if there were any.
func sayErased(w world, what string, e ledger.Erased) error {
	text := many(e.Answers, "answer") + " removed"
	if e.Others > 0 {
		text += ", and " + many(e.Others, "call") + " without an answer"
	}
	_, err := fmt.Fprintf(w.stdout, "%s: %s\n", what, text)
	return err
}
