package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"enrich/cmd/enrich/internal/console"
	"enrich/cmd/enrich/internal/dburl"
	"enrich/cmd/enrich/internal/settings"
)

const longConfig = `Prints the settings that a run with the same flags and environment would use, and where each comes from: a flag, an
environment variable, a line of the config file, or the default. The output is a valid config file. Passwords are hidden;
of the API key, only the source is shown. If a run would refuse a setting, the error says so below them (exit 2).`

func configCommand(w world) *cobra.Command {
	s := settings.Defaults()
	cmd := &cobra.Command{
		Use: "config [flags]", Short: "Print the settings in force, and where they come from", Long: longConfig,
		Example: "  enrich config\n  enrich config --workers 64\n  enrich config --log-format json", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			refused := checkSettings(w, &s) // before what is shown is changed
			c := configOf(w, &s, cmd)
			if err := c.print(w, s.LogFormat == "json"); err != nil {
				return fmt.Errorf("write standard output: %w", err)
			}
			return refused
		},
	}
	runFlags(cmd, &s)
	return cmd
}

// checkSettings returns the error with which a run refuses the settings before it looks at its input and its outputs.
func checkSettings(w world, s *settings.Settings) error {
	if err := checkMetricsName(s.Metrics); err != nil {
		return err
	}
	if _, _, err := rateAndProxy(w, s); err != nil {
		return err
	}
	_, err := s.Check(w.lookupEnv)
	return usage(err)
}

// A config is the settings in force; its JSON is what `enrich config --log-format json` prints.
type config struct {
	// File is the config file that was read; null if there is none.
	File *string `json:"file"`
	// APIKey is where the key is taken from; null if there is no key. It is not checked.
	APIKey   *string            `json:"api_key"`
	Settings map[string]setting `json:"settings"`
	order    []string
}

// A setting is a value and its source.
type setting struct {
	// Value is a bool, an int64, a string, a list of strings, or nil for none.
	Value any `json:"value"`
	// Source is "flag", "environment", "file" or "default".
	Source settings.SourceKind `json:"source"`
	// From names the flag, the variable or the file; "" for a default.
	From string `json:"from,omitempty"`
	Line int    `json:"line,omitempty"`
	text string // as people read the source
}

// configOf collects the settings of a command.
func configOf(w world, s *settings.Settings, cmd *cobra.Command) config {
	c := config{Settings: map[string]setting{}}
	if s.Config != "" {
		c.File = &s.Config
	}
	if source := s.KeySource(w.lookupEnv); source != "" {
		c.APIKey = &source
	}
	key, _ := s.Key(w.lookupEnv) // a key that cannot be used is not shown either
	if place, err := s.ReadLedgerPlace(w.lookupEnv); err == nil {
		s.Ledger = place.String()
	}
	s.URL = s.ShownURL()
	if source := s.KeySource(w.lookupEnv); s.APIKeyFile != "" {
		s.APIKeyFile = strings.TrimPrefix(source, "file ")
	}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Name == "help" || f.Name == "config" {
			return
		}
		from := settings.SourceOf(f)
		value := settings.ValueOf(f)
		switch v := value.(type) {
		case string:
			value = string(key.Redact([]byte(hideSecrets(f.Name, v))))
		case []string:
			for i := range v {
				v[i] = string(key.Redact([]byte(hideSecrets(f.Name, v[i]))))
			}
		}
		c.Settings[f.Name] = setting{value, from.Kind, from.Name, from.Line, from.String()}
		c.order = append(c.order, f.Name)
	})
	return c
}

var (
	userInfo   = regexp.MustCompile(`://[^\s'"]*@`)
	secretPair = regexp.MustCompile(`(?i)((?:password|passwd|pwd|token|secret|signature|sig|key)=)[^&\s'"]+`)
	assignment = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*=`)
)

const hidden = "[hidden]"

// hideSecrets replaces what is or may be a secret. Of a command, only the program is shown: among its arguments may be the address
// of a webhook, a header or a password, in whatever form the program takes them.
func hideSecrets(name, value string) string {
	switch name {
	case "on-finish":
		program, _, more := strings.Cut(strings.TrimSpace(value), " ")
		switch {
		case assignment.MatchString(program) || strings.ContainsAny(program, "'\"\n\t;|&<>$`"):
			return hidden
		case more:
			return program + " " + hidden
		}
		value = program
	case "ledger":
		return dburl.Hide(value)
	}
	value = userInfo.ReplaceAllString(value, "://"+hidden+"@")
	return secretPair.ReplaceAllString(value, "${1}"+hidden)
}

// print writes the settings as a config file, or as one JSON object.
func (c *config) print(w world, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w.stdout).Encode(c)
	}
	file, key := "none", "none (SELLING_API_KEY, or --api-key-file)"
	if c.File != nil {
		file = console.Name(*c.File)
	}
	if c.APIKey != nil {
		key = console.Name(*c.APIKey)
	}
	var b, none strings.Builder
	fmt.Fprintf(&b, "# config file: %s\n# API key: %s\n", file, key)
	for _, name := range c.order {
		s := c.Settings[name]
		if s.Value == nil {
			none.WriteString(" " + name)
			continue
		}
		fmt.Fprintf(&b, "%-40s # %s\n", name+" = "+tomlText(s.Value), console.Name(s.text))
	}
	if none.Len() > 0 {
		fmt.Fprintf(&b, "# not set:%s\n", &none)
	}
	_, err := w.stdout.Write([]byte(b.String()))
	return err
}

// tomlText returns a value as TOML.
func tomlText(value any) string {
	switch v := value.(type) {
	case string:
		return tomlString(v)
	case []string:
		all := make([]string, len(v))
		for i := range v {
			all[i] = tomlString(v[i])
		}
		return "[" + strings.Join(all, ", ") + "]"
	}
	return fmt.Sprint(value)
}

// tomlString returns a basic string. What it escapes, a terminal would obey or hide.
func tomlString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case console.Plain(string(r)) != string(r) || r == '\n':
			fmt.Fprintf(&b, `\U%08X`, r)
		case !strconv.IsPrint(r):
			fmt.Fprintf(&b, `\U%08X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
