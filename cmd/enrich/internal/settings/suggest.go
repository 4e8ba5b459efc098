package settings

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"enrich/internal/phrase"
)

// cause returns the error of a flag's value, without the text that pflag puts around it.
func cause(err error) error {
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		return invalid.Unwrap()
	}
	return err
}

// FlagError turns an error of the flag parser into one that names the flag and, if it is misspelt, suggests another.
func FlagError(cmd *cobra.Command, err error) error {
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		return fmt.Errorf("--%s=%q: %w", invalid.GetFlag().Name, invalid.GetValue(), invalid.Unwrap())
	}
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) {
		name := unknown.GetSpecifiedName()
		near := Nearest(name, flagNames(cmd))
		if namesSecret(name) && near != "api-key-file" {
			return fmt.Errorf("--%s: no flag takes the API key, because other users could see it: set the environment variable SELLING_API_KEY, or name a file with --api-key-file", name)
		}
		if near != "" {
			err = fmt.Errorf("%w: did you mean --%s?", err, near)
		}
	}
	return fmt.Errorf("%w (%s --help lists them)", err, cmd.CommandPath())
}

func flagNames(cmd *cobra.Command) (names []string) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return names
}

// namesSecret reports whether a flag or variable that does not exist was meant to take the API key itself.
func namesSecret(name string) bool {
	name = strings.ToLower(strings.ReplaceAll(name, "_", "-"))
	for _, word := range strings.Split(name, "-") {
		switch word {
		case "key", "apikey", "token", "secret", "bearer", "password", "auth", "authorization":
			return !strings.HasSuffix(name, "-file")
		}
	}
	return false
}

// Nearest returns the name with the fewest letters to change, at most a third of them, or "".
func Nearest(given string, names []string) string {
	most := 1 + len(strings.TrimPrefix(given, envPrefix))/3
	if i := phrase.Nearest(given, names, most); i >= 0 {
		return names[i]
	}
	return ""
}
