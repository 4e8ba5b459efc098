package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"enrich/cmd/enrich/internal/console"
	"enrich/cmd/enrich/internal/dburl"
	"enrich/cmd/enrich/internal/problem"
	"enrich/cmd/enrich/internal/settings"
	"enrich/cmd/enrich/internal/shutdown"
	"enrich/ledger"
)

const longCopy = `Copies all records of a ledger into an empty one: from a file to a database that many machines share, back, or
from one file to another. FROM and TO are files or postgres://… URLs; a database needs ` + "`enrich ledger init`" + ` first. No run may
be using either of them; if one was killed, copy waits until it counts as dead, as a run does. Afterwards the copy is read again,
and its records are counted and compared by their checksums. FROM stays: do not use both, because each would pay for the same
contacts. If a run could not record its last answers, because the database was away for too long, FROM can be the file that its
message named: they are added to TO.`

func copyCommand(w world) *cobra.Command {
	s := settings.Defaults()
	cmd := &cobra.Command{
		Use: "copy [flags] FROM TO", Short: "Copy all records into an empty ledger, from a file to a database or back", Long: longCopy,
		Example: "  enrich ledger copy ~/.local/state/enrich/ledger.db postgres://db.example/leads\n  enrich ledger copy postgres://db.example/leads ledger.db",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return problem.New(problem.Problem{
					Code: "usage", Message: fmt.Sprintf("copy takes two ledgers, got %d", len(args)), Advice: "name the ledger to copy and an empty one",
				})
			}
			return nil
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().Var(settings.Duration{Value: &s.LockWait, Max: 24 * time.Hour}, "lock-wait", "how long to wait for a ledger file that another run has locked")
	s.RequireSyncFlag(cmd)
	s.LoggingFlags(cmd)
	s.ConfigFlag(cmd)
	cmd.RunE = func(_ *cobra.Command, args []string) error { return copyLedger(w, &s, args[0], args[1]) }
	return cmd
}

// copyLedger is `enrich ledger copy`.
func copyLedger(w world, s *settings.Settings, fromText, toText string) error {
	from, err := argumentPlace("FROM", fromText)
	if err != nil {
		return usage(err)
	}
	to, err := argumentPlace("TO", toText)
	if err != nil {
		return usage(err)
	}
	if isSamePlace(from, to) {
		return usage(fmt.Errorf("FROM and TO are the same ledger (%s): name an empty one", console.Name(from.Name())))
	}
	stop := w.listen()
	defer stop.Close()
	c := copier{printer: console.NewPrinter(w.console, s.Console()), from: from, to: to, settings: s, told: time.Now()}
	said, err := c.do(stop.Interrupted)
	if sig := stop.Signal(); err != nil && sig != nil {
		return shutdown.Interruption{Signal: sig}
	}
	if errors.Is(err, ledger.ErrMissing) {
		return usage(err)
	}
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(w.stdout, said); err != nil {
		return fmt.Errorf("write standard output: %w", err)
	}
	return nil
}

// argumentPlace reads an argument that names a ledger.
func argumentPlace(name, text string) (settings.LedgerPlace, error) {
	place, err := settings.ParseLedgerPlace(text)
	switch {
	case text == "":
		err = problem.New(problem.Problem{Code: "usage", Message: name + " is empty", Advice: "name a file or a postgres://… URL"})
	case errors.Is(err, dburl.ErrPassword):
		err = problem.Wrap(fmt.Errorf("%s: %w", name, err), "password_not_allowed", "", dburl.PasswordAdvice)
	case err != nil:
		err = problem.Wrap(fmt.Errorf("%s: %w", name, err), "ledger_unusable", "", "name a file or a postgres://… URL")
	}
	return place, err
}

// isSamePlace reports whether two places are known to be one. Two URLs may name one database in many ways: then the other is not empty.
func isSamePlace(a, b settings.LedgerPlace) bool {
	if a.IsShared() || b.IsShared() {
		return a == b
	}
	fa, erra := os.Stat(a.File)
	fb, errb := os.Stat(b.File)
	return a.File == b.File || erra == nil && errb == nil && os.SameFile(fa, fb)
}

// A copier copies one ledger into another, and counts what passes.
type copier struct {
	printer  *console.Printer
	settings *settings.Settings
	from, to settings.LedgerPlace
	source   ledger.Exporter
	digest   ledger.Digest
	entries  int64
	told     time.Time // when progress was shown
}

// An uncommittedStore takes answers that a run could not commit, because its database was away for too long, from the file in which
// the run has left them.
type uncommittedStore interface {
	AddUncommitted(ctx context.Context, r io.Reader) (added, known int, err error)
}

// A sharedStore can wait for a run that was killed on any machine. A file needs no wait: nobody else has it open.
type sharedStore interface {
	AwaitRuns(ctx context.Context) error
}

