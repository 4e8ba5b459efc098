package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"enrich/client/fakeapi"
	"enrich/cmd/enrich/internal/help"
	"enrich/writer"
)

// told runs a command line in this process and returns what it printed.
func told(t *testing.T, args ...string) string {
	t.Helper()
	var out, said strings.Builder
	code := execute(args, world{stdin: strings.NewReader(""), stdout: &out, stderr: &said, lookupEnv: func(string) (string, bool) { return "", false }, exit: os.Exit})
	if code != exitOK {
		t.Fatalf("%q: exit code %d: %s", args, code, &said)
	}
	return out.String()
}

// TestHelpFitsAScreen of 24 lines and 80 columns, and starts with an example.
func TestHelpFitsAScreen(t *testing.T) {
	for _, args := range [][]string{{}, {"--help"}, {"help"}} {
		text := told(t, args...)
		if lines := strings.Count(text, "\n"); lines > 24 || !strings.HasPrefix(text, "  enrich demo ") {
			t.Errorf("%q: %d lines:\n%s", args, lines, text)
		}
	}
}

// TestEveryCommandHelps with an example, and with lines that no terminal breaks, but for examples and words that are
// longer than a line.
func TestEveryCommandHelps(t *testing.T) {
	root := &cobra.Command{Use: "enrich"}
	root.AddCommand(rootCommands(world{})...)
	for _, c := range root.Commands() {
		for _, cmd := range append(c.Commands(), c) {
			if !cmd.HasExample() {
				t.Errorf("%s has no example", cmd.CommandPath())
			}
			for _, width := range []int{80, 40} {
				for _, line := range strings.Split(help.Page(cmd, width), "\n") {
					if utf8.RuneCountInString(line) > width && len(strings.Fields(line)) > 1 && !strings.HasPrefix(line, "  ") {
						t.Errorf("%s at %d columns: %q", cmd.CommandPath(), width, line)
					}
				}
			}
		}
	}
}

// TestWhatWasPerhapsMeant by a command that is not there.
func TestWhatWasPerhapsMeant(t *testing.T) {
	s := newStage(t, fakeapi.Options{})
	s.list("leads.csv", 1, "")
	for words, want := range map[string]string{
		"leads.csv": "did you mean enrich run leads.csv?", "plam": "did you mean enrich plan?", "ledger stat": "did you mean enrich ledger stats?",
		"frobnicate": "enrich --help lists them",
	} {
		if c := s.run(exitUsage, strings.Fields(words)...); !strings.Contains(c.said.String(), want) {
			t.Errorf("%s: %s", words, &c.said)
		}
	}
}

