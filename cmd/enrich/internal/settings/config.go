package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"enrich/cmd/enrich/internal/configfile"
	"enrich/cmd/enrich/internal/dburl"
	"enrich/cmd/enrich/internal/problem"
	"enrich/cmd/enrich/internal/remote"
)

// Codes of the errors about a config file.
const (
	codeConfigFile     = "config_file"
	codeUnknownSetting = "unknown_setting"
)

// configFlag names the config file. It cannot be set in one.
const configFlag = "config"

// ConfigFlag names the file with the settings that are given neither as a flag nor in the environment. Without it, the file
// in the user's config folder is read, if there is one; never one in the working directory, where it could have come with a
// downloaded list.
func (s *Settings) ConfigFlag(cmd *cobra.Command) {
	cmd.Flags().Var(Path{&s.Config}, configFlag, "read settings from a TOML `FILE` (default: enrich/config.toml in the user's config folder)")
}

// ConfigPath returns the config file that a command line names in whatever way, and whether it was named; "" if there is none.
func ConfigPath(given string, lookup Lookup) (path string, named bool) {
	if given == "" {
		given, _ = lookup(envName(configFlag))
	}
	if given == "" {
		return configfile.Default(lookup), false
	}
	if expanded, err := expandHome(given, lookup); err == nil {
		given = expanded
	}
	return given, true
}

// flagsFromFile sets each flag that has no value yet from the config file, and records which file it was.
func flagsFromFile(cmd *cobra.Command, lookup Lookup) error {
	flag := cmd.Flags().Lookup(configFlag)
	if flag == nil {
		return nil
	}
	path, named := ConfigPath(flag.Value.String(), lookup)
	if path == "" {
		return nil
	}
	if remote.IsURL(path) {
		return urlError(cmd, configFlag, path)
	}
	file, err := configfile.Read(path, named)
	if errors.Is(err, fs.ErrNotExist) && !named {
		return nil
	}
	if err != nil {
		return problem.New(problem.Problem{Code: codeConfigFile, Flag: configFlag, Message: err.Error()})
	}
	if err := flag.Value.Set(path); err != nil {
		return err
	}
	known := allFlags(cmd.Root())
	for i := range file.Settings {
		if err := flagFromFile(cmd, &file, &file.Settings[i], known); err != nil {
			return err
		}
	}
	return nil
}

// flagFromFile checks the name and the type of a setting, and sets the flag if the command has it and it has no value yet.
func flagFromFile(cmd *cobra.Command, file *configfile.File, s *configfile.Setting, known map[string]*pflag.Flag) error {
	if err := checkName(file, s, known); err != nil {
		return err
	}
	f := cmd.Flags().Lookup(s.Name)
	wrong := func(format string, args ...any) error {
		p := problem.Of(file.Errorf(s, "%s: %s", s.Name, fmt.Sprintf(format, args...)))
		p.Code, p.Flag = codeInvalidValue, s.Name
		return problem.New(p)
	}
	shape := f
	if f == nil {
		shape = known[s.Name]
	}
	values, err := texts(shape, s.Value)
	if err != nil {
		return wrong("%v", err)
	}
	if _, err := ParseLedgerPlace(strings.Join(values, " ")); s.Name == "ledger" && errors.Is(err, dburl.ErrPassword) {
		return wrong("a password does not belong in a config file: use PGPASSFILE or PGPASSWORD")
	}
	if slices.Contains(values, "") && !emptyIsNone(s.Name) {
		p := problem.Of(file.Errorf(s, "%s is empty", s.Name))
		p.Code, p.Flag, p.Advice = codeMissingValue, s.Name, "give it a value, or leave the line out"
		return problem.New(p)
	}
	if f == nil || isDecided(cmd, f, FromFile) {
		return nil
	}
	for _, v := range values {
		if err := cmd.Flags().Set(s.Name, v); err != nil {
			return wrong("%q: %v", v, cause(err))
		}
	}
	setSource(f, Source{Kind: FromFile, Name: file.Path, Line: s.Line})
	return nil
}

