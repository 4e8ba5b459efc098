package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
	"github.com/spf13/pflag"
)

// manCommand writes the man pages, one a command, for whoever packages the program (make man).
func manCommand(w world) *cobra.Command {
	return &cobra.Command{
		Use: "man DIR", Short: "Write the man pages into a directory", Example: "  enrich man ./man", Hidden: true, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return usage(err)
			}
			root := cmd.Root()
			root.DisableAutoGenTag = true // it has the day on which it was made
			escapeHelp(root)
			made := builtAt(w.lookupEnv)
			header := &doc.GenManHeader{Section: "1", Source: "enrich " + version(), Manual: "enrich", Date: &made}
			if err := doc.GenManTree(root, header, args[0]); err != nil {
				return err
			}
			pages, err := filepath.Glob(filepath.Join(args[0], "enrich*.1"))
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(w.stdout, "%s in %s\n", many(int64(len(pages)), "page"), args[0])
			return err
		},
	}
}

// escapeHelp escapes help texts for the Markdown from which man pages are made: it would drop <stem> as a tag of HTML.
// Examples are set as code and stay as they are.
func escapeHelp(cmd *cobra.Command) {
	escape := strings.NewReplacer("<", `\<`, "*", `\*`, "_", `\_`).Replace
	cmd.Short, cmd.Long = escape(cmd.Short), escape(cmd.Long)
	cmd.Flags().VisitAll(func(f *pflag.Flag) { f.Usage = escape(f.Usage) })
	for _, sub := range cmd.Commands() {
		escapeHelp(sub)
	}
}

// builtAt is the day on the pages: the same for the same source. SOURCE_DATE_EPOCH is the convention of those who build packages.
func builtAt(lookup func(string) (string, bool)) time.Time {
	if text, ok := lookup("SOURCE_DATE_EPOCH"); ok {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return time.Unix(n, 0).UTC()
		}
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if at, err := time.Parse(time.RFC3339, s.Value); s.Key == "vcs.time" && err == nil {
				return at
			}
		}
	}
	return time.Unix(0, 0).UTC()
}
