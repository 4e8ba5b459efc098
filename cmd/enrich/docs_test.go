package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"enrich/client/fakeapi"
	"enrich/internal/duckdb"
)

// root is the folder of the project.
const root = "../.."

func readText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// documents returns the project's documents by their paths.
func documents(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, pattern := range []string{"*.md", "doc/*.md", "doc/*/*.md", "samples/*.md", "samples/*/*.md"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range found {
			all[path] = readText(t, path)
		}
	}
	return all
}

// goFiles returns the paths of all Go files of the project.
func goFiles(t *testing.T) (paths []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains([]string{".git", "bin", "testdata"}, d.Name()):
			return filepath.SkipDir
		case filepath.Ext(path) == ".go":
			paths = append(paths, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

func TestLinksInDocumentsExist(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	for path, text := range documents(t) {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), m[1])); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
}

// TestPathsInDocumentsExist checks paths in backquotes that begin with a folder of the project.
func TestPathsInDocumentsExist(t *testing.T) {
	quoted := regexp.MustCompile("`(\\.?[a-z]+(?:/[\\w.-]+)*/?)`")
	for path, text := range documents(t) {
		for _, m := range quoted.FindAllStringSubmatch(text, -1) {
			first, _, nested := strings.Cut(m[1], "/")
			if first == "bin" { // which make makes
				continue
			}
			if info, err := os.Stat(filepath.Join(root, first)); !nested || err != nil || !info.IsDir() {
				continue
			}
			if _, err := os.Stat(filepath.Join(root, m[1])); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
}

func TestTestsInDocumentsExist(t *testing.T) {
	declaration := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	tests := map[string]bool{}
	for _, path := range goFiles(t) {
		for _, m := range declaration.FindAllStringSubmatch(readText(t, path), -1) {
			tests[m[1]] = true
		}
	}
	quoted := regexp.MustCompile("`(Test\\w+)`")
	for path, text := range documents(t) {
		for _, m := range quoted.FindAllStringSubmatch(text, -1) {
			if !tests[m[1]] {
				t.Errorf("%s: %s does not exist", path, m[1])
			}
		}
	}
}

func TestFlagsInDocumentsExist(t *testing.T) {
	flags := []string{"help", "version", "max-errors", "disk-cache"} // help and version are the root's; the last two belong to a tool that the README compares with
	for _, c := range rootCommands(world{}) {
		for _, cmd := range append(c.Commands(), c) {
			cmd.Flags().VisitAll(func(f *pflag.Flag) { flags = append(flags, f.Name) })
		}
	}
	quoted := regexp.MustCompile("`--([a-z][a-z-]*)")
	for path, text := range documents(t) {
		for _, m := range quoted.FindAllStringSubmatch(text, -1) {
			if !slices.Contains(flags, m[1]) {
				t.Errorf("%s: --%s does not exist", path, m[1])
			}
		}
	}
}

// TestDuckDBReadsTheResults with the README's query.
func TestDuckDBReadsTheResults(t *testing.T) {
	query := regexp.MustCompile("(?s)`duckdb -c \"(.*?)\"`").FindStringSubmatch(readText(t, filepath.Join(root, "README.md")))
	if query == nil {
		t.Fatal("the README has no query for DuckDB")
	}
	s := newStage(t, fakeapi.Options{Match: 1})
	s.list("leads.csv", 20, "")
	s.run(exitOK, "run", "leads.csv")
	results := duckdb.RunIn(t, s.dir, "DESCRIBE "+query[1], query[1])
	columns, rows := results[0], results[1]
	if columns.Err != nil || len(columns.Rows) != 2 || *columns.Rows[0][0] != "country" {
		t.Errorf("columns: %+v", columns)
	}
	if rows.Err != nil || len(rows.Rows) == 0 {
		t.Errorf("rows: %+v", rows)
	}
}
