package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"enrich/cmd/enrich/internal/problem"
	"enrich/cmd/enrich/internal/remote"
	"enrich/reader"
)

// oneFile checks the argument of a command that reads an input. Without one, standard input is read, but not from a terminal: the
// user would not know that the program waits for input.
func oneFile(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) > 1:
		return problem.New(problem.Problem{
			Code: "too_many_arguments", Message: fmt.Sprintf("%s takes one file, got %d", cmd.Name(), len(args)), Advice: "quote a name that contains spaces",
		})
	case len(args) == 1:
		return refuseURL(cmd, args[0])
	case isTerminal(cmd.InOrStdin()):
		return noFile(cmd, "")
	}
	return nil
}

// withInput calls f with the name of the input: the argument, or - without one.
func withInput(cmd *cobra.Command, args []string, f func(name string) error) error {
	if len(args) == 1 {
		return f(args[0])
	}
	err := f("-")
	if errors.Is(err, reader.ErrEmpty) {
		return usage(noFile(cmd, ", which is empty"))
	}
	return err
}

func noFile(cmd *cobra.Command, about string) error {
	return problem.New(problem.Problem{
		Code: "no_file", Message: cmd.Name() + " takes one file", Advice: "name a CSV, JSONL, .xlsx or Parquet file, or - for standard input" + about,
	})
}

// isTerminal reports whether a stream is a terminal, or is closed.
func isTerminal(r io.Reader) bool {
	f, ok := r.(*os.File)
	if !ok {
		return false
	}
	_, err := f.Stat()
	return err != nil || term.IsTerminal(int(f.Fd()))
}

// isFilledFile reports whether a stream is a file that is not empty. With any other standard input, a program may expect the help.
func isFilledFile(r io.Reader) bool {
	f, ok := r.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode().IsRegular() && info.Size() > 0
}

// refuseURL returns an error for a URL, with the pipe that reads it into a command.
func refuseURL(cmd *cobra.Command, name string) error {
	if !remote.IsURL(name) {
		return nil
	}
	advice := "download it first, or pipe it into " + cmd.CommandPath() + " -"
	if reader := remote.Reader(name); reader != "" {
		advice = "use a pipe: " + reader + " | " + cmd.CommandPath() + " -"
	}
	if path, isFile := remote.Path(name); isFile {
		advice = "name it by its path: " + path
	}
	return problem.New(problem.Problem{Code: "input_is_url", Message: cmd.Name() + " reads files and standard input, not URLs", Advice: advice})
}

// arguments checks arguments as check does. Cobra's own errors have no code, and repeat what may be a key.
func arguments(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		err := check(cmd, args)
		if err == nil {
			return nil
		}
		if problem.Of(err).Code == "" {
			expected := "no argument"
			switch none, one := check(cmd, nil) == nil, check(cmd, []string{"x"}) == nil; {
			case none && one:
				expected = "at most one argument"
			case one:
				expected = "one argument"
			}
			err = problem.New(problem.Problem{
				Code: "too_many_arguments", Message: fmt.Sprintf("%s takes %s, got %d", cmd.Name(), expected, len(args)), Advice: cmd.CommandPath() + " --help shows what it takes",
			})
		}
		return usage(err)
	}
}
