package main

import (
	"errors"
	"io/fs"
	"regexp"
	"strings"
	"syscall"

	"enrich/cmd/enrich/internal/dburl"
	"enrich/cmd/enrich/internal/problem"
	"enrich/cmd/enrich/internal/settings"
	"enrich/contact"
	"enrich/input"
	"enrich/internal/tempfile"
	"enrich/ledger"
	"enrich/pipeline"
	"enrich/reader"
)

// An errorReport is an error as programs read it: the members that each error has with --log-format json (doc/errors.md).
type errorReport struct {
	Code    string  `json:"code"`
	Flag    *string `json:"flag"` // as it is typed: --limit; null if no flag is at fault
	Message string  `json:"message"`
	Advice  *string `json:"advice"` // null if there is none
}

// attrs returns the members for a JSON line.
func (r *errorReport) attrs() []any {
	return []any{"code", r.Code, "flag", textOrNull(r.Flag), "message", r.Message, "advice", textOrNull(r.Advice)}
}

// textOrNull returns a text as a value that the console bounds, which it does not do behind a pointer.
func textOrNull(text *string) any {
	if text == nil {
		return nil
	}
	return *text
}

// A kind of error is what is known about every error of this kind.
type kind struct {
	is     error // nil: the errors of package problem have the code
	code   string
	flag   string // the flag that helps, if the error names none
	advice string // if the error has none
}

const (
	adviceHelp  = anyCommand + " --help shows the flags and what they take"
	adviceAgain = "run the same command again: answered contacts are not sent again"
	adviceRead  = "enrich read FILE shows how the file is read"
)

// anyCommand is a command in an advice; it becomes the one that failed.
const anyCommand = "enrich COMMAND"

// kinds are the kinds of errors, the most specific first. Their codes are a contract.
var kinds = [...]kind{
	{nil, "unknown_command", "", "enrich --help lists the commands"},
	{nil, "no_command", "", "enrich --help lists the commands"},
	{nil, "unknown_flag", "", adviceHelp},
	{nil, "unknown_variable", "", "enrich run --help lists the flags; ENRICH_ is reserved for them"},
	{nil, "unknown_setting", "", "enrich run --help lists the flags, whose names the settings have"},
	{nil, "missing_value", "", adviceHelp},
	{nil, "invalid_value", "", adviceHelp},
	{nil, "key_not_allowed", "", "set the environment variable SELLING_API_KEY, or name a file with --api-key-file"},
	{nil, "config_file", "config", "fix the file, or name another one with --config"},
	{nil, "no_file", "", "name a file, or - for standard input"},
	{nil, "too_many_arguments", "", "quote a name that contains spaces"},
	{nil, "input_is_url", "", "download it, or pipe it into enrich run -"},
	{nil, "output_is_url", "", "name a file, or - for standard output in a pipe"},
	{nil, "input_unreadable", "", "check the name and the permissions of the file"},
	{nil, "no_api_key", "api-key-file", "set the environment variable SELLING_API_KEY, or name a file with --api-key-file"},
	{nil, "invalid_api_key", "api-key-file", "copy the key from the account again, without quotes and spaces"},
	{nil, "invalid_proxy", "", "fix the environment variable that the message names"},
	{nil, "output_directory", "out", "name another directory with --out"},
	{nil, "output", "out", "name another file"},
	{nil, "other_input", "out", "name another directory with --out, or use --replace"},
	{nil, "output_too_large", "format", "use --format csv"},
	{nil, "on_finish", "on-finish", "leave the flag out on this machine"},
	{input.ErrEmpty, "input_empty", "", "name a file with rows"},
	{reader.ErrEmpty, "input_empty", "", "name a file with rows"},
	{reader.ErrEncoding, "encoding", "encoding", "name the encoding with --encoding"},
	{reader.ErrNoColumn, "no_column", "map", "name the columns with --map FIELD=COLUMN; " + adviceRead},
	{reader.ErrMap, "map", "map", "use the names of columns as they are in the header; " + adviceRead},
	{reader.ErrAmbiguous, "ambiguous", "map", "choose with --map FIELD=COLUMN"},
	{reader.ErrHeader, "header", "header-line", "name the header's line with --header-line, or use --no-header"},
	{reader.ErrSheet, "sheet", "sheet", "name one of the sheets that the message lists with --sheet; only workbooks have sheets"},
	{reader.ErrNoTable, "not_a_table", "", adviceRead},
	{syscall.ENOSPC, "disk_full", "", "free some space, then " + adviceAgain},
	{ledger.ErrLocked, "ledger_locked", "lock-wait", "wait until the other run has ended, or use --lock-wait"},
	{ledger.ErrMissing, "ledger_missing", "ledger", "check --ledger; the first run creates the ledger"},
	{ledger.ErrDamaged, "ledger_damaged", "ledger", "enrich ledger verify says what is wrong"},
	{ledger.ErrChanged, "ledger_changed", "ledger", "let nothing else change the ledger, and " + adviceAgain},
	{ledger.ErrForeign, "ledger_unusable", "ledger", "name another file with --ledger"},
	{ledger.ErrNewer, "ledger_unusable", "ledger", "use the version of enrich that wrote it"},
	{ledger.ErrLinked, "ledger_unusable", "ledger", "name a ledger with one name"},
	{ledger.ErrNetwork, "ledger_unusable", "ledger", "name a file on a local disk with --ledger"},
	{nil, "password_not_allowed", "ledger", dburl.PasswordAdvice},
	{ledger.ErrRefused, "database_refused", "ledger", "change the database's settings, or name another one with --ledger"},
	{ledger.ErrDenied, "database_denied", "ledger", "use the name and the password of a user who has the right"},
	{ledger.ErrUnreachable, "ledger_unreachable", "ledger", "check that the database runs and accepts connections, then " + adviceAgain},
	{ledger.ErrFenced, "run_fenced", "ledger", adviceAgain},
	{nil, "ledger_unusable", "ledger", "name a file with --ledger"},
	{errNobody, "not_in_ledger", "", "check the spelling and --ledger"},
	{errInputChanged, "input_changed", "", adviceAgain},
	{tempfile.ErrFailed, "disk", "", "check the directory for temporary files (TMPDIR), then " + adviceAgain},
	{ledger.ErrNotEmpty, "ledger_not_empty", "", "name a new file, or an empty database"},
	{ledger.ErrFailed, "ledger_failed", "ledger", "check the disk, then " + adviceAgain},
	{reader.ErrBroken, "input_broken", "", "get the file again; the rows before that point are done"},
}

