package publish_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"enrich/publish"
)

var finished = time.Date(2026, 5, 1, 12, 0, 0, 123456789, time.UTC)

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// place writes a list, results with some answered rows, and their summary.
func place(t *testing.T, dir, list string, answered int, results string) publish.Location {
	write(t, filepath.Join(dir, "l.csv"), list)
	write(t, filepath.Join(dir, "l.results.csv"), "old")
	write(t, filepath.Join(dir, "l.summary.json"), fmt.Sprintf(
		`{"rows": {"matched": %d, "no_match": 1}, "input": {"path": "l.csv", "sha256": %q, "bytes": %d}, "outputs": {"l.results.csv": ""}%s, "finished_at": %q}`,
		answered-1, hash(list), len(list), results, finished.Format(time.RFC3339Nano)))
	summary := filepath.Join(dir, "l.summary.json")
	return publish.Location{Summary: summary, Usual: summary, Results: filepath.Join(dir, "l.results.csv")}
}

func find(t *testing.T, l publish.Location) *publish.Previous {
	t.Helper()
	p, err := publish.Find(l)
	check(t, err)
	return p
}

// TestABadRunDoesNotReplaceGoodOutputs is the rule of DESIGN.md, "Publishing", case by case.
func TestABadRunDoesNotReplaceGoodOutputs(t *testing.T) {
	const list = "email\na@x.com\n"
	millisecond := finished.Truncate(time.Millisecond)
	for name, c := range map[string]struct {
		run     publish.Run
		missing bool // the results file
		keeps   bool
	}{
		"as many answers":                           {run: publish.Run{InputSHA256: hash(list), Answered: 10}},
		"more answers":                              {run: publish.Run{InputSHA256: hash(list), Answered: 11}},
		"fewer answers of the same bytes":           {run: publish.Run{InputSHA256: hash(list), Answered: 9}, keeps: true},
		"fewer answers of other bytes":              {run: publish.Run{InputSHA256: hash("other"), Answered: 9}},
		"fewer answers, cut":                        {run: publish.Run{InputSHA256: hash("beginning"), Cut: true, Answered: 9}, keeps: true},
		"as many answers, cut":                      {run: publish.Run{InputSHA256: hash("beginning"), Cut: true, Answered: 10}},
		"refused without an answer":                 {run: publish.Run{InputSHA256: hash("other"), Refused: true}, keeps: true},
		"refused with an answer, other bytes":       {run: publish.Run{InputSHA256: hash("other"), Refused: true, Answered: 1}},
		"no answer, not refused, other bytes":       {run: publish.Run{InputSHA256: hash("other")}},
		"the results file is gone":                  {run: publish.Run{InputSHA256: hash(list), Refused: true}, missing: true},
		"an erasure since":                          {run: publish.Run{InputSHA256: hash(list), LastErased: millisecond.Add(time.Millisecond)}},
		"an erasure in the same millisecond":        {run: publish.Run{InputSHA256: hash(list), LastErased: millisecond}},
		"an erasure before":                         {run: publish.Run{InputSHA256: hash(list), LastErased: millisecond.Add(-time.Millisecond)}, keeps: true},
		"an erasure since, refused without answers": {run: publish.Run{Refused: true, LastErased: finished.Add(time.Hour)}},
	} {
		l := place(t, t.TempDir(), list, 10, `, "files": {"results": "l.results.csv"}`)
		if c.missing {
			check(t, os.Remove(l.Results))
		}
		p := find(t, l)
		if p == nil || p.Answered != 10 || p.InputPath != "l.csv" || p.Summary != l.Summary {
			t.Fatalf("%s: found %+v", name, p)
		}
		c.run.Results = l.Results
		if got := p.Keeps(c.run); got != c.keeps {
			t.Errorf("%s: keeps %t", name, got)
		}
	}
}

func TestResultsWithoutASummary(t *testing.T) {
	results := filepath.Join(t.TempDir(), "r.csv")
	refused := publish.Run{Refused: true, Results: results}
	var none *publish.Previous
	if none.Keeps(refused) {
		t.Error("nothing is in place, and it is kept")
	}
	write(t, results, "")
	if none.Keeps(refused) {
		t.Error("an empty file is kept")
	}
	write(t, results, "text")
	if !none.Keeps(refused) {
		t.Error("results are replaced by those of a refused run")
	}
	for name, run := range map[string]publish.Run{
		"not refused": {Results: results}, "an answer": {Refused: true, Answered: 1, Results: results}, "standard output": {Refused: true, Results: "-"},
		"an erasure since": {Refused: true, Results: results, LastErased: time.Now().Add(time.Hour)},
	} {
		if none.Keeps(run) {
			t.Errorf("%s: keeps the results", name)
		}
	}
}

