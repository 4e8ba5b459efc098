package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"enrich/cmd/enrich/internal/settings"
)

// flagContract is the contract of `enrich run` (README, "Flags"): each flag with its default, and a value that it takes.
var flagContract = map[string][2]string{
	"url": {"https://api.selling.com", "http://127.0.0.1:1"}, "api-key-file": {"", "key.txt"},
	"replace": {"false", "true"}, "fields": {"", "title"}, "out": {"", "out"}, "results": {"", "r.csv"}, "failures": {"", "f.csv"}, "summary": {"", "s.json"}, "pending": {"", "p.csv"}, "report": {"", "r.html"}, "metrics": {"", "m.prom"}, "on-finish": {"", "cat"}, "spreadsheet-safe": {"false", "true"}, "bom": {"false", "true"},
	"input-format": {"", "jsonl"}, "sheet": {"", "Leads"}, "format": {"", "csv"}, "map": {"[]", "[email=Mail]"},
	"delimiter": {"", "tab"}, "quote": {"", "none"}, "encoding": {"", "utf-8"}, "header-line": {"", "3"}, "no-header": {"false", "true"}, "no-split-names": {"false", "true"},
	"email-as": {"email", "business_email"}, "set": {"[]", "[a.b=true]"}, "same-by": {"request", "email"},
	"bulk": {"false", "true"}, "bulk-size": {"500", "50"}, "bulk-wait": {"1h", "5m"},
	"workers": {"32", "64"}, "rate": {"", "300/m"}, "timeout": {"1m", "30s"}, "max-attempts": {"5", "1"}, "max-elapsed": {"2m", "1h"},
	"max-calls": {"", "7"}, "max-credits": {"", "8/month"}, "credits-per-call": {"1", "2"}, "max-duration": {"", "1d"}, "limit": {"", "9"},
	"no-outputs": {"false", "true"}, "require-sync": {"false", "true"},
	"ledger": {"", "l.db"}, "lock-wait": {"0s", "5s"}, "max-age": {"none", "90d"}, "no-match-age": {"30d", "none"}, "lost-retries": {"2", "0"},
	"dry-run": {"false", "true"}, "grace": {"25s", "0s"}, "ca-file": {"", "ca.pem"},
	"quiet": {"false", "true"}, "verbose": {"false", "true"}, "log-format": {"text", "json"}, "config": {"", os.DevNull},
}

// tomlLine is a setting as it is in a config file, by the type of its flag.
func tomlLine(name, standard, value string) string {
	if _, err := strconv.Atoi(value); err == nil || standard == "false" {
		return name + " = " + value + "\n"
	}
	return name + " = " + strconv.Quote(value) + "\n"
}

// TestFlagsBeforeEnvironmentBeforeFileBeforeDefaults: each flag has the default of the contract and takes ENRICH_<FLAG> and a line of the
// config file; the strongest wins.
func TestFlagsBeforeEnvironmentBeforeFileBeforeDefaults(t *testing.T) {
	there := map[string]bool{}
	runCommand(world{}).Flags().VisitAll(func(f *pflag.Flag) { there[f.Name] = true })
	for name := range there {
		if _, ok := flagContract[name]; !ok {
			t.Errorf("--%s is in no contract", name)
		}
	}
	for name, tt := range flagContract {
		if !there[name] {
			t.Errorf("there is no --%s", name)
			continue
		}
		standard, other := tt[0], tt[1]
		plainly := func(s string) string { return strings.Trim(s, "[]") }
		variable := "ENRICH_" + strings.ReplaceAll(strings.ToUpper(name), "-", "_")
		folder := t.TempDir()
		file := filepath.Join(folder, "enrich", "config.toml")
		if err := os.Mkdir(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		env := func(value string) func(string) (string, bool) {
			return func(asked string) (string, bool) {
				switch {
				case asked == variable:
					return plainly(value), true
				case asked == "XDG_CONFIG_HOME" && name != "config":
					return folder, true
				}
				return "", false
			}
		}
		inFile := tomlLine(name, standard, plainly(other))
		weaker := inFile // than the flag or the variable: another value, if there is one that every flag of the type takes
		if standard != "" && standard != "[]" {
			weaker = tomlLine(name, standard, standard)
		}
		for what, of := range map[string]struct {
			args           []string
			env, file      string
			expected, from string
		}{
			"the default":                   {nil, "", "", standard, "default"},
			"the file":                      {nil, "", inFile, other, file + ", line 1"},
			"the environment":               {nil, other, "", other, variable},
			"the environment, not the file": {nil, other, weaker, other, variable},
			"the flag":                      {[]string{"--" + name + "=" + plainly(other)}, "", "", other, "--" + name},
			"the flag, not the file":        {[]string{"--" + name + "=" + plainly(other)}, "", weaker, other, "--" + name},
			"the flag, not the environment": {[]string{"--" + name + "=" + plainly(other)}, "nonsense that no flag must see", "", other, "--" + name},
		} {
			if name == "config" && of.file != "" { // a file cannot name another one
				continue
			}
			if err := os.WriteFile(file, []byte(of.file), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := runCommand(world{})
			(&cobra.Command{Use: "enrich"}).AddCommand(cmd)
			if name == "bulk-size" && of.args != nil { // typed alone, it would have no effect
				of.args = append(of.args, "--bulk")
			}
			if err := cmd.ParseFlags(of.args); err != nil {
				t.Errorf("--%s, %s: %v", name, what, err)
				continue
			}
			if err := settings.Apply(cmd, env(of.env), nil); err != nil {
				t.Errorf("--%s, %s: %v", name, what, err)
			}
			f := cmd.Flags().Lookup(name)
			if got, from := f.Value.String(), settings.SourceOf(f).String(); got != of.expected || from != of.from {
				t.Errorf("--%s, %s: %q from %s, expected %q from %s", name, what, got, from, of.expected, of.from)
			}
		}
	}
}
