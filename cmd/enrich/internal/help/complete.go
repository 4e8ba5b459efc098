package help

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"enrich/cmd/enrich/internal/settings"
	"enrich/contact"
	"enrich/input"
	"enrich/reader"
	"enrich/writer"
)

// Complete registers the completions of a command's flags: the words of a choice, the fields of an answer, and for --map the fields
// of a request and then the columns of the file that the command line names.
func Complete(cmd *cobra.Command) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		var words []string
		switch v := f.Value.(type) {
		case settings.Choice:
			words = v.Words
		case settings.Duration, settings.Number, settings.CreditCap:
			words = []string{} // a number is not a file
		}
		if words != nil {
			register(cmd, f.Name, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
				return words, cobra.ShellCompDirectiveNoFileComp
			})
		}
	})
	for name, c := range map[string]cobra.CompletionFunc{
		"map": completeMap, "sheet": completeSheet, "fields": completeFields, "rate": noFile, "url": noFile, "set": noFile, "delimiter": cobra.FixedCompletions([]string{"comma", "tab"}, cobra.ShellCompDirectiveNoFileComp),
		"encoding": cobra.FixedCompletions([]string{"utf-8", "utf-16le", "utf-16be", "windows-1252", "latin-1"}, cobra.ShellCompDirectiveNoFileComp),
		"out": func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
	} {
		if cmd.Flags().Lookup(name) != nil {
			register(cmd, name, c)
		}
	}
	for _, sub := range cmd.Commands() {
		Complete(sub)
	}
}

func register(cmd *cobra.Command, flag string, c cobra.CompletionFunc) {
	if err := cmd.RegisterFlagCompletionFunc(flag, c); err != nil {
		panic("a flag is completed twice: " + err.Error())
	}
}

// noFile keeps the shell from completing file names.
func noFile(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveNoFileComp
}

// completeMap completes FIELD=COLUMN.
func completeMap(_ *cobra.Command, args []string, typed string) (all []string, how cobra.ShellCompDirective) {
	field, _, chosen := strings.Cut(typed, "=")
	if !chosen {
		for _, f := range contact.InputFields() {
			all = append(all, string(f)+"=")
		}
		return all, cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
	}
	if len(args) == 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	for _, column := range columnsOf(args[0]) {
		all = append(all, field+"="+column)
	}
	return all, cobra.ShellCompDirectiveNoFileComp
}

// completeFields completes the last of a list of fields, with those that are not in it.
func completeFields(_ *cobra.Command, _ []string, typed string) (all []string, how cobra.ShellCompDirective) {
	last := strings.LastIndexByte(typed, ',') + 1
	before := strings.Split(typed[:last], ",")
	for _, name := range writer.Fields() {
		if !slices.Contains(before, name) {
			all = append(all, typed[:last]+name)
		}
	}
	return all, cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
}

// completeSheet completes the name of a sheet of the workbook that the command line names.
func completeSheet(_ *cobra.Command, args []string, _ string) (names []string, how cobra.ShellCompDirective) {
	if len(args) > 0 && args[0] != "-" {
		if in, err := input.Open(args[0], nil); err == nil {
			defer func() { _ = in.Close() }()     // it was only read
			names, _ = reader.Sheets(in, in.Size) // a file without sheets has no completions
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// columnsOf returns the columns of a file; none if it cannot be read without flags.
func columnsOf(name string) []string {
	if name == "-" {
		return nil // the shell's own input is the user's
	}
	in, err := input.Open(name, nil)
	if err != nil {
		return nil
	}
	defer func() { _ = in.Close() }() // it was only read
	r, err := reader.Open(in, in.Size, reader.Options{})
	if err != nil {
		return nil
	}
	defer func() { _ = r.Close() }() // so was this
	return slices.Clone(r.Info().Header)
}
