package publish_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"enrich/publish"
)

// childVariable makes the test binary one of the processes that a test starts, and names which.
const childVariable = "TEST_ENRICH_PUBLISH_CHILD"

func TestMain(m *testing.M) {
	if name := os.Getenv(childVariable); name != "" {
		if err := children[name](os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

var children = map[string]func([]string) error{"kill": killAtStep, "publish": publishOften}

// check stops a test at an unexpected error.
func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func write(t testing.TB, path, text string) {
	t.Helper()
	check(t, os.WriteFile(path, []byte(text), 0o600))
}

func read(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	check(t, err)
	return string(text)
}

// files lists a directory.
func files(t testing.TB, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	check(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

// outputs are the files of the sets that the tests publish, the summary last.
var outputs = []string{"results", "failures", "summary"}

// newSet creates a set of all outputs in dir. Each file's content is its name and a tag.
func newSet(dir, tag string) (*publish.Set, error) {
	s := publish.NewSet()
	for _, name := range outputs {
		if err := add(s, filepath.Join(dir, name), name+" "+tag); err != nil {
			return s, errors.Join(err, s.Discard())
		}
	}
	return s, nil
}