func TestFindReadsOnlySummaries(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "s.json")
	for _, text := range []string{"", "text", "[]", "{}", `{"rows": {}}`, `{"outputs": {}}`, `{"rows": {}, "outputs": []}`, `{"rows": {"matched": "1"}, "outputs": {}}`, strings.Repeat(" ", 1<<20) + `{"rows": {}, "outputs": {}}`} {
		write(t, path, text)
		if p := find(t, publish.Location{Summary: path, Usual: path}); p != nil {
			t.Errorf("%.40q is a summary", text)
		}
	}
	for _, other := range []string{"-", "/dev/stdout", dir, filepath.Join(dir, "missing")} {
		if p := find(t, publish.Location{Summary: other, Usual: other}); p != nil {
			t.Errorf("%s is a summary", other)
		}
	}
}

// TestFindLooksAtTheUsualPlace: with --summary elsewhere, the usual summary counts only if it describes the results file
// that this run would replace.
func TestFindLooksAtTheUsualPlace(t *testing.T) {
	for _, results := range []string{`, "files": {"results": "l.results.csv"}`, ""} { // as enrich writes it, and an older version
		dir := t.TempDir()
		l := place(t, dir, "list", 10, results)
		l.Summary = filepath.Join(dir, "other.json")
		if find(t, l) == nil {
			t.Error("the usual summary was not found")
		}
		l.Results = filepath.Join(dir, "other.csv")
		if find(t, l) != nil {
			t.Error("the summary of other results was found")
		}
	}
}

func TestIsOf(t *testing.T) {
	const list = "email\na@x.com\n"
	dir := t.TempDir()
	l := place(t, dir, list, 10, "")
	write(t, filepath.Join(dir, "copy.csv"), list)
	write(t, filepath.Join(dir, "other.csv"), strings.Repeat("x", len(list)))
	write(t, filepath.Join(dir, "longer.csv"), list+list)
	check(t, os.Symlink("l.csv", filepath.Join(dir, "link.csv")))
	p := find(t, l)
	for name, expected := range map[string]bool{"l.csv": true, "link.csv": true, "copy.csv": true, "other.csv": false, "longer.csv": false} {
		f, err := os.Open(filepath.Join(dir, name))
		check(t, err)
		info, err := f.Stat()
		check(t, err)
		same, err := p.IsOf(context.Background(), publish.Input{Path: name, Info: info, Content: f})
		if err != nil || same != expected {
			t.Errorf("%s: %t, %v", name, same, err)
		}
		check(t, f.Close())
	}
	if same, err := p.IsOf(context.Background(), publish.Input{Path: "-"}); err != nil || !same {
		t.Errorf("a stream: %t, %v", same, err)
	}
	info, err := os.Stat(filepath.Join(dir, "copy.csv"))
	check(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := p.IsOf(ctx, publish.Input{Path: "copy.csv", Info: info, Content: strings.NewReader(list)}); !errors.Is(err, context.Canceled) {
		t.Errorf("after the context is done: %v", err)
	}
}

// TestNamesThatAreNotText: a summary cannot have every name that a file can have.
func TestNamesThatAreNotText(t *testing.T) {
	dir := t.TempDir()
	list, results := filepath.Join(dir, "l\xff.csv"), filepath.Join(dir, "l\xff.results.csv")
	if err := os.WriteFile(list, []byte("email\nnew@x.example\n"), 0o600); err != nil {
		t.Skip(err) // not on every system
	}
	write(t, results, "old")
	summary := filepath.Join(dir, "s.json")
	text, err := json.Marshal(map[string]any{
		"rows": map[string]int{"matched": 10}, "input": map[string]any{"path": filepath.Base(list), "bytes": 5}, "outputs": map[string]string{},
		"files": map[string]string{"results": filepath.Base(results)},
	})
	check(t, err)
	write(t, summary, string(text))
	p := find(t, publish.Location{Summary: filepath.Join(dir, "other.json"), Usual: summary, Results: results})
	if p == nil {
		t.Fatal("the usual summary was not found")
	}
	info, err := os.Stat(list)
	check(t, err)
	if same, err := p.IsOf(context.Background(), publish.Input{Path: filepath.Base(list), Info: info, Content: strings.NewReader("")}); err != nil || !same {
		t.Errorf("a new export under the same name is another input: %v", err)
	}
	if !p.Keeps(publish.Run{Refused: true, Results: results}) {
		t.Error("results are replaced by those of a refused run")
	}
	check(t, os.Remove(results))
	if p.Keeps(publish.Run{Refused: true, Results: results}) {
		t.Error("results are kept that are gone")
	}
}