// leadingFlag finds the flag that a message begins with. By convention that is the flag at fault.
var leadingFlag = regexp.MustCompile(`^--([a-z][a-z-]*)[=: ]`)

// reportOf returns an error in parts.
func reportOf(err error) errorReport {
	p := problem.Of(err)
	if advised := (interface{ Advice() string })(nil); p.Advice == "" && errors.As(err, &advised) {
		p.Advice = advised.Advice()
		p.Message = withoutAdvice(p.Message, p.Advice)
	}
	if match := leadingFlag.FindStringSubmatch(p.Message); p.Flag == "" && match != nil {
		p.Flag = match[1]
	}
	if p.Code == "" {
		p.Code = errorCodeOf(err, p.Flag)
	}
	for i := range kinds {
		if k := &kinds[i]; k.code == p.Code && (k.is == nil || errors.Is(err, k.is)) {
			p.Flag, p.Advice = orElse(p.Flag, k.flag), orElse(p.Advice, k.advice)
			p.Message = withoutAdvice(p.Message, p.Advice)
			break
		}
	}
	return newReport(p)
}

// withoutAdvice returns a message that ends with the advice of its kind without it.
func withoutAdvice(message, advice string) string {
	for _, separator := range []string{"; ", ": ", ", "} {
		if before, found := strings.CutSuffix(message, separator+advice); found {
			return before
		}
	}
	return message
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// errorCodeOf returns the code of an error that has none of its own.
func errorCodeOf(err error, flag string) string {
	for i := range kinds {
		if k := &kinds[i]; k.is != nil && errors.Is(err, k.is) {
			return k.code
		}
	}
	switch code := exitCodeOf(err); {
	case code >= exitSIGHUP:
		return string(contact.StopInterrupted)
	case code != exitUsage:
		return "internal"
	case flag != "":
		return "invalid_value"
	case errors.Is(err, fs.ErrNotExist):
		return "input_unreadable"
	}
	return "usage"
}

// flagName is what a flag looks like. "- x" is none: somebody typed a space behind a dash.
var flagName = regexp.MustCompile(`^--?[^-\s]`)

// newReport completes a problem: no error is without advice.
func newReport(p problem.Problem) errorReport {
	if p.Advice == "" {
		switch p.Code {
		case "internal":
			p.Advice = adviceAgain + "; if it happens again, report it"
		case string(contact.StopInterrupted):
			p.Advice = adviceAgain
		default:
			p.Advice = adviceHelp
		}
	}
	r := errorReport{Code: p.Code, Message: p.Message, Advice: &p.Advice}
	name := p.Flag
	if !strings.HasPrefix(name, "-") {
		name = "--" + name
	}
	if flagName.MatchString(name) {
		r.Flag = &name
	}
	return r
}

// usageOf is usage for errors with a code.
func usageOf(code string, err error) error { return usage(problem.Wrap(err, code, "", "")) }

// keyError gives the error of a key its code.
func keyError(w world, s *settings.Settings, err error) error {
	if err != nil && s.KeySource(w.lookupEnv) == "" {
		return usageOf("no_api_key", err)
	}
	return usageOf("invalid_api_key", err)
}

// namedFlag finds a flag in the detail of a stop: "reached --max-calls (500)".
var namedFlag = regexp.MustCompile(`--([a-z][a-z-]*)`)

// stopReport returns the cause of a stop in parts. Its code is that of the summary's "stopped".
func stopReport(a pipeline.AskResult) errorReport {
	message, advice, _ := strings.Cut(stopText(a), "\n")
	p := problem.Problem{Code: string(a.Stop), Message: message, Advice: adviceOfLines(advice)}
	if p.Advice == "" {
		p.Advice = adviceAgain
	}
	if match := namedFlag.FindStringSubmatch(a.Detail); match != nil && a.Stop == contact.StopCap {
		p.Flag = match[1]
	}
	if a.Stop == contact.StopInput {
		return brokenReport(a.ReadErr)
	}
	return newReport(p)
}

// brokenReport is stopReport for an input that ended early.
func brokenReport(err error) errorReport {
	report := reportOf(err)
	report.Code = string(contact.StopInput)
	return report
}

// adviceOfLines joins the lines of an advice, which may be a list.
func adviceOfLines(text string) string {
	var steps []string
	for line := range strings.Lines(text) {
		steps = append(steps, strings.TrimPrefix(strings.TrimSpace(line), "- "))
	}
	return strings.Join(steps, "; ")
}
