package samples_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"enrich/internal/debian"
)

// TestManifests checks every YAML file here with the parsers of Kubernetes and Docker Compose, which are in a Go module of their own
// (.ci/manifests).
func TestManifests(t *testing.T) {
	debian.SkipIfShort(t)
	var files []string
	err := filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if filepath.Ext(path) == ".yaml" {
			absolute, aerr := filepath.Abs(path)
			files = append(files, absolute)
			return aerr
		}
		return err
	})
	if err != nil || len(files) < 3 {
		t.Fatalf("%v, %v", files, err)
	}
	broken := filepath.Join(t.TempDir(), "broken.yaml")
	if err := os.WriteFile(broken, []byte("apiVersion: batch/v1\nkind: Job\nspec:\n  paralelism: 3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "manifests")
	ctx, cancel := debian.UntilDeadline(t)
	defer cancel()
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", program, ".")
	build.Dir, build.Env = filepath.Join("..", ".ci", "manifests"), append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		debian.Unavailable(t, "the parsers cannot be built: "+err.Error()+": "+string(out[max(0, len(out)-500):]))
	}
	if out, err := exec.CommandContext(ctx, program, files...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := exec.CommandContext(ctx, program, broken).CombinedOutput(); err == nil {
		t.Errorf("a misspelt field was accepted: %s", out)
	}
}
