package publish

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// maxSummary is how many bytes of a summary are read. enrich writes a few kilobytes.
const maxSummary = 1 << 20

// A Previous is the outputs of an earlier run that are in place, as their summary describes them.
type Previous struct {
	Summary   string // the path of the summary
	InputPath string // of the earlier run: relative to the summary's directory; "" from an older version; "-" for a stream
	Answered  int64  // rows matched or no match

	dir        string // of the summary: absolute, links followed
	sha256     string // of the input
	bytes      int64  // of the input
	results    string // "" from an older version
	outputs    []string
	finishedAt time.Time
}

// A Location says where a run would put its outputs.
type Location struct {
	Summary string // the path of its summary
	Usual   string // the path that its summary has if no flag names another
	Results string // the path of its results
}

// Find returns the outputs that a run would replace: those of the summary at its place; else, if a flag names another
// place for the summary, those of the summary at the usual place, if it names the results file that the run would
// replace. It returns nil if there are none.
func Find(l Location) (*Previous, error) {
	p, err := readPrevious(l.Summary)
	if p != nil || err != nil || l.Usual == l.Summary {
		return p, err
	}
	if p, err = readPrevious(l.Usual); err != nil || p == nil || !p.hasResultsAt(l.Results) {
		return nil, nil // the run does not replace that summary
	}
	return p, nil
}

// readPrevious reads the summary at a path. It returns nil if nothing is there, or something that is not a summary: that is
// replaced as any other output. It opens only regular files, because a pipe could block.
func readPrevious(path string) (*Previous, error) {
	place := Canonical(path)
	if place == "-" {
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
	var s struct {
		Rows *struct {
			Matched int64 `json:"matched"`
			NoMatch int64 `json:"no_match"`
		} `json:"rows"`
		Input struct {
			Path   string `json:"path"`
			SHA256 string `json:"sha256"`
			Bytes  int64  `json:"bytes"`
		} `json:"input"`
		Outputs    map[string]string `json:"outputs"`
		Files      map[string]string `json:"files"`
		FinishedAt time.Time         `json:"finished_at"`
	}
	if json.Unmarshal(text, &s) != nil || s.Rows == nil || s.Outputs == nil {
		return nil, nil
	}
	p := &Previous{
		Summary: path, dir: filepath.Dir(place), InputPath: s.Input.Path, sha256: s.Input.SHA256, bytes: s.Input.Bytes,
		Answered: s.Rows.Matched + s.Rows.NoMatch, results: s.Files["results"], finishedAt: s.FinishedAt,
	}
	for name := range s.Outputs {
		p.outputs = append(p.outputs, name)
	}
	return p, nil
}

// inDir returns a path that the summary gives relative to its directory.
func (p *Previous) inDir(path string) string {
	path = filepath.FromSlash(path)
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(p.dir, path)
}

// resultsPaths returns where the results file may be. A summary of an older version has its outputs under the names that
// were typed and does not say which is which; if none has the usual name, each may be the results.
func (p *Previous) resultsPaths() []string {
	switch p.results {
	case "":
	case "-":
		return nil
	default:
		return []string{p.inDir(p.results)}
	}
	var usual, all []string
	for _, name := range p.outputs {
		paths := []string{name, p.inDir(filepath.Base(name))}
		all = append(all, paths...)
		if strings.Contains(filepath.Base(name), ".results.") {
			usual = append(usual, paths...)
		}
	}
	if len(usual) > 0 {
		return usual
	}
	return all
}

// hasResults reports whether the results file is still there: what went to standard output, a pipe or a device is not. next is where
// the run's results go, mostly the same file.
func (p *Previous) hasResults(next string) bool {
	paths := p.resultsPaths()
	if p.hasResultsAt(next) {
		paths = append(paths, next) // its name may have bytes that a summary cannot have
	}
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return true
		}
	}
	return false
}

// hasResultsAt reports whether path is the results file.
func (p *Previous) hasResultsAt(path string) bool {
	for _, results := range p.resultsPaths() {
		if inJSON(Canonical(results)) == inJSON(Canonical(path)) {
			return true
		}
	}
	return false
}

// inJSON returns a path as a summary has it: each byte that is not UTF-8 is U+FFFD.
func inJSON(path string) string { return string([]rune(path)) }

// An Input is the input of a run, to be compared with that of earlier outputs.
type Input struct {
	Path    string      // relative to the directory of the run's summary, with slashes (see [Relative]); "-" for a stream
	Info    fs.FileInfo // nil for a stream
	Content io.Reader   // read only if nothing else tells; nil for a stream
}

// IsOf reports whether the outputs are those of an input. They are another input's only if path, file and
// content all differ. A stream is always taken for the same input, because its bytes are not known before the first call.
func (p *Previous) IsOf(ctx context.Context, in Input) (bool, error) {
	if p.InputPath == "" || p.InputPath == "-" || in.Path == "-" || in.Info == nil || p.InputPath == inJSON(in.Path) {
		return true, nil
	}
	if info, err := os.Stat(p.inDir(p.InputPath)); err == nil && os.SameFile(info, in.Info) {
		return true, nil
	}
	if in.Info.Size() != p.bytes {
		return false, nil
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, contextReader{ctx, in.Content}); err != nil {
		return false, err
	}
	return hex.EncodeToString(sum.Sum(nil)) == p.sha256, nil
}

// A contextReader fails with the context's error once that is done.
type contextReader struct {
	ctx context.Context
	io.Reader
}

func (r contextReader) Read(b []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(b)
}

// A Run is what decides whether the outputs of a new run replace those in place.
type Run struct {
	InputSHA256 string // in hex
	Cut         bool   // the input was not read to its end, so its bytes are not known: they count as the same
	Answered    int64  // rows matched or no match
	Refused     bool   // the API refused the key or the account, or kept failing
	Results     string // the path of the results
	// LastErased is when the ledger last erased or pruned something; zero: never. Outputs from before are not kept.
	LastErased time.Time
}

// Keeps reports whether the outputs in place are kept instead of the run's, because the run is a bad one: it was refused
// without an answered row, or it has fewer answered rows of the same bytes. A nil p stands for outputs without a summary.
func (p *Previous) Keeps(r Run) bool {
	refused := r.Refused && r.Answered == 0
	if p == nil {
		return refused && resultsWithoutSummary(r.Results, r.LastErased)
	}
	if !p.hasResults(r.Results) || p.finishedBefore(r.LastErased) {
		return false
	}
	return refused || (r.Cut || p.sha256 == r.InputSHA256) && p.Answered > r.Answered
}

// finishedBefore reports whether the outputs are from before an erasure, or may be: summaries have more digits than the
// ledger's milliseconds.
func (p *Previous) finishedBefore(erased time.Time) bool {
	return !erased.IsZero() && !p.finishedAt.Truncate(time.Millisecond).After(erased)
}

// resultsWithoutSummary reports whether a results file is in place that no summary describes, as with --summary -. An empty
// file does not count: it may have been made to reserve the name.
func resultsWithoutSummary(path string, erased time.Time) bool {
	if Canonical(path) == "-" {
		return false
	}
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Size() > 0 && info.ModTime().After(erased)
}
