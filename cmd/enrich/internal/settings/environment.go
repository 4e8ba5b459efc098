package settings

import (
	"errors"
	"fmt"
	"maps"
	"os/user"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"enrich/cmd/enrich/internal/problem"
)

// envPrefix begins the name of each environment variable that sets a flag: --max-calls is ENRICH_MAX_CALLS.
const envPrefix = "ENRICH_"

func envName(flag string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// Apply completes the flags of a command before it runs. A flag that was not given takes the value of its environment
// variable; else that of the config file (see [Settings.ConfigFlag]). Paths that begin with ~ are expanded. It refuses a variable
// or a name in the file that names no flag of any command: a misspelt cap would be no cap. It refuses an empty flag or setting of the
// file for the same reason, unless it means none (see [emptyIsNone]). An empty variable counts as not set. environ has the whole
// environment as NAME=VALUE.
func Apply(cmd *cobra.Command, lookup Lookup, environ []string) error {
	if !readsEnvironment(cmd) {
		return nil
	}
	if err := checkEnvironment(cmd.Root(), environ); err != nil {
		return err
	}
	cmd.Flags().Visit(func(f *pflag.Flag) { setSource(f, Source{Kind: FromFlag, Name: "--" + f.Name}) })
	if err := checkEmptyFlags(cmd); err != nil {
		return err
	}
	if err := flagsFromEnv(cmd, lookup); err != nil {
		return err
	}
	if err := flagsFromFile(cmd, lookup); err != nil {
		return err
	}
	if err := checkTogether(cmd); err != nil {
		return err
	}
	if err := expandPaths(cmd, lookup); err != nil {
		return err
	}
	return refuseURLs(cmd)
}

// readsEnvironment reports whether a command has settings. Help, completions, man pages and the version work whatever
// the environment contains.
func readsEnvironment(cmd *cobra.Command) bool {
	for c := cmd; c.HasParent(); c = c.Parent() {
		switch c.Name() {
		case "help", "completion", "man", "version", cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd:
			return false
		}
	}
	return cmd.HasParent()
}

// checkEnvironment returns a usage error for the first variable with our prefix that names no flag of any command. The
// error never contains the value, which may be a secret.
func checkEnvironment(root *cobra.Command, environ []string) error {
	var known map[string]bool
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, envPrefix) || setByKubernetes(name) {
			continue
		}
		if known == nil {
			known = envNames(root)
		}
		if !known[name] {
			return unknownVariable(name, known)
		}
	}
	return nil
}

// setByKubernetes reports whether Kubernetes sets the variable in every pod beside a service called enrich.
func setByKubernetes(name string) bool {
	return name == "ENRICH_PORT" || strings.HasPrefix(name, "ENRICH_PORT_") || strings.HasPrefix(name, "ENRICH_SERVICE_")
}

// isSetting reports whether a flag has a value that can be set elsewhere.
func isSetting(flag string) bool { return flag != "help" && flag != "version" }

// envNames returns the variables of all flags of all commands.
func envNames(cmd *cobra.Command) map[string]bool {
	names := map[string]bool{}
	add := func(f *pflag.Flag) {
		if isSetting(f.Name) {
			names[envName(f.Name)] = true
		}
	}
	cmd.LocalFlags().VisitAll(add)
	for _, sub := range cmd.Commands() {
		for name := range envNames(sub) {
			names[name] = true
		}
	}
	return names
}

func unknownVariable(name string, known map[string]bool) error {
	near := Nearest(name, slices.Sorted(maps.Keys(known)))
	what := "environment variable " + name
	switch {
	case namesSecret(strings.TrimPrefix(name, envPrefix)) && near != "ENRICH_API_KEY_FILE":
		return problem.New(problem.Problem{
			Code: codeKeyGiven, Message: what, Advice: "enrich reads the API key from SELLING_API_KEY, or from the file that ENRICH_API_KEY_FILE names",
		})
	case near != "":
		return problem.Join(problem.Problem{Code: codeUnknownVariable, Message: what + ": no flag has this name", Advice: "did you mean " + near + "?"}, "; ")
	}
	return problem.New(problem.Problem{
		Code: codeUnknownVariable, Message: what + ": no flag has this name", Advice: "enrich run --help lists the flags; ENRICH_ is reserved for them",
	})
}

