package help

import (
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
	"github.com/spf13/pflag"
)

// WriteMan writes the man pages of a command and those below it to a directory, one for each, and returns how many there
// are. It changes the help texts of root.
func WriteMan(root *cobra.Command, dir, version string, lookup func(string) (string, bool)) (int, error) {
	root.DisableAutoGenTag = true // it contains the current date
	escapeHelp(root)
	date := buildDate(lookup)
	header := &doc.GenManHeader{Section: "1", Source: "enrich " + version, Manual: "enrich", Date: &date}
	if err := doc.GenManTree(root, header, dir); err != nil {
		return 0, err
	}
	pages, err := filepath.Glob(filepath.Join(dir, "enrich*.1"))
	return len(pages), err
}

// escapeHelp escapes help texts for the Markdown that man pages are made from: it would drop <stem> as an HTML tag.
// Examples are code and stay as they are.
func escapeHelp(cmd *cobra.Command) {
	escape := strings.NewReplacer("<", `\<`, "*", `\*`, "_", `\_`).Replace
	cmd.Short, cmd.Long = escape(cmd.Short), escape(cmd.Long)
	cmd.Flags().VisitAll(func(f *pflag.Flag) { f.Usage = escape(f.Usage) })
	for _, sub := range cmd.Commands() {
		escapeHelp(sub)
	}
}

// buildDate returns the date on the pages, the same for the same source: SOURCE_DATE_EPOCH, which package builders set, or
// the date of the commit.
func buildDate(lookup func(string) (string, bool)) time.Time {
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
