package debian_test

import (
	"os"
	"path/filepath"
	"testing"

	"enrich/internal/debian"
)

// recorder is a test that is ended by what it tests.
type recorder struct {
	testing.TB
	failed, skipped bool
}

func (r *recorder) Helper()               {}
func (r *recorder) Fatalf(string, ...any) { r.failed = true }
func (r *recorder) Skip(...any)           { r.skipped = true }

// A test without its program is skipped by hand and fails in CI, so that CI never passes without it.
func TestAMissingProgramFailsOnlyIfItIsRequired(t *testing.T) {
	for value, fails := range map[string]bool{"": false, "require": true} {
		t.Setenv("TEST_ENRICH_TOOLS", value)
		r := &recorder{TB: t}
		debian.Unavailable(r, "no browser here")
		if r.failed != fails || !r.failed && !r.skipped || debian.IsRequired() != fails {
			t.Errorf("%q: failed %v, skipped %v", value, r.failed, r.skipped)
		}
	}
}

// A program that is here is found under any of its names, and nothing is installed.
func TestAProgramThatIsHere(t *testing.T) {
	if path := debian.Program(t, "no-such-package", "no-such-program", "go"); filepath.Base(path) != "go" && filepath.Base(path) != "go.exe" {
		t.Errorf("found %q", path)
	}
}

// A module that is here is found, and nothing is installed.
func TestAModuleThatIsHere(t *testing.T) {
	if _, err := os.Stat("/usr/bin/python3"); err != nil {
		t.Skip("there is no Python")
	}
	if path := debian.Python(t, "no-such-package", "json"); path != "/usr/bin/python3" {
		t.Errorf("found %q", path)
	}
}