// do copies a ledger, or the answers that a run has left in a file, and says what was done.
func (c *copier) do(ctx context.Context) (said string, err error) {
	if left := openUncommitted(c.from); left != nil {
		defer func() { _ = left.Close() }() // it was only read
		return c.addUncommitted(ctx, left)
	}
	copied, err := c.copy(ctx)
	if err != nil {
		return "", err
	}
	return copiedText(copied), nil
}

// openUncommitted opens a file of answers, which consists of JSON objects. It returns nil for anything else.
func openUncommitted(place settings.LedgerPlace) *os.File {
	if place.IsShared() {
		return nil
	}
	f, err := os.Open(place.File)
	if err != nil {
		return nil // opening it as a ledger says why
	}
	var first [1]byte
	if _, err := f.ReadAt(first[:], 0); err == nil && first[0] == '{' {
		return f
	}
	_ = f.Close() // it was only read
	return nil
}

// addUncommitted records the answers that a run has left in a file, in the ledger that did not take them.
func (c *copier) addUncommitted(ctx context.Context, left io.Reader) (said string, err error) {
	to, err := openStore(ctx, c.to, storeOptions{mustExist: true, lockWait: c.settings.LockWait, printer: c.printer})
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	store, ok := to.(uncommittedStore)
	if !ok {
		return "", usage(fmt.Errorf("%s has answers for a database: name that as TO", console.Name(c.from.Name())))
	}
	added, known, err := store.AddUncommitted(ctx, left)
	if err != nil {
		return "", fmt.Errorf("add the answers in %s: %w", console.Name(c.from.Name()), err)
	}
	return fmt.Sprintf("added %s; %d were in the ledger already", console.Count(int64(added), "outcome"), known), nil
}

// copy returns what was copied.
func (c *copier) copy(ctx context.Context) (*ledger.Digest, error) {
	if err := c.write(ctx); err != nil {
		return nil, err
	}
	copied, err := c.readBack(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the copy: %w", err)
	}
	if difference := c.digest.Difference(copied); difference != "" {
		return nil, fmt.Errorf("copy: %w: %s; use the original", ledger.ErrDamaged, difference)
	}
	return copied, nil
}

// write copies all records. The calls of runs that were killed are recorded as lost in the original first, as its next run would do.
func (c *copier) write(ctx context.Context) (err error) {
	o := storeOptions{mustExist: true, lockWait: c.settings.LockWait, printer: c.printer}
	from, err := openStore(ctx, c.from, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	if n := int64(len(from.InterruptedCalls())); n > 0 {
		c.printer.Warn(console.Count(n, "call")+" of runs that were killed: recorded as lost", "event", "lost", "contacts", n)
	}
	if shared, ok := from.(sharedStore); ok { // now: an import does not wait
		if err := shared.AwaitRuns(ctx); err != nil {
			return err
		}
	}
	o.mustExist, o.requireSync = false, c.settings.RequireSync
	to, err := openStore(ctx, c.to, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	exporter, exports := from.(ledger.Exporter)
	importer, imports := to.(ledger.Importer)
	if !exports || !imports {
		return errors.New("copy: this kind of ledger cannot be copied")
	}
	c.source = exporter
	err = importer.Import(ctx, c)
	if errors.Is(err, ledger.ErrNotEmpty) {
		return problem.Wrap(fmt.Errorf("copy to %s: %w", console.Name(c.to.Name()), ledger.ErrNotEmpty), "ledger_not_empty", "", "name a new file, or an empty database")
	}
	return err
}

// Export implements [ledger.Exporter]: it counts what passes.
func (c *copier) Export(ctx context.Context, do func(*ledger.Entry) error) error {
	c.digest, c.entries = ledger.Digest{}, 0
	return c.source.Export(ctx, func(e *ledger.Entry) error {
		c.digest.Add(e)
		c.progress("copied")
		return do(e)
	})
}

// progress shows a line now and then.
func (c *copier) progress(what string) {
	c.entries++
	if c.entries%1024 == 0 && time.Since(c.told) >= lineEvery {
		c.told = time.Now()
		c.printer.Progress(what+" "+console.Count(c.digest.Outcomes, "outcome"), "event", "progress", "outcomes", c.digest.Outcomes)
	}
}

// readBack counts what is in the copy.
func (c *copier) readBack(ctx context.Context) (d *ledger.Digest, err error) {
	to, err := openStore(ctx, c.to, storeOptions{readOnly: true, mustExist: true, printer: c.printer})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	d = &ledger.Digest{}
	err = to.(ledger.Exporter).Export(ctx, func(e *ledger.Entry) error { // write has imported into it
		d.Add(e)
		c.progress("compared")
		return nil
	})
	return d, err
}

func copiedText(d *ledger.Digest) string {
	text := fmt.Sprintf("copied and compared: %s, %s, %s", console.Count(d.Runs, "run"), console.Count(d.Outcomes, "outcome"), console.Count(d.Intents, "intent"))
	if d.Jobs > 0 {
		text += ", " + console.Count(d.Jobs, "bulk job")
	}
	if d.Raw > 0 {
		text += ", " + console.Count(d.Raw, "raw result")
	}
	return text
}
