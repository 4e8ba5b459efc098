package settings

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"enrich/cmd/enrich/internal/problem"
	"enrich/internal/phrase"
)

// Codes of the errors of this package (doc/errors.md).
const (
	codeUnknownFlag  = "unknown_flag"
	codeInvalidValue = "invalid_value"
	codeMissingValue = "missing_value"
	codeKeyGiven     = "key_not_allowed"

	codeUnknownVariable = "unknown_variable"
)

// cause returns the error of a flag's value, without the text that pflag puts around it.
func cause(err error) error {
	var invalid *pflag.InvalidValueError
	if !errors.As(err, &invalid) {
		return err
	}
	switch invalid.GetFlag().Value.Type() { // these have the errors of strconv
	case "bool":
		return errors.New("expected true or false")
	case "float64":
		return errors.New("expected a number")
	case "int64":
		return errors.New("expected a whole number")
	}
	return invalid.Unwrap()
}

// FlagError turns an error of the flag parser into one that names the flag and, if it is misspelt, suggests another. It never
// contains the value of a flag that does not exist, which may be a secret.
func FlagError(cmd *cobra.Command, err error) error {
	var (
		invalid  *pflag.InvalidValueError
		unknown  *pflag.NotExistError
		required *pflag.ValueRequiredError
		syntax   *pflag.InvalidSyntaxError
		help     = cmd.CommandPath() + " --help lists them"
	)
	switch {
	case errors.As(err, &invalid):
		name := invalid.GetFlag().Name
		return invalidValue(name, "--%s=%q: %v", name, invalid.GetValue(), cause(err))
	case errors.As(err, &unknown):
		return unknownFlag(cmd, unknown.GetSpecifiedName(), unknown.GetSpecifiedShortnames() != "", help)
	case errors.As(err, &required):
		p := problem.Problem{Code: codeMissingValue, Message: "flag needs an argument: --" + required.GetSpecifiedName(), Advice: cmd.CommandPath() + " --help shows what it takes"}
		if f := required.GetFlag(); f != nil {
			p.Flag = f.Name
		}
		if required.GetSpecifiedShortnames() != "" {
			p.Message = "flag needs an argument: -" + required.GetSpecifiedName()
		}
		return problem.New(p)
	case errors.As(err, &syntax):
		name, _, _ := strings.Cut(syntax.GetSpecifiedFlag(), "=")
		return problem.New(problem.Problem{Code: codeUnknownFlag, Message: "bad flag syntax: " + name, Advice: help})
	}
	return problem.Wrap(err, codeUnknownFlag, "", help)
}

// invalidValue is the error of a value that a flag does not take.
func invalidValue(flag, format string, args ...any) error {
	return problem.New(problem.Problem{Code: codeInvalidValue, Flag: flag, Message: fmt.Sprintf(format, args...)})
}

func unknownFlag(cmd *cobra.Command, name string, short bool, help string) error {
	if short {
		if name == "k" || name == "H" { // the key, and a header as for curl
			return keyGiven(cmd, "-"+name)
		}
		return problem.New(problem.Problem{Code: codeUnknownFlag, Flag: "-" + name, Message: "unknown flag: -" + name, Advice: help})
	}
	if f := flagOfCommand(cmd, name); f != "" {
		help = "it belongs after the command, as in " + f
	}
	near := Nearest(name, flagNames(cmd))
	if strings.HasSuffix(name, "-file") && namesKey(name) && cmd.Flags().Lookup("api-key-file") != nil {
		near = "api-key-file"
	}
	if namesSecret(name) && near != "api-key-file" {
		return keyGiven(cmd, "--"+name)
	}
	if near != "" {
		help = fmt.Sprintf("did you mean --%s? (%s)", near, help)
	}
	return problem.New(problem.Problem{Code: codeUnknownFlag, Flag: "--" + name, Message: "unknown flag: --" + name, Advice: help})
}

// flagOfCommand returns a command line that has a flag where it belongs, if one of the commands below cmd has it; else "".
func flagOfCommand(cmd *cobra.Command, flag string) string {
	for _, name := range []string{"run", ""} { // run is what most people mean
		for _, c := range cmd.Commands() {
			if c.IsAvailableCommand() && (name == "" || c.Name() == name) && c.Flags().Lookup(flag) != nil {
				return c.CommandPath() + " --" + flag
			}
		}
	}
	return ""
}

// keyGiven is the error of a flag that was to take the key, as it was typed.
func keyGiven(cmd *cobra.Command, flag string) error {
	advice := "set the environment variable SELLING_API_KEY, or name a file with --api-key-file"
	if strings.Contains(strings.ToLower(flag), "header") && cmd.Flags().Lookup("header-line") != nil {
		advice += "; for the header of a file, use --header-line or --no-header"
	}
	return problem.New(problem.Problem{
		Code: codeKeyGiven, Flag: flag, Message: flag + ": no flag takes the API key, because other users could see it", Advice: advice,
	})
}

func flagNames(cmd *cobra.Command) (names []string) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return names
}

// namesSecret reports whether a flag, a variable or a setting that does not exist was meant to take the API key itself.
func namesSecret(name string) bool {
	return namesKey(name) && !strings.HasSuffix(dashed(name), "-file")
}

// dashed returns a name as flags are written.
func dashed(name string) string {
	return strings.ToLower(strings.Trim(strings.NewReplacer("_", "-", " ", "-", ".", "-").Replace(name), "-"))
}

// namesKey reports whether a name is about the key, however it is written: api-key, apiKey, ACCESS_TOKEN. A header is, too:
// elsewhere the key is given as "Authorization: Bearer KEY".
func namesKey(name string) bool {
	name = dashed(name)
	for _, word := range strings.Split(name, "-") {
		switch word {
		case "key", "keys", "auth", "pass", "pwd", "cred", "creds":
			return true
		}
	}
	name = strings.ReplaceAll(name, "-", "")
	for _, part := range []string{"apikey", "token", "secret", "password", "passwd", "passphrase", "bearer", "authorization", "credential"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	switch strings.TrimSuffix(name, "s") {
	case "header", "httpheader", "requestheader", "extraheader", "customheader", "addheader", "apiheader":
		return true
	}
	return false
}

// Nearest returns the name with the fewest letters to change, or "" if these are many: two of three for a word as short as "rnu", and
// about a third of a longer one.
func Nearest(given string, names []string) string {
	most := 1 + (len(strings.TrimPrefix(given, envPrefix))+1)/4
	if i := phrase.Nearest(given, names, most); i >= 0 {
		return names[i]
	}
	return ""
}
