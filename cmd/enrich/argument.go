package main

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"enrich/cmd/enrich/internal/problem"
	"enrich/reader"
)

// oneFile checks the argument of a command that reads an input. Without one, standard input is read unless it is a
// terminal: there nobody knows that a program waits for a table.
func oneFile(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) > 1:
		return problem.New(problem.Problem{
			Code: "too_many_arguments", Message: fmt.Sprintf("%s takes one file, got %d", cmd.Name(), len(args)) + " (quote a name that contains spaces)",
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
		Code: "no_file", Message: cmd.Name() + " takes one file", Advice: "name a CSV, JSONL or .xlsx file, or - for standard input" + about,
	})
}

// isTerminal reports whether nobody has redirected a stream, or it is closed.
func isTerminal(r io.Reader) bool {
	f, ok := r.(*os.File)
	if !ok {
		return false
	}
	_, err := f.Stat()
	return err != nil || term.IsTerminal(int(f.Fd()))
}

var scheme = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]*)://`)

// refuseURL returns an error for a URL, with the pipe that reads it.
func refuseURL(cmd *cobra.Command, name string) error {
	match := scheme.FindStringSubmatch(name)
	if match == nil {
		return nil
	}
	if _, err := os.Lstat(name); err == nil { // a directory called "s3:"
		return nil
	}
	advice := "download it first, or pipe it into " + cmd.CommandPath() + " -"
	if fetch := fetchCommand(strings.ToLower(match[1]), name); fetch != "" {
		advice = "use a pipe: " + fetch + " | " + cmd.CommandPath() + " -"
	}
	if strings.EqualFold(match[1], "file") {
		advice = "name it by its path: " + shellQuote(name[len(match[0]):])
	}
	return problem.New(problem.Problem{Code: "input_is_url", Message: cmd.Name() + " reads files and standard input, not URLs", Advice: advice})
}

// fetchCommand returns the command that prints what a URL names; "" if the scheme is not known.
func fetchCommand(scheme, name string) string {
	switch scheme {
	case "s3", "s3a", "s3n":
		return "aws s3 cp " + shellQuote("s3"+name[len(scheme):]) + " -"
	case "gs":
		return "gcloud storage cat " + shellQuote(name)
	case "az":
		container, blob, _ := strings.Cut(name[len("az://"):], "/")
		return "az storage blob download --container-name " + shellQuote(container) + " --name " + shellQuote(blob)
	case "http", "https", "ftp", "ftps", "sftp", "scp":
		return "curl -fsSL " + shellQuote(withoutSecrets(name))
	case "hdfs", "webhdfs":
		return "hdfs dfs -cat " + shellQuote(name)
	}
	return ""
}

// withoutSecrets returns a URL without its user and query, which may contain a password or a signature.
func withoutSecrets(name string) string {
	u, err := url.Parse(name)
	if err != nil {
		return "URL"
	}
	query := ""
	if u.RawQuery != "" {
		query = "?…"
	}
	u.User, u.RawQuery, u.ForceQuery, u.Fragment = nil, "", false, ""
	return u.String() + query
}

var shellSafe = regexp.MustCompile(`^[A-Za-z0-9_./:@%+=,-]+$`)

// shellQuote returns a word as a shell takes it literally.
func shellQuote(word string) string {
	if shellSafe.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