// checkName refuses the key, and names that belong to no flag of any command.
func checkName(file *configfile.File, s *configfile.Setting, known map[string]*pflag.Flag) error {
	p := problem.Problem{Code: codeUnknownSetting}
	names := make([]string, 0, len(known))
	for name := range known {
		names = append(names, name)
	}
	slices.Sort(names)
	near := Nearest(s.Name, names)
	switch {
	case s.Name == configFlag:
		p.Message, p.Advice = file.Errorf(s, "a config file cannot name another one").Error(), "use --config or ENRICH_CONFIG"
	case namesSecret(s.Name):
		p.Code, p.Message = codeKeyGiven, file.Errorf(s, "%s: the API key does not belong in a config file", s.Name).Error()
		p.Advice = "set the environment variable SELLING_API_KEY, or name a file with api-key-file"
	case known[s.Name] != nil:
		return nil
	default:
		p.Message = file.Errorf(s, "unknown setting %q", s.Name).Error()
		p.Advice = "the names are those of the flags (enrich run --help lists them)"
		if near != "" {
			p.Advice = "did you mean " + near + "?"
		}
	}
	return problem.New(p)
}

// allFlags returns the flags of all commands that are settings. If commands share a name, one of the flags is returned.
func allFlags(cmd *cobra.Command) map[string]*pflag.Flag {
	all := map[string]*pflag.Flag{}
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if isSetting(f.Name) {
			all[f.Name] = f
		}
	})
	for _, sub := range cmd.Commands() {
		for name, f := range allFlags(sub) {
			all[name] = f
		}
	}
	return all
}

// isList reports whether a flag may be given several times, and a value continues the list.
func isList(f *pflag.Flag) bool {
	_, ok := f.Value.(FieldList)
	return ok || f.Value.Type() == "stringArray"
}

// texts returns the values of a setting as they are given to a flag.
func texts(f *pflag.Flag, value any) ([]string, error) {
	list, isArray := value.([]any)
	_, isCredits := f.Value.(CreditCap)
	switch {
	case !isArray:
		list = []any{value}
	case !isList(f) && !isCredits:
		return nil, errors.New("expected one value, got an array")
	case len(list) == 0:
		return nil, errors.New("expected at least one value, got an empty array")
	}
	all := make([]string, len(list))
	for i, v := range list {
		text, ok := textOf(f, v)
		if !ok {
			return nil, fmt.Errorf("expected %s, got %s", expected(f), kindOf(v))
		}
		all[i] = text
	}
	return all, nil
}

// textOf returns a value as text if it has the type of the flag.
func textOf(f *pflag.Flag, value any) (text string, ok bool) {
	kind := typeOf(f)
	switch v := value.(type) {
	case bool:
		return fmt.Sprint(v), kind == typeBool
	case int64:
		return fmt.Sprint(v), kind == typeNumber || kind == typeFloat || kind == typeCredits
	case float64:
		return fmt.Sprint(v), kind == typeFloat
	case string:
		return v, kind == typeText || kind == typeCredits
	}
	return "", false
}

// A valueType is the type of a flag's value in a config file.
type valueType int

const (
	typeText valueType = iota
	typeBool
	typeNumber
	typeFloat
	typeCredits // a number or a text
)

func typeOf(f *pflag.Flag) valueType {
	value := f.Value
	if once, ok := value.(*Once); ok {
		value = once.Value
	}
	switch value.(type) {
	case Number:
		return typeNumber
	case CreditCap:
		return typeCredits
	}
	switch value.Type() {
	case "bool":
		return typeBool
	case "int64":
		return typeNumber
	case "float64":
		return typeFloat
	}
	return typeText
}

// expected says what a flag takes in a config file.
func expected(f *pflag.Flag) string {
	value := f.Value
	if once, ok := value.(*Once); ok {
		value = once.Value
	}
	switch typeOf(f) {
	case typeBool:
		return "true or false"
	case typeNumber:
		return "a whole number"
	case typeFloat:
		return "a number"
	case typeCredits:
		return `a whole number or a string such as "500/month"`
	}
	if _, ok := value.(Duration); ok {
		return `a string such as "30s"`
	}
	return "a string"
}

func kindOf(value any) string {
	switch v := value.(type) {
	case bool:
		return "true or false"
	case int64:
		return "a number"
	case float64:
		return "the number " + strconv.FormatFloat(v, 'g', -1, 64)
	case string:
		return "a string"
	case []any:
		return "an array"
	case map[string]any:
		return "a table"
	}
	return "a date or a time"
}
