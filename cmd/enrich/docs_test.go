package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"enrich/client/fakeapi"
)

// documents are all texts for people, by their paths from here.
func documents(t *testing.T) (all []string) {
	t.Helper()
	for _, pattern := range []string{"../../*.md", "../../doc/*.md", "../../doc/*/*.md", "../../samples/*.md", "../../samples/*/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, found...)
	}
	return all
}

// TestLinksLeadSomewhere: those from one text of the project to another.
func TestLinksLeadSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	for _, name := range documents(t) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range link.FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(l[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(name), l[1])); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// TestThePathsThatTheTextsNameExist: those in backquotes that begin with a folder of the project. A name may end in *.
func TestThePathsThatTheTextsNameExist(t *testing.T) {
	path := regexp.MustCompile("`(\\.?[a-z]+(?:/[\\w.*-]+)*/?)`")
	for _, name := range documents(t) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range path.FindAllStringSubmatch(string(text), -1) {
			first, _, nested := strings.Cut(m[1], "/")
			if info, err := os.Stat(filepath.Join("../..", first)); !nested || err != nil || !info.IsDir() {
				continue
			}
			if found, err := filepath.Glob(filepath.Join("../..", m[1])); err != nil || len(found) == 0 {
				t.Errorf("%s: there is no %s", name, m[1])
			}
		}
	}
}

// TestTheTestsThatTheTextsNameAreThere: a guarantee is worth what proves it.
func TestTheTestsThatTheTextsNameAreThere(t *testing.T) {
	there := map[string]bool{}
	for _, pattern := range []string{"../../*/*_test.go", "../../*/*/*_test.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllSubmatch(text, -1) {
				there[string(m[1])] = true
			}
		}
	}
	for _, name := range documents(t) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile("`(Test\\w+)`").FindAllSubmatch(text, -1) {
			if !there[string(m[1])] {
				t.Errorf("%s: there is no %s", name, m[1])
			}
		}
	}
}

// TestTheFlagsThatTheTextsNameAreThere, with any command.
func TestTheFlagsThatTheTextsNameAreThere(t *testing.T) {
	there := []string{"help"}
	for _, c := range rootCommands(world{}) {
		for _, cmd := range append(c.Commands(), c) {
			cmd.Flags().VisitAll(func(f *pflag.Flag) { there = append(there, f.Name) })
		}
	}
	others := []string{"max-errors", "disk-cache"} // of the tools that the README compares with
	for _, name := range documents(t) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile("`--([a-z][a-z-]*)").FindAllSubmatch(text, -1) {
			if flag := string(m[1]); !slices.Contains(there, flag) && !slices.Contains(others, flag) {
				t.Errorf("%s: there is no --%s", name, flag)
			}
		}
	}
}

// TestDuckDBReadsTheResults by the README's query, where the tool is there.
func TestDuckDBReadsTheResults(t *testing.T) {
	duckdb, err := exec.LookPath("duckdb")
	if err != nil {
		t.Skip("there is no duckdb to read the results with")
	}
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	query := regexp.MustCompile("(?s)`duckdb -c \"(.*?)\"`").FindSubmatch(text)
	if query == nil {
		t.Fatal("the README has no query for DuckDB")
	}
	s := newStage(t, fakeapi.Options{Match: 1})
	s.list("leads.csv", 20, "")
	s.run(exitOK, "run", "leads.csv")
	cmd := exec.Command(duckdb, "-csv", "-c", string(query[1]))
	cmd.Dir = s.dir
	if out, err := cmd.CombinedOutput(); err != nil || !strings.HasPrefix(string(out), "country,") {
		t.Errorf("%v: %s", err, out)
	}
}
