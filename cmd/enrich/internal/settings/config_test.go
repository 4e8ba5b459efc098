package settings

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// applied returns the settings of a command line with a config file, and the command.
func applied(t *testing.T, file string, args, environ []string) (Settings, *cobra.Command, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	s, other := Defaults(), Defaults()
	root, cmd := &cobra.Command{Use: "enrich"}, &cobra.Command{Use: "run", RunE: func(*cobra.Command, []string) error { return nil }}
	write := &cobra.Command{Use: "write"}
	root.AddCommand(cmd, write)
	s.OutputFlags(cmd)
	s.CapFlags(cmd)
	s.LedgerFlag(cmd)
	s.InputFlags(cmd)
	s.ConfigFlag(cmd)
	other.RequestFlags(write)
	write.Flags().Float64("share", 0, "")
	if err := cmd.ParseFlags(append(args, "--config", path)); err != nil {
		t.Fatal(err)
	}
	err := Apply(cmd, environment(environ...), environ)
	return s, cmd, err
}

// TestTheStrongestSourceWins, and each source is known afterwards.
func TestTheStrongestSourceWins(t *testing.T) {
	s, cmd, err := applied(t, "limit = 1\nmax-calls = 2\n\nmax-credits = [3, \"4/day\"]\nmap = \"email=Mail\"\nbom = true\nout = \"~/x\"\nworkers = 5\nshare = 1\nreport = \"r.html\"\n",
		[]string{"--limit=7"}, []string{"ENRICH_MAX_CALLS=8", "HOME=" + home})
	if err != nil {
		t.Fatal(err)
	}
	if s.Limit != 7 || s.MaxCalls != 8 || s.MaxCredits != (CreditCaps{Run: 3, Day: 4}) || !slices.Equal(s.Map, []string{"email=Mail"}) || !s.BOM || s.Out != filepath.Join(home, "x") {
		t.Errorf("%+v", s)
	}
	for name, want := range map[string]struct {
		source string
		value  any
	}{
		"limit": {"--limit", int64(7)}, "max-calls": {"ENRICH_MAX_CALLS", int64(8)}, "bom": {s.Config + ", line 6", true}, "replace": {"default", false},
		"max-credits": {s.Config + ", line 4", []string{"3", "4/day"}}, "map": {s.Config + ", line 5", []string{"email=Mail"}}, "format": {"default", nil},
		"credits-per-call": {"default", int64(1)}, "max-duration": {"default", nil}, "report": {s.Config + ", line 10", "r.html"},
	} {
		f := cmd.Flags().Lookup(name)
		if got := SourceOf(f).String(); got != want.source || !reflect.DeepEqual(ValueOf(f), want.value) {
			t.Errorf("--%s: %v from %s, expected %+v", name, ValueOf(f), got, want)
		}
	}
}

// TestWhatTheFileMayNotSay: an error names the line and never has the value of a secret.
func TestWhatTheFileMayNotSay(t *testing.T) {
	for text, want := range map[string]string{
		"limt = 1":                            `line 1: unknown setting "limt": did you mean limit?`,
		"help = true":                         `unknown setting "help"`,
		"LIMIT = 1":                           `unknown setting "LIMIT"`,
		"limit = 1\nlimit = 2":                "line 2: ",
		"limit = 1.5":                         "limit: expected a whole number, got the number 1.5",
		"limit = true":                        "limit: expected a whole number, got true or false",
		"limit = -1":                          `limit: "-1": expected a whole number from 1`,
		"limit = 2026-01-01":                  "got a date or a time",
		"limit = { a = 1 }":                   "got a table",
		"share = \"x\"":                       "share: expected a number, got a string",
		"workers = \"5\"":                     "workers: expected a whole number, got a string",
		"format = \"xls\"":                    `format: "xls": expected csv, jsonl, `,
		"fields = [\"title\", \"titel\"]":     `fields: "titel": unknown field "titel": did you mean title?`,
		"fields = \"title,title\"":            "title is given twice",
		"map = [1]":                           "map: expected a string, got a number",
		"map = [[\"a\"]]":                     "got an array",
		"max-credits = 1.0":                   `a whole number or a string such as "500/month"`,
		"max-credits = [\"1\", \"1/day\", 2]": "given twice",
		"out = \"~nobody-of-this-name\"":      "is not a user's home directory",
		"config = \"x\"":                      "cannot name another one",
		"api-key = \"sesame\"":                "the API key does not belong",
		"selling_api_key = \"sesame\"":        "the API key does not belong",
		"authToken = \"sesame\"":              "the API key does not belong",
		"\"api key\" = \"sesame\"":            "the API key does not belong",
		"credential = \"sesame\"":             "the API key does not belong",
		"Headers = \"sesame\"":                "the API key does not belong",
		"max-credits = []":                    "max-credits: expected at least one value, got an empty array",
		"map = []":                            "expected at least one value",
		"out = \"s3://b/x\"":                  "--results - FILE | aws s3 cp - s3://b/x/results.csv",
		"report = \"https://a:sesame@b/x\"":   "--report - FILE | curl -fsS -T - https://b/x",
	} {
		_, _, err := applied(t, text, nil, nil)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "sesame") {
			t.Errorf("%s: %v, expected %q", text, err, want)
		}
	}
	for _, text := range []string{"", "# only a comment", "key-file = 1"} {
		_, _, err := applied(t, text, nil, nil)
		if (err != nil) != (text == "key-file = 1") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