// emptyIsNone reports whether an empty value of a flag means none, whatever weaker sources say: these add something to a run. Of the
// others it is an error: with --ledger "$LEDGER", a variable that is not set would choose another ledger, and an empty cap would be no cap.
func emptyIsNone(flag string) bool {
	return slices.Contains([]string{"report", "metrics", "pending", "on-finish", "ca-file"}, flag)
}

// checkEmptyFlags refuses a flag that was given an empty value. Many flags refuse it themselves.
func checkEmptyFlags(cmd *cobra.Command) (err error) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if err == nil && f.Value.String() == "" && !emptyIsNone(f.Name) {
			err = problem.New(problem.Problem{Code: codeMissingValue, Flag: f.Name, Message: "--" + f.Name + " is empty", Advice: "give it a value, or leave it out"})
		}
	})
	return err
}

// flagsFromEnv sets each flag that was not given on the command line from ENRICH_<FLAG>, if that is set and not empty:
// flag before environment before default. A repeatable flag takes one value a line; --max-credits takes several
// separated by commas.
func flagsFromEnv(cmd *cobra.Command, lookup Lookup) error {
	var err error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		name := envName(f.Name)
		value, ok := lookup(name)
		if err != nil || !ok || value == "" || !isSetting(f.Name) || isDecided(cmd, f, FromEnvironment) {
			return
		}
		for _, v := range envValues(f, value) {
			if serr := cmd.Flags().Set(f.Name, v); serr != nil {
				err = invalidValue(f.Name, "%s=%q: %v", name, value, cause(serr))
				return
			}
		}
		setSource(f, Source{Kind: FromEnvironment, Name: name})
	})
	return err
}

// envValues splits a variable into the values of a flag that may be repeated.
func envValues(f *pflag.Flag, value string) []string {
	if _, ok := f.Value.(CreditCap); ok {
		return strings.Split(value, ",")
	}
	if isList(f) {
		return strings.Split(strings.TrimRight(value, "\n"), "\n")
	}
	return []string{value}
}

func expandPaths(cmd *cobra.Command, lookup Lookup) error {
	var err error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		p, ok := f.Value.(Path)
		if !ok || err != nil {
			return
		}
		expanded, perr := expandHome(*p.Value, lookup)
		if perr != nil {
			err = invalidValue(f.Name, "--%s=%q: %v", f.Name, *p.Value, perr)
			return
		}
		*p.Value = expanded
	})
	return err
}

// expandHome replaces ~ or ~user at the start of a path by the home directory, as a shell does. A file whose name
// begins with ~ can be named as ./~file.
func expandHome(path string, lookup Lookup) (string, error) {
	if !strings.HasPrefix(path, "~") {
		return path, nil
	}
	end := strings.IndexFunc(path, func(r rune) bool { return r == '/' || r == filepath.Separator })
	if end < 0 {
		end = len(path)
	}
	home, err := homeOf(path[1:end], lookup)
	if err != nil {
		return "", err
	}
	return filepath.Join(home, path[end:]), nil
}

func homeOf(name string, lookup Lookup) (string, error) {
	if name != "" {
		u, err := user.Lookup(name)
		if err != nil {
			return "", fmt.Errorf("~%s is not a user's home directory: write the whole path, or ./~%s for a file of this name", name, name)
		}
		return u.HomeDir, nil
	}
	for _, variable := range []string{"HOME", "USERPROFILE"} {
		if home, _ := lookup(variable); filepath.IsAbs(home) {
			return home, nil
		}
	}
	return "", errors.New("~ cannot be expanded, because HOME is not set: write the whole path")
}