// TestCompletions: the words of a flag, the columns of the file, and scripts that the shells take where they are installed.
func TestCompletions(t *testing.T) {
	file := filepath.Join(t.TempDir(), "leads.csv")
	if err := os.WriteFile(file, []byte("Mail;Firma\na@x.example;X\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{
		"run --format ":            "csv\njsonl\nxlsx\nparquet\n:4\n",
		"write --fields title,ex":  "title," + strings.Join(slices.DeleteFunc(writer.Fields(), func(f string) bool { return f == "title" }), "\ntitle,") + "\n:6\n",
		"write --same-by e":        "request\nemail\n:4\n",
		"run --map ":               "email=\nfirst_name=\nlast_name=\ncompany_name=\ncompany_domain=\nlinkedin_url=\nfull_name=\n:6\n",
		"run FILE --map email=":    "email=Mail\nemail=Firma\n:4\n",
		"run none.csv --map email": "email=\nfirst_name=\nlast_name=\ncompany_name=\ncompany_domain=\nlinkedin_url=\nfull_name=\n:6\n",
		"run --workers ":           ":4\n",
		"ledger st":                "stats\tCount what is in the ledger\n:4\n",
	} {
		args := strings.Split("__complete "+strings.ReplaceAll(line, "FILE", file), " ")
		if got := told(t, args...); got != want {
			t.Errorf("%s:\n%s, expected\n%s", line, got, want)
		}
	}
	for _, shell := range [][]string{{"bash", "-n"}, {"zsh", "-n"}, {"fish", "-n"}, {"pwsh", "-NoProfile", "-File"}} {
		name := map[string]string{"pwsh": "powershell"}[shell[0]]
		if name == "" {
			name = shell[0]
		}
		script := filepath.Join(t.TempDir(), "completion.ps1")
		if err := os.WriteFile(script, []byte(told(t, "completion", name)), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := exec.LookPath(shell[0]); err != nil {
			t.Logf("there is no %s to read the script with", shell[0])
			continue
		}
		if out, err := exec.Command(shell[0], append(shell[1:], script)...).CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", shell[0], err, out)
		}
	}
}

// TestBashCompletes as a user's shell does.
func TestBashCompletes(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash")
	}
	const script = `compopt() { :; }
_init_completion() { COMPREPLY=(); cur=${COMP_WORDS[COMP_CWORD]}; prev=${COMP_WORDS[COMP_CWORD-1]}; words=("${COMP_WORDS[@]}"); cword=$COMP_CWORD; }
source <(enrich completion bash) && COMP_WORDS=(enrich run --log-format js) COMP_CWORD=3 COMP_LINE='enrich run --log-format js' COMP_POINT=26 COMP_TYPE=9 && __start_enrich && echo "${COMPREPLY[@]}"`
	cmd := exec.Command(bash, "-c", script)
	cmd.Env = append(os.Environ(), statusFile+"="+os.DevNull)
	if out, err := cmd.CombinedOutput(); err != nil || strings.TrimSpace(string(out)) != "json" {
		t.Errorf("%v: %q", err, out)
	}
}

// TestManPages: one a command, the same each time, and nothing that a formatter warns of where there is one.
func TestManPages(t *testing.T) {
	first, second := t.TempDir(), t.TempDir()
	for _, dir := range []string{first, second} {
		told(t, "man", dir)
	}
	pages, err := filepath.Glob(filepath.Join(first, "*.1"))
	if err != nil || len(pages) < 13 {
		t.Fatalf("%d pages, %v", len(pages), err)
	}
	for _, page := range pages {
		a, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(filepath.Join(second, filepath.Base(page))); err != nil || string(a) != string(b) {
			t.Errorf("%s is not the same again: %v", page, err)
		}
		if man, err := exec.LookPath("man"); err == nil {
			cmd := exec.Command(man, "--warnings", "-l", page)
			cmd.Env = append(os.Environ(), "MANWIDTH=80", "LC_ALL=C.UTF-8")
			var warned strings.Builder
			cmd.Stderr = &warned
			if err := cmd.Run(); err != nil || warned.Len() > 0 {
				t.Errorf("%s: %v: %s", filepath.Base(page), err, &warned)
			}
		}
	}
}

// A man page has every word of the help that it is made from: a formatter drops <stem> as a tag.
func TestManPagesKeepEveryWord(t *testing.T) {
	dir := t.TempDir()
	told(t, "man", dir)
	for page, words := range map[string]string{
		"enrich-run.1":     longRun + " " + "make at most N calls; a retry is a call",
		"enrich-fakeapi.1": "STATUSraWAIT rate_limit",
	} {
		text, err := os.ReadFile(filepath.Join(dir, page))
		if err != nil {
			t.Fatal(err)
		}
		plain := strings.NewReplacer(`\fB`, "", `\fR`, "", `\fI`, "", `\-`, "-", `\&`, "", `\(bu`, "", `\\`, `\`).Replace(string(text))
		have := map[string]bool{}
		for _, word := range strings.Fields(plain) {
			have[word] = true
		}
		for _, word := range strings.Fields(words) {
			if !have[word] {
				t.Errorf("%s lacks %q", page, word)
			}
		}
	}
}
