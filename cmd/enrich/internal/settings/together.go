package settings

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"enrich/cmd/enrich/internal/problem"
)

// opposites are the switches that contradict each other.
var opposites = map[string]string{"quiet": "verbose", "verbose": "quiet"}

// isDecided reports whether a stronger source than kind has given a flag its value, or has set the switch that contradicts it:
// --verbose overrides "quiet = true" in the config file.
func isDecided(cmd *cobra.Command, f *pflag.Flag, kind SourceKind) bool {
	if f.Changed {
		return true
	}
	opposite := cmd.Flags().Lookup(opposites[f.Name])
	return opposite != nil && isOn(opposite) && SourceOf(opposite).Kind != kind
}

func isOn(f *pflag.Flag) bool { return f.Changed && f.Value.String() == "true" }

// checkTogether returns an error for flags that do not go together: switches that the same source sets and that contradict each
// other, and a flag that was typed and has no effect. In the config file or the environment, such a flag may be meant for other runs.
func checkTogether(cmd *cobra.Command) error {
	quiet, verbose := cmd.Flags().Lookup("quiet"), cmd.Flags().Lookup("verbose")
	if quiet != nil && verbose != nil && isOn(quiet) && isOn(verbose) {
		return problem.New(problem.Problem{Code: codeInvalidValue, Flag: quiet.Name, Message: "--quiet: not allowed with --verbose", Advice: "leave one of them out"})
	}
	bulk, size := cmd.Flags().Lookup("bulk"), cmd.Flags().Lookup("bulk-size")
	if bulk != nil && size != nil && !isOn(bulk) && SourceOf(size).Kind == FromFlag {
		return problem.New(problem.Problem{Code: codeInvalidValue, Flag: size.Name, Message: "--bulk-size: not allowed without --bulk", Advice: "add --bulk, or leave it out"})
	}
	return nil
}
