package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"enrich/contact"
)

// cause is what a flag's value said, without pflag's words around it.
func cause(err error) error {
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		return invalid.Unwrap()
	}
	return err
}

// flagError says which flag is wrong and why, and what was perhaps meant.
func flagError(cmd *cobra.Command, err error) error {
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		return usage(fmt.Errorf("--%s=%q: %w", invalid.GetFlag().Name, invalid.GetValue(), invalid.Unwrap()))
	}
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) {
		name := unknown.GetSpecifiedName()
		near := nearest(name, flagNames(cmd))
		if namesSecret(name) && near != "api-key-file" {
			return usage(fmt.Errorf("--%s: no flag takes the API key, because other users could see it: set the environment variable SELLING_API_KEY, or name a file with --api-key-file", name))
		}
		if near != "" {
			err = fmt.Errorf("%w: did you mean --%s?", err, near)
		}
	}
	return usage(fmt.Errorf("%w (%s --help lists them)", err, cmd.CommandPath()))
}

func flagNames(cmd *cobra.Command) (names []string) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return names
}

// A choice is a flag that takes one of a few words.
type choice struct {
	value *string
	words []string
}

func (c choice) String() string {
	if c.value == nil {
		return ""
	}
	return *c.value
}

func (c choice) Type() string { return strings.Join(c.words, "|") }

func (c choice) Set(s string) error {
	for _, w := range c.words {
		if s == w {
			*c.value = s
			return nil
		}
	}
	return fmt.Errorf("expected %s", strings.Join(c.words, " or "))
}

// A span is a duration flag with units up to d, and none where that is allowed.
type span struct {
	value    *time.Duration
	min, max time.Duration
	none     bool // "none" is allowed, and is -1
}

func (s span) Type() string { return "DURATION" }

func (s span) String() string {
	switch {
	case s.value == nil, *s.value == 0 && s.min > 0: // not given, and none
		return ""
	case *s.value < 0:
		return "none"
	}
	return spanText(*s.value)
}

// spanText is a duration as people write it: 30d, 2m, 25s.
func spanText(d time.Duration) string {
	const day = 24 * time.Hour
	if d >= day && d%day == 0 {
		return strconv.FormatInt(int64(d/day), 10) + "d"
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func (s span) Set(text string) error {
	if s.none && text == "none" {
		*s.value = -1
		return nil
	}
	d, err := parseSpan(text)
	switch {
	case err != nil:
		return err
	case d < s.min:
		return fmt.Errorf("expected at least %s", spanText(s.min))
	case s.max > 0 && d > s.max:
		return fmt.Errorf("expected at most %s", spanText(s.max))
	}
	*s.value = d
	return nil
}

// parseSpan reads 90s, 1h30m, 30d, 1d12h.
func parseSpan(text string) (time.Duration, error) {
	wrong := errors.New("expected a duration such as 30s, 2m, 12h or 30d")
	days, rest, found := strings.Cut(text, "d")
	if !found {
		days, rest = "", text
	}
	var sum time.Duration
	if found {
		n, err := strconv.ParseUint(days, 10, 16)
		if err != nil {
			return 0, wrong
		}
		sum = time.Duration(n) * 24 * time.Hour
	}
	if rest != "" || !found {
		d, err := time.ParseDuration(rest)
		if err != nil || d < 0 {
			return 0, wrong
		}
		sum += d
	}
	if sum < 0 {
		return 0, wrong
	}
	return sum, nil
}

// A number is a whole-number flag with bounds.
type number struct {
	value    *int64
	min, max int64
}

func (n number) Type() string { return "N" }

func (n number) String() string {
	if n.value == nil || *n.value == 0 && n.min > 0 {
		return ""
	}
	return strconv.FormatInt(*n.value, 10)
}

func (n number) Set(text string) error {
	v, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err != nil, v < n.min:
		return fmt.Errorf("expected a whole number from %d", n.min)
	case v > n.max:
		return fmt.Errorf("expected a whole number of at most %d", n.max)
	}
	*n.value = v
	return nil
}

// parseMap reads the values of --map.
func parseMap(values []string) (map[contact.Field]string, error) {
	mapping := map[contact.Field]string{}
	for _, v := range values {
		name, column, ok := strings.Cut(v, "=")
		field := contact.Field(strings.TrimSpace(name))
		if !ok || column == "" {
			return nil, usage(fmt.Errorf("--map=%q: expected FIELD=COLUMN, such as email=Mail", v))
		}
		var names []string
		known := false
		for _, f := range contact.InputFields() {
			names = append(names, string(f))
			known = known || f == field
		}
		if !known {
			return nil, usage(fmt.Errorf("--map=%q: unknown field %q; expected one of %s", v, field, strings.Join(names, ", ")))
		}
		if _, twice := mapping[field]; twice {
			return nil, usage(fmt.Errorf("--map: %s is given twice", field))
		}
		mapping[field] = column
	}
	return mapping, nil
}

// nearest is the name that was perhaps meant, or "": the one with the fewest edits, at most a third of its letters.
func nearest(given string, names []string) string {
	best, most := "", 1+len(strings.TrimPrefix(given, envPrefix))/3
	for _, name := range names {
		if d := edits(given, name); d <= most && (best == "" || d < edits(given, best)) {
			best = name
		}
	}
	return best
}

// edits is the Levenshtein distance.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost++
			}
			diagonal, row[j] = row[j], min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
