package settings

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// environment returns a Lookup of NAME=VALUE entries.
func environment(entries ...string) Lookup {
	return func(name string) (string, bool) {
		for _, e := range entries {
			if value, ok := strings.CutPrefix(e, name+"="); ok {
				return value, true
			}
		}
		return "", false
	}
}

// TestValues: what each kind of flag takes, how it is shown, and what it refuses.
func TestValues(t *testing.T) {
	duration := func(d Duration) func() pflag.Value {
		return func() pflag.Value { d.Value = new(time.Duration); return d }
	}
	number := func() pflag.Value { return Number{new(int64), 1, 10} }
	choice := func() pflag.Value { return Choice{new(string), []string{"csv", "jsonl"}} }
	credits := func() pflag.Value { return CreditCap{new(CreditCaps)} }
	for _, test := range []struct {
		flag            func() pflag.Value
		given, expected string // expected "" means refused
	}{
		{duration(Duration{}), "90s", "1m30s"},
		{duration(Duration{}), "60m", "1h"},
		{duration(Duration{}), "30d", "30d"},
		{duration(Duration{}), "1d12h", "36h"},
		{duration(Duration{}), "0", "0s"},
		{duration(Duration{}), "-1s", ""},
		{duration(Duration{}), "5", ""},
		{duration(Duration{}), "d", ""},
		{duration(Duration{}), "99999d", ""},
		{duration(Duration{}), "none", ""},
		{duration(Duration{None: true}), "none", "none"},
		{duration(Duration{Min: time.Second}), "999ms", ""},
		{duration(Duration{Max: time.Hour}), "61m", ""},
		{number, "1", "1"},
		{number, "10", "10"},
		{number, "0", ""},
		{number, "11", ""},
		{number, "1.5", ""},
		{choice, "csv", "csv"},
		{choice, "CSV", ""},
		{credits, "7", "7"},
		{credits, "7/day", "7/day"},
		{credits, " 7/month", "7/month"},
		{credits, "7/week", ""},
		{credits, "0", ""},
		{credits, "/day", ""},
	} {
		f := test.flag()
		if err := f.Set(test.given); (err != nil) != (test.expected == "") || err == nil && f.String() != test.expected {
			t.Errorf("%T %q: %q, %v, expected %q", f, test.given, f, err, test.expected)
		}
	}
}

// TestCapsAreNotGivenTwice: of two, the last would silently win.
func TestCapsAreNotGivenTwice(t *testing.T) {
	for _, f := range []pflag.Value{&Once{Value: Number{new(int64), 1, 10}}, CreditCap{new(CreditCaps)}} {
		if err := f.Set("5"); err != nil {
			t.Error(err)
		}
		if err := f.Set("6"); err == nil || !strings.Contains(err.Error(), "twice") || f.String() != "5" {
			t.Errorf("%q, %v", f, err)
		}
	}
	caps := CreditCaps{}
	all := CreditCap{&caps}
	for _, text := range []string{"9/month", "3/day", "5"} {
		if err := all.Set(text); err != nil {
			t.Error(err)
		}
	}
	if caps != (CreditCaps{5, 3, 9}) || caps.least() != 3 || !caps.Given() || (CreditCaps{}).Given() || all.String() != "5,3/day,9/month" {
		t.Errorf("%+v, %q", caps, all)
	}
}

