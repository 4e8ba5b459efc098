package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"enrich/cmd/enrich/internal/configfile"
	"enrich/cmd/enrich/internal/console"
	"enrich/cmd/enrich/internal/dburl"
	"enrich/cmd/enrich/internal/problem"
	"enrich/cmd/enrich/internal/settings"
	"enrich/cmd/enrich/internal/shutdown"
	"enrich/contact"
	"enrich/input"
	"enrich/ledger"
	"enrich/reader"
)

// The exit codes are a contract (README, "Exit codes").
const (
	exitOK          = 0
	exitInternal    = 1
	exitUsage       = 2
	exitFailedRows  = 3
	exitRefused     = 4
	exitCapped      = 5
	exitAPIDown     = 6
	exitLocked      = 7
	exitBrokenInput = 8
	exitSIGHUP      = 128 + int(syscall.SIGHUP)
	exitSIGINT      = 128 + int(syscall.SIGINT)
	exitSIGPIPE     = 128 + int(syscall.SIGPIPE)
	exitSIGTERM     = 128 + int(syscall.SIGTERM)
)

// A usageError is a mistake of the user: no call was made and no file was created.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// usage wraps an error as a usageError; nil stays nil.
func usage(err error) error {
	if err == nil {
		return nil
	}
	return usageError{err}
}

// An exitStatus is the exit code of a command that has printed everything there is to say.
type exitStatus int

func (e exitStatus) Error() string { return "ended" }

// endWith returns an exit code as an error; exitOK is nil.
func endWith(code int) error {
	if code == exitOK {
		return nil
	}
	return exitStatus(code)
}

// inputErrors are the reader's errors for a file that is not a table.
var inputErrors = [...]error{
	reader.ErrEmpty, reader.ErrNoTable, reader.ErrEncoding, reader.ErrNoColumn, reader.ErrAmbiguous, reader.ErrHeader, reader.ErrMap, reader.ErrSheet,
}

// exitCodeOf is the one table from errors to exit codes.
func exitCodeOf(err error) int {
	var end exitStatus
	var sig shutdown.Interruption
	var use usageError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &end):
		return int(end)
	case errors.As(err, &sig):
		return sig.ExitCode()
	case errors.Is(err, context.Canceled):
		return exitSIGINT
	case errors.Is(err, ledger.ErrFailed): // also if the database refused it: the run had begun
		return exitInternal
	case errors.As(err, &use), errors.Is(err, ledger.ErrRefused), errors.Is(err, ledger.ErrDenied), errors.Is(err, ledger.ErrNotEmpty), errors.Is(err, input.ErrEmpty):
		return exitUsage
	case errors.Is(err, ledger.ErrLocked):
		return exitLocked
	case errors.Is(err, errNobody):
		return exitFailedRows
	}
	for _, target := range inputErrors {
		if errors.Is(err, target) {
			return exitUsage
		}
	}
	if errors.Is(err, reader.ErrBroken) {
		return exitBrokenInput
	}
	return exitInternal
}

// exitCodeAfter is the one rule for a command that read its input: the cause of a stop wins over failed rows.
func exitCodeAfter(stop contact.Stop, failed int64, sig os.Signal) int {
	switch stop {
	case "":
		if failed > 0 {
			return exitFailedRows
		}
	case contact.StopUnauthorized, contact.StopForbidden, contact.StopNoCredits:
		return exitRefused
	case contact.StopCap:
		return exitCapped
	case contact.StopAPIDown, contact.StopRejectedAll:
		return exitAPIDown
	case contact.StopInput:
		return exitBrokenInput
	case contact.StopInterrupted:
		return shutdown.Interruption{Signal: sig}.ExitCode()
	}
	return exitOK
}

// sayError prints why a command failed; that of an exitStatus has been printed.
func sayError(w world, cmd *cobra.Command, args []string, err error) {
	var end exitStatus
	if !errors.As(err, &end) {
		err = withoutPasswords(err, args, w.environ)
		report := reportOf(err)
		if cmd != nil {
			*report.Advice = strings.Replace(*report.Advice, anyCommand, cmd.CommandPath(), 1)
			if source := sourceOf(cmd, report.Message); source != "" {
				report.Message = source + ": " + report.Message
				err = fmt.Errorf("%s: %w", source, err)
			}
		}
		console.NewPrinter(w.console, console.Options{JSON: wantsJSON(w, cmd, args)}).Error(err, exitCodeOf(err), report.attrs()...)
	}
}

// sourceOf returns where the value of the flag that a message begins with was set, or "" if the user typed the flag.
func sourceOf(cmd *cobra.Command, message string) string {
	match := leadingFlag.FindStringSubmatch(message)
	if match == nil {
		return ""
	}
	f := cmd.Flags().Lookup(match[1])
	if f == nil {
		return ""
	}
	if source := settings.SourceOf(f); source.Kind == settings.FromEnvironment || source.Kind == settings.FromFile {
		return source.String()
	}
	return ""
}

// withoutPasswords hides the password of a database that was given at a wrong place, if the error repeats the argument or the variable.
func withoutPasswords(err error, args, environ []string) error {
	p := problem.Of(err)
	for i, arg := range append(slices.Clone(args), environ...) {
		_, value, isPair := strings.Cut(arg, "=")
		if i < len(args) && (!isPair || !strings.HasPrefix(arg, "-")) { // neither a flag with its value, nor a variable
			value = arg
		}
		if _, found := dburl.Password(value); !found || !strings.Contains(p.Message+p.Advice, value) {
			continue
		}
		p.Message, p.Advice = strings.ReplaceAll(p.Message, value, dburl.Hide(value)), strings.ReplaceAll(p.Advice, value, dburl.Hide(value))
		err = hiddenError{problem.New(p), err}
	}
	return err
}

// A hiddenError is an error with another text.
type hiddenError struct{ shown, cause error }

func (e hiddenError) Error() string   { return e.shown.Error() }
func (e hiddenError) Unwrap() []error { return []error{e.shown, e.cause} }

// wantsJSON reports whether errors are printed as JSON. If the command line could not be parsed, the flags after the mistake are not set,
// so --log-format is looked for in args, in the environment and in the config file; cmd is nil if there is no such command.
func wantsJSON(w world, cmd *cobra.Command, args []string) bool {
	value := givenAs(args, "log-format")
	if value == "" && cmd != nil {
		if f := cmd.Flags().Lookup("log-format"); f != nil && f.Changed {
			value = f.Value.String()
		}
	}
	if value == "" {
		value, _ = w.lookupEnv("ENRICH_LOG_FORMAT")
	}
	if value == "" {
		path, _ := settings.ConfigPath(givenAs(args, "config"), w.lookupEnv)
		value = configfile.Peek(path, "log-format")
	}
	return value == "json"
}

// givenAs finds the last value of a flag in arguments that could not be parsed, or "".
func givenAs(args []string, flag string) (value string) {
	for i, arg := range args {
		if arg == "--" {
			break
		}
		if given, found := strings.CutPrefix(arg, "--"+flag+"="); found {
			value = given
		}
		if arg == "--"+flag && i+1 < len(args) {
			value = args[i+1]
		}
	}
	return value
}
