package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"enrich/pipeline"
)

// maxSummary bounds what is read of a summary in place. Ours have a few kilobytes.
const maxSummary = 1 << 20

// A publishedSet is the outputs of an earlier run, as their summary describes them.
type publishedSet struct {
	path     string // of the summary
	dir      string // of the summary: absolute, links followed
	summary  pipeline.Summary
	answered int64 // rows
}

// readPublished reads the summary at a path. It returns nil if nothing is there, or something that is not a summary: a file
// like that is replaced as any other output. Only regular files are opened, because a pipe could block.
func readPublished(path string) (*publishedSet, error) {
	if placeOf(path) == "-" {
		return nil, nil
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && (!info.Mode().IsRegular() || info.Size() > maxSummary):
		return nil, nil
	case err != nil:
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, maxSummary))
	_ = f.Close() // it was only read
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	var members map[string]json.RawMessage
	p := publishedSet{path: path, dir: filepath.Dir(placeOf(path))}
	if json.Unmarshal(text, &members) != nil || members["rows"] == nil || members["outputs"] == nil || json.Unmarshal(text, &p.summary) != nil {
		return nil, nil
	}
	p.answered = p.summary.Rows.Matched + p.summary.Rows.NoMatch
	return &p, nil
}

// inFolder is a path that the summary gives relative to its folder.
func (p *publishedSet) inFolder(path string) string {
	path = filepath.FromSlash(path)
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(p.dir, path)
}

// results returns the paths where the results file may be. A summary of an older version names its outputs as they were
// typed, and does not say which is which; then nothing is known if it has no name like ours.
func (p *publishedSet) results() []string {
	switch name := p.summary.Files["results"]; name {
	case "":
	case "-":
		return nil
	default:
		return []string{p.inFolder(name)}
	}
	var paths []string
	for name := range p.summary.Outputs {
		if strings.Contains(filepath.Base(name), ".results.") {
			paths = append(paths, name, p.inFolder(filepath.Base(name)))
		}
	}
	if len(paths) > 0 {
		return paths
	}
	for name := range p.summary.Outputs {
		paths = append(paths, name, p.inFolder(filepath.Base(name)))
	}
	return paths
}

// hasResults reports whether the results file that the summary names is still there. What went to standard output, a pipe
// or a device is not.
func (p *publishedSet) hasResults() bool {
	for _, path := range p.results() {
		if isRegular(path) {
			return true
		}
	}
	return false
}

// names reports whether path is the results file that the summary names.
func (p *publishedSet) names(path string) bool {
	for _, results := range p.results() {
		if placeOf(results) == placeOf(path) {
			return true
		}
	}
	return false
}

func isRegular(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// relativeTo is a file's path relative to a directory, with slashes; absolute if there is no such path. The directory of
// the file has its links followed, but not the file itself: a link that leads to another export each day is one input.
func relativeTo(dir, path string) string {
	parent, base := filepath.Split(path)
	path = filepath.Join(realDir(parent), base)
	if rel, err := filepath.Rel(realDir(dir), path); err == nil {
		path = rel
	}
	return filepath.ToSlash(path)
}

// realDir is a directory, absolute and with links followed as far as possible. "" is the working directory.
func realDir(dir string) string {
	if dir == "" {
		dir = "."
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	if absolute, err := filepath.Abs(dir); err == nil {
		dir = absolute
	}
	return dir
}

// publishedBefore reports whether the set was published before a moment. Summaries keep more than the milliseconds of the
// ledger; in doubt it was.
func (p *publishedSet) publishedBefore(t time.Time) bool {
	return !t.IsZero() && !p.summary.FinishedAt.Truncate(time.Millisecond).After(t)
}
