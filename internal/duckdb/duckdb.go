// Package duckdb runs SQL with DuckDB for tests: a second reader and writer of Parquet, which shares no code with enrich.
//
// The program is in .ci/duckdb, a Go module of its own. It is built once, which downloads DuckDB (about 100 MB for one system)
// and needs cgo and a C++ compiler; after that it is in the user's cache. If that is not possible, the test is skipped or fails
// as package debian says. Only tests import this package.
package duckdb

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"enrich/internal/debian"
)

// A Result is what a statement returned: rows of texts and nulls, or an error.
type Result struct {
	Rows [][]*string
	Err  error
}

// Run runs statements one after another in a new database whose time zone is UTC.
func Run(t testing.TB, statements ...string) []Result {
	t.Helper()
	return RunIn(t, "", statements...)
}

// RunIn is Run in a directory, which relative names of files refer to.
func RunIn(t testing.TB, dir string, statements ...string) []Result {
	t.Helper()
	debian.SkipIfShort(t)
	program := build(t)
	ctx, cancel := debian.UntilDeadline(t)
	defer cancel()
	cmd := exec.CommandContext(ctx, program)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "TZ=UTC")
	var in strings.Builder
	for _, s := range append([]string{"SET TimeZone='UTC'"}, statements...) {
		in.WriteString(strings.ReplaceAll(s, "\n", " ") + "\n")
	}
	var out, messages bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(in.String()), &out, &messages
	if err := cmd.Run(); err != nil {
		t.Fatalf("DuckDB: %v: %s", err, messages.Bytes())
	}
	results := parse(t, out.Bytes())
	if len(results) != len(statements)+1 {
		t.Fatalf("DuckDB returned %d results of %d statements", len(results)-1, len(statements))
	}
	return results[1:]
}

// parse parses what the program printed: a JSON array for each row, or a string for an error, and an empty line after each
// statement.
func parse(t testing.TB, out []byte) (results []Result) {
	t.Helper()
	var r Result
	for line := range bytes.Lines(out) {
		line = bytes.TrimSuffix(line, []byte("\n"))
		switch {
		case len(line) == 0:
			results, r = append(results, r), Result{}
			continue
		case line[0] == '"':
			var message string
			if err := json.Unmarshal(line, &message); err != nil {
				t.Fatal(err)
			}
			r.Err = errors.New(message)
			continue
		}
		var row []*string
		if err := json.Unmarshal(line, &row); err != nil {
			t.Fatal(err)
		}
		r.Rows = append(r.Rows, row)
	}
	return results
}

// Query runs a statement that must succeed, after others that must too, and returns its rows. A null is "NULL".
func Query(t testing.TB, statements ...string) (rows [][]string) {
	t.Helper()
	results := Run(t, statements...)
	for i, r := range results {
		if r.Err != nil {
			t.Fatalf("%s: %v", statements[i], r.Err)
		}
	}
	for _, row := range results[len(results)-1].Rows {
		texts := make([]string, len(row))
		for i, text := range row {
			if texts[i] = "NULL"; text != nil {
				texts[i] = *text
			}
		}
		rows = append(rows, texts)
	}
	return rows
}

// build returns the path of the program. The tests of other packages may be building it: one waits for the other.
func build(t testing.TB) string {
	t.Helper()
	source := filepath.Join(root(t), ".ci", "duckdb")
	sum := sha256.New()
	for _, name := range []string{"main.go", "go.mod", "go.sum"} {
		b, err := os.ReadFile(filepath.Join(source, name))
		if err != nil {
			t.Fatal(err)
		}
		sum.Write(b)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	dir := filepath.Join(cache, "enrich-test")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "duckdb-"+hex.EncodeToString(sum.Sum(nil)[:8]))
	if _, err := os.Stat(program); err == nil {
		return program
	}
	debian.Program(t, "g++", "g++")
	ctx, cancel := debian.UntilDeadline(t)
	defer cancel()
	lock := flock.New(filepath.Join(dir, "duckdb.lock"))
	if _, err := lock.TryLockContext(ctx, time.Second); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lock.Close() }() // the end of the process unlocks it, too
	if _, err := os.Stat(program); err == nil {
		return program
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", program+".new", ".")
	cmd.Dir, cmd.Env = source, append(os.Environ(), "CGO_ENABLED=1", "GOFLAGS=", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		debian.Unavailable(t, "DuckDB cannot be built: "+err.Error()+": "+string(out[max(0, len(out)-500):]))
	}
	if err := os.Rename(program+".new", program); err != nil {
		t.Fatal(err)
	}
	return program
}

// root returns the directory of enrich's module.
func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("the module's directory was not found")
		}
	}
}
