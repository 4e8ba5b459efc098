package settings

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"enrich/internal/phrase"
)

// A Choice is a flag that takes one of a few words.
type Choice struct {
	Value *string
	Words []string
}

func (c Choice) String() string {
	if c.Value == nil {
		return ""
	}
	return *c.Value
}

// Type implements [pflag.Value].
func (c Choice) Type() string { return strings.Join(c.Words, "|") }

// Set implements [pflag.Value].
func (c Choice) Set(s string) error {
	for _, w := range c.Words {
		if s == w {
			*c.Value = s
			return nil
		}
	}
	return fmt.Errorf("expected %s", phrase.Or(c.Words))
}

// A Preset is a choice with a default that does not count as given: the value is empty then.
type Preset struct {
	Choice
	Default string
}

func (p Preset) String() string {
	if given := p.Choice.String(); given != "" {
		return given
	}
	return p.Default
}

// A Duration is a flag for a duration, with units up to d.
type Duration struct {
	Value    *time.Duration
	Min, Max time.Duration // Max 0: no maximum
	None     bool          // "none" is allowed: it means -1
}

// Type implements [pflag.Value].
func (s Duration) Type() string { return "DURATION" }

func (s Duration) String() string {
	switch {
	case s.Value == nil, *s.Value == 0 && s.Min > 0: // not given, and none
		return ""
	case *s.Value < 0:
		return "none"
	}
	return phrase.Duration(*s.Value)
}

// Set implements [pflag.Value].
func (s Duration) Set(text string) error {
	if s.None && text == "none" {
		*s.Value = -1
		return nil
	}
	d, err := parseDuration(text)
	switch {
	case err != nil:
		return err
	case d < s.Min:
		return fmt.Errorf("expected at least %s", phrase.Duration(s.Min))
	case s.Max > 0 && d > s.Max:
		return fmt.Errorf("expected at most %s", phrase.Duration(s.Max))
	}
	*s.Value = d
	return nil
}

// parseDuration reads 90s, 1h30m, 30d, 1d12h.
func parseDuration(text string) (time.Duration, error) {
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
		sum = time.Duration(n) * day
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

// A Number is a flag for a whole number with bounds.
type Number struct {
	Value    *int64
	Min, Max int64
}

// Type implements [pflag.Value].
func (n Number) Type() string { return "N" }

func (n Number) String() string {
	if n.Value == nil || *n.Value == 0 && n.Min > 0 {
		return ""
	}
	return strconv.FormatInt(*n.Value, 10)
}

// Set implements [pflag.Value].
func (n Number) Set(text string) error {
	v, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err != nil, v < n.Min:
		return fmt.Errorf("expected a whole number from %d", n.Min)
	case v > n.Max:
		return fmt.Errorf("expected a whole number of at most %d", n.Max)
	}
	*n.Value = v
	return nil
}

// Once wraps a flag that must not be given twice: of two caps, the last would silently win.
type Once struct {
	pflag.Value
	given bool
}

// Set implements [pflag.Value].
func (o *Once) Set(text string) error {
	if o.given {
		return fmt.Errorf("the flag is given twice; the value before was %s", o.Value)
	}
	if err := o.Value.Set(text); err != nil {
		return err
	}
	o.given = true
	return nil
}

// CreditCaps are the three forms of --max-credits; zero means that the form was not given.
type CreditCaps struct{ Run, Day, Month int64 }

// Given reports whether there is any.
func (c CreditCaps) Given() bool { return c != CreditCaps{} }

// least returns the smallest form that was given, or 0.
func (c CreditCaps) least() int64 {
	least := int64(0)
	for _, n := range []int64{c.Run, c.Day, c.Month} {
		if n > 0 && (least == 0 || n < least) {
			least = n
		}
	}
	return least
}

// A CreditCap is the flag --max-credits: a number for this run or, with /day or /month, a budget over all runs of a
// ledger. Each form may be given once; all of them apply.
type CreditCap struct{ Caps *CreditCaps }

// Type implements [pflag.Value].
func (CreditCap) Type() string { return "N[/day|/month]" }

func (c CreditCap) String() string {
	if c.Caps == nil {
		return ""
	}
	var forms []string
	for _, form := range []struct {
		n   int64
		per string
	}{{c.Caps.Run, ""}, {c.Caps.Day, "/day"}, {c.Caps.Month, "/month"}} {
		if form.n > 0 {
			forms = append(forms, strconv.FormatInt(form.n, 10)+form.per)
		}
	}
	return strings.Join(forms, ",")
}

// Set implements [pflag.Value].
func (c CreditCap) Set(text string) error {
	n, per, periodic := strings.Cut(strings.TrimSpace(text), "/")
	form, what := &c.Caps.Run, "a number for this run"
	switch {
	case per == "day":
		form, what = &c.Caps.Day, "a budget for each day"
	case per == "month":
		form, what = &c.Caps.Month, "a budget for each month"
	case periodic:
		return fmt.Errorf("expected a number of credits, N/day or N/month, got /%s", per)
	}
	var credits int64
	if err := (Number{&credits, 1, 1 << 50}).Set(n); err != nil {
		return err
	}
	if *form > 0 {
		return fmt.Errorf("%s is given twice", what)
	}
	*form = credits
	return nil
}

// A Path is a flag that names a file or a directory. A leading ~ is expanded before the command runs, because a
// shell does not expand it in --flag=~/file or in the environment.
type Path struct{ Value *string }

// Type implements [pflag.Value].
func (Path) Type() string { return "path" }

func (p Path) String() string {
	if p.Value == nil {
		return ""
	}
	return *p.Value
}

// Set implements [pflag.Value].
func (p Path) Set(s string) error {
	*p.Value = s
	return nil
}
