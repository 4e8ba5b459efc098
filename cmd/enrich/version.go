package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"enrich/cmd/enrich/internal/console"
	"enrich/cmd/enrich/internal/help"
	"enrich/cmd/enrich/internal/settings"
)

// release is set by the linker (make build). If it is empty, the version is that of the build information.
var release = ""

// version is what the User-Agent and the ledger call this program.
func version() string {
	if release != "" {
		return release
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "dev"
}

// A build describes how this program was built; its JSON is what `enrich version --json` prints.
type build struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Modified bool   `json:"modified,omitempty"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
	SQLite   string `json:"sqlite,omitempty"`
}

// sqliteModule is the library that the ledger is kept with.
const sqliteModule = "github.com/ncruces/go-sqlite3"

func thisBuild() build {
	b := build{Version: version(), Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	for _, m := range info.Deps {
		if m.Path == sqliteModule {
			b.SQLite = m.Path + " " + m.Version
		}
	}
	return b
}

func (b build) String() string {
	commit := ""
	if b.Commit != "" {
		commit = ", commit " + b.Commit
		if b.Modified {
			commit += " and changes"
		}
	}
	return fmt.Sprintf("enrich %s (%s, %s%s)", b.Version, b.Go, b.Platform, commit)
}

func versionCommand(w world) *cobra.Command {
	asJSON := false
	s := settings.Defaults()
	cmd := &cobra.Command{
		Use: "version", Short: "Print the version", Example: "  enrich version\n  enrich version --json", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if asJSON || s.LogFormat == "json" {
				return json.NewEncoder(w.stdout).Encode(thisBuild())
			}
			return printVersion(w)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object (also: --log-format json)")
	s.LogFormatFlag(cmd)
	return cmd
}

// printVersion is `enrich version`, and --version.
func printVersion(w world) error {
	_, err := fmt.Fprintln(w.stdout, thisBuild())
	return err
}

// manCommand writes the man pages, for package builders (make man).
func manCommand(w world) *cobra.Command {
	return &cobra.Command{
		Use: "man DIR", Short: "Write the man pages to a directory", Example: "  enrich man ./man", Hidden: true, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return usage(err)
			}
			pages, err := help.WriteMan(cmd.Root(), args[0], version(), w.lookupEnv)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(w.stdout, "%s in %s\n", console.Count(int64(pages), "page"), args[0])
			return err
		},
	}
}