// TestTheEnvironment sets flags that were not given, and a variable that names no flag is refused without its value.
func TestTheEnvironment(t *testing.T) {
	run := func(args, environ []string) (Settings, error) {
		s := Defaults()
		root, cmd := &cobra.Command{Use: "enrich"}, &cobra.Command{Use: "run", RunE: func(*cobra.Command, []string) error { return nil }}
		root.AddCommand(cmd)
		s.OutputFlags(cmd)
		s.RequestFlags(cmd)
		s.CapFlags(cmd)
		s.InputFlags(cmd)
		if err := cmd.ParseFlags(args); err != nil {
			t.Fatal(err)
		}
		return s, Apply(cmd, environment(environ...), environ)
	}
	s, err := run([]string{"--workers=4"}, []string{"ENRICH_WORKERS=9", "ENRICH_MAP=email=Mail\nfull_name=Name\n", "ENRICH_MAX_CREDITS=5,7/day", "ENRICH_OUT=", "ENRICH_PORT=tcp://x", "ENRICH_SERVICE_HOST=x", "OTHER=x"})
	if err != nil || s.Workers != 4 || len(s.Map) != 2 || s.MaxCredits != (CreditCaps{Run: 5, Day: 7}) || s.Out != "" {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err := run([]string{"--out=~/x"}, []string{"ENRICH_RESULTS=~", "HOME=" + home}); err != nil || s.Out != filepath.Join(home, "x") || s.Results != filepath.Clean(home) {
		t.Errorf("%q, %q, %v", s.Out, s.Results, err)
	}
	for entry, expected := range map[string]string{
		"ENRICH_WORKER=secret": "did you mean ENRICH_WORKERS?", "ENRICH_API_KEY=secret": "SELLING_API_KEY", "ENRICH_FROBNICATE=secret": "no flag has this name",
		"ENRICH_PORTS=secret": "ENRICH_PORTS", "ENRICH_help=secret": "ENRICH_help",
	} {
		if _, err := run(nil, []string{entry}); err == nil || !strings.Contains(err.Error(), expected) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, expected %q", entry, err, expected)
		}
	}
	for _, entry := range []string{"ENRICH_WORKERS=many", "ENRICH_MAX_CREDITS=5,6", "ENRICH_OUT=~nobody-of-this-name/x"} {
		if _, err := run(nil, []string{entry}); err == nil {
			t.Errorf("%s was accepted", entry)
		}
	}
}

const home = "/home/ann"

// TestTheKey comes from a file or the environment, and no error shows it.
func TestTheKey(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, test := range []struct {
		file, env, expected string // expected "" means accepted
	}{
		{"", "key-1", ""},
		{file("good", "key-1\r\n"), "", ""},
		{file("bare", "key-1"), "other", ""},
		{"", "", "no API key"},
		{"", "key 1\n", "SELLING_API_KEY"},
		{file("two", "key-1\nkey-2\n"), "", "--api-key-file"},
		{file("large", strings.Repeat("k", maxKeyFile+1)), "", "too large"},
		{dir, "", "is a directory"},
		{filepath.Join(dir, "none"), "", "--api-key-file"},
		{"key-1-instead-of-a-file", "", "may be the key itself"},
	} {
		s := Settings{APIKeyFile: test.file}
		_, err := s.Key(environment("SELLING_API_KEY=" + test.env))
		if (err == nil) != (test.expected == "") || err != nil && (!strings.Contains(err.Error(), test.expected) || strings.Contains(err.Error(), "key-1")) {
			t.Errorf("%q, %q: %v, expected %q", test.file, test.env, err, test.expected)
		}
	}
}

// TestSettingsThatDoNotFit are refused, and the flag is named.
func TestSettingsThatDoNotFit(t *testing.T) {
	for name, check := range map[string]func(*Settings) error{
		"--max-credits": func(s *Settings) error { s.MaxCredits.Day, s.CreditsPerCall = 2, 3; return s.CheckCaps() },
		"--max-calls":   func(s *Settings) error { s.Bulk, s.MaxCalls = true, 1; return s.CheckCaps() },
		"--rate":        func(s *Settings) error { s.Rate = "fast"; _, err := s.RateLimit(); return err },
		"--url":         func(s *Settings) error { s.URL = "http://api.example"; _, err := s.Endpoint(); return err },
		"--set":         func(s *Settings) error { s.Set = []string{"x"}; _, err := s.Endpoint(); return err },
		"--map":         func(s *Settings) error { s.Map = []string{"mail=Mail"}; _, err := s.Reader(); return err },
		"--map: email":  func(s *Settings) error { s.Map = []string{"email=a", "email=b"}; _, err := s.Reader(); return err },
		"--delimiter":   func(s *Settings) error { s.Delimiter = "ab"; _, err := s.Reader(); return err },
	} {
		s := Defaults()
		if err := check(&s); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNearest(t *testing.T) {
	for given, expected := range map[string]string{"worker": "workers", "max-cals": "max-calls", "no-map": "", "x": "", "frobnicate": "", "": ""} {
		if got := Nearest(given, []string{"workers", "max-calls", "max-credits", "format"}); got != expected {
			t.Errorf("%q: %q, expected %q", given, got, expected)
		}
	}
}
