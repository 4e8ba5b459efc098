package help

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"go.uber.org/goleak"

	"enrich/cmd/enrich/internal/console"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// program returns a program with one command.
func program() (root, run *cobra.Command) {
	root = &cobra.Command{Use: "enrich", Long: "Sends contacts.", Example: "  enrich run leads.csv   a comment"}
	run = &cobra.Command{
		Use: "run FILE", Short: "Send contacts", Long: "Writes <stem>.results.csv.\n\nKinds:\n  an indented line stays as it is\n\nA second paragraph.",
		Example: "  enrich run leads.csv", RunE: func(*cobra.Command, []string) error { return nil },
	}
	run.Flags().SortFlags = false
	run.Flags().StringP("out", "o", "", "write the results to `DIR`, which must exist before the command is run")
	Group(run, "Output")
	run.Flags().Int("workers", 32, "calls in flight")
	run.Flags().String("map", "", "take a `FIELD=COLUMN`")
	Group(run, "Requests")
	root.AddCommand(run)
	return root, run
}

// TestAPage has its parts in order, and no line that is wider than the terminal.
func TestAPage(t *testing.T) {
	root, run := program()
	at := -1
	page := Page(run, 80)
	for _, part := range []string{"Writes <stem>.results.csv.\n", "  an indented line", "Usage:\n  enrich run FILE", "Examples:\n  enrich run leads.csv", "Output:\n  -o, --out DIR ", "Requests:\n      --workers int", "calls in flight (default 32)\n"} {
		next := strings.Index(page, part)
		if next <= at {
			t.Errorf("%q is missing or out of order in\n%s", part, page)
		}
		at = next
	}
	if page := Page(root, 80); !strings.HasPrefix(page, "  enrich run leads.csv   a comment\n\nSends contacts.\n\nCommands:\n  run ") {
		t.Errorf("%s", page)
	}
	for _, width := range []int{minWidth, 40, 80, maxWidth} {
		for _, line := range strings.Split(Page(run, width)+Page(root, width), "\n") {
			if utf8.RuneCountInString(line) > width && !strings.Contains(line, "indented") {
				t.Errorf("at %d columns: %q", width, line)
			}
		}
	}
}

// TestHelpGoesToStandardOutput as wide as a page if that is not a terminal.
func TestHelpGoesToStandardOutput(t *testing.T) {
	var out bytes.Buffer
	_, run := program()
	Func(console.NewStdout(&out))(run, nil)
	if out.String() != Page(run, pageWidth) {
		t.Errorf("%s", &out)
	}
}

func TestWrap(t *testing.T) {
	for _, test := range []struct {
		text     string
		width    int
		expected string
	}{
		{"", 10, ""}, {"one two  three", 7, "one two|three"}, {"averylongword b", 5, "averylongword|b"}, {"éé éé", 5, "éé éé"},
	} {
		if got := strings.Join(wrap(test.text, test.width), "|"); got != test.expected {
			t.Errorf("%q at %d: %q, expected %q", test.text, test.width, got, test.expected)
		}
	}
}

// TestManPages keep what looks like an HTML tag, and have the date of the source.
func TestManPages(t *testing.T) {
	dir := t.TempDir()
	root, _ := program()
	n, err := WriteMan(root, dir, "v1", func(name string) (string, bool) { return "86400", name == "SOURCE_DATE_EPOCH" })
	if err != nil || n != 2 {
		t.Fatalf("%d pages, %v", n, err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "enrich-run.1"))
	if err != nil || !strings.Contains(string(text), "<stem>.results.csv") || !strings.Contains(string(text), "Jan 1970") || !strings.Contains(string(text), "enrich v1") {
		t.Errorf("%v\n%s", err, text)
	}
}

// TestMapCompletes first the fields, then the columns of the file.
func TestMapCompletes(t *testing.T) {
	file := filepath.Join(t.TempDir(), "l.csv")
	if err := os.WriteFile(file, []byte("Mail;Firma\na@x.example;X\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ file, typed, expected string }{
		{file, "email=", "email=Mail email=Firma"}, {"-", "email=", ""}, {file + ".none", "email=", ""}, {"", "email=", ""}, {file, "em", "email= first_name="},
	} {
		var args []string
		if test.file != "" {
			args = []string{test.file}
		}
		got, _ := completeMap(nil, args, test.typed)
		if text := strings.Join(got, " "); !strings.HasPrefix(text, test.expected) || test.expected == "" && text != "" {
			t.Errorf("%+v: %q", test, text)
		}
	}
}
