package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime"
	"syscall"

	"github.com/spf13/cobra"

	"enrich/cmd/enrich/internal/dburl"
	"enrich/cmd/enrich/internal/problem"
)

// A LedgerPlace is where the ledger is: in a file or, shared by many machines, in a database.
type LedgerPlace struct {
	File string    // "": in a database
	URL  dburl.URL // of the database
}

// IsShared reports whether the ledger is in a database.
func (p LedgerPlace) IsShared() bool { return !p.URL.IsZero() }

// String returns the path of the file or the URL. It contains no password.
func (p LedgerPlace) String() string {
	if p.IsShared() {
		return p.URL.String()
	}
	return p.File
}

// Name is String for messages: without the parameters of a URL.
func (p LedgerPlace) Name() string {
	if p.IsShared() {
		return p.URL.Name()
	}
	return p.File
}

// Codes of the errors about a ledger.
const (
	codeLedgerUnusable = "ledger_unusable"
	codePasswordGiven  = "password_not_allowed"
)

// LedgerFlag names the ledger.
func (s *Settings) LedgerFlag(cmd *cobra.Command) {
	cmd.Flags().Var(Path{&s.Ledger}, "ledger",
		"ledger, the record of all calls and answers: a `FILE`, or postgres://… for a database that many machines share (default: $XDG_STATE_HOME/enrich/ledger.db)")
}

// SharedFlags are those that only a ledger in a database has a use for.
func (s *Settings) SharedFlags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&s.NoOutputs, "no-outputs", false, "with a ledger in a database: help the other machines with the work, and write no results, failures and summary")
	s.RequireSyncFlag(cmd)
}

// RequireSyncFlag refuses a database whose standbys could lose answers.
func (s *Settings) RequireSyncFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&s.RequireSync, "require-sync", false,
		"with a ledger in a database: refuse one that has standbys of which none is synchronous, because a failover could lose answers (default: warn)")
}

// ReadLedgerPlace returns what --ledger names, or the default in the user's state directory. Its error contains no part of an address
// that may be a password.
func (s *Settings) ReadLedgerPlace(lookup Lookup) (LedgerPlace, error) {
	if s.Ledger == "" {
		file, err := defaultLedger(lookup)
		return LedgerPlace{File: file}, problem.Wrap(err, codeLedgerUnusable, "", "name the ledger with --ledger")
	}
	place, err := ParseLedgerPlace(s.Ledger)
	if errors.Is(err, dburl.ErrPassword) {
		return place, problem.Wrap(err, codePasswordGiven, "ledger", dburl.PasswordAdvice)
	}
	return place, problem.Wrap(err, codeLedgerUnusable, "ledger", "")
}

// ParseLedgerPlace reads the path of a file or the URL of a database. Its errors are those of package dburl.
func ParseLedgerPlace(text string) (LedgerPlace, error) {
	if !dburl.Is(text) {
		return LedgerPlace{File: text}, nil
	}
	u, err := dburl.Parse(text)
	return LedgerPlace{URL: u}, err
}

func defaultLedger(lookup Lookup) (string, error) {
	if state, _ := lookup("XDG_STATE_HOME"); filepath.IsAbs(state) {
		return filepath.Join(state, "enrich", "ledger.db"), nil
	}
	if runtime.GOOS == "windows" {
		if local, _ := lookup("LOCALAPPDATA"); filepath.IsAbs(local) {
			return filepath.Join(local, "enrich", "ledger.db"), nil
		}
		return "", errors.New("neither XDG_STATE_HOME nor LOCALAPPDATA is an absolute path")
	}
	home, _ := lookup("HOME")
	if !filepath.IsAbs(home) { // it would be another ledger in each working directory
		return "", errors.New("neither XDG_STATE_HOME nor HOME is an absolute path")
	}
	return filepath.Join(home, ".local", "state", "enrich", "ledger.db"), nil
}

// CheckShared returns an error if a flag that needs a ledger in a database is given with another, or with one that contradicts it.
func (s *Settings) CheckShared(place LedgerPlace) error {
	for _, shared := range []struct {
		flag  string
		given bool
	}{{"no-outputs", s.NoOutputs}, {"require-sync", s.RequireSync}} {
		if shared.given && !place.IsShared() {
			return problem.Wrap(errors.New("the ledger is a file, which no other machine uses"), codeInvalidValue, shared.flag,
				"leave the flag out, or name a database with --ledger postgres://…")
		}
	}
	if !s.NoOutputs {
		return nil
	}
	for _, output := range []struct{ flag, value string }{
		{"results", s.Results}, {"failures", s.Failures}, {"summary", s.Summary}, {"pending", s.Pending}, {"report", s.Report},
	} {
		if output.value != "" {
			return problem.Wrap(fmt.Errorf("a run that writes no outputs has no %s file", output.flag), codeInvalidValue, output.flag, "leave it out, or leave out --no-outputs")
		}
	}
	return nil
}

// LedgerAdvice adds advice to the error of a default ledger that cannot be opened.
func (s *Settings) LedgerAdvice(err error) error {
	if s.Ledger != "" || err == nil {
		return err
	}
	for _, cause := range []error{fs.ErrPermission, fs.ErrNotExist, syscall.ENOTDIR, syscall.EROFS} {
		if errors.Is(err, cause) {
			return fmt.Errorf("%w (this is the default; name another file with --ledger)", err)
		}
	}
	return err
}
