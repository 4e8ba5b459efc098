package publish_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"enrich/publish"
)

// add creates one output of a set and writes it.
func add(s *publish.Set, path, text string) error {
	w, err := s.Create(context.Background(), path, nil)
	if err != nil {
		return err
	}
	_, err = w.Write([]byte(text))
	return err
}

func TestNoFileHasItsNameBeforePublish(t *testing.T) {
	dir := t.TempDir()
	s, err := newSet(dir, "new")
	check(t, err)
	for _, name := range strings.Fields(files(t, dir)) {
		if !strings.HasPrefix(name, ".") || !strings.HasSuffix(name, ".enrich-tmp") {
			t.Errorf("%s exists before the set is published", name)
		}
	}
	check(t, s.Publish(context.Background()))
	if got := files(t, dir); got != "failures results summary" {
		t.Errorf("files: %s", got)
	}
	for _, name := range outputs {
		if got := read(t, filepath.Join(dir, name)); got != name+" new" {
			t.Errorf("%s contains %q", name, got)
		}
	}
}

func TestDiscardAndKeepLeaveTheOldFiles(t *testing.T) {
	for name, end := range map[string]func(*publish.Set) error{"discard": (*publish.Set).Discard, "keep": (*publish.Set).Keep} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "results"), "old")
		s, err := newSet(dir, "new")
		check(t, errors.Join(err, end(s)))
		if got := files(t, dir) + ": " + read(t, filepath.Join(dir, "results")); got != "results: old" {
			t.Errorf("after %s: %s", name, got)
		}
	}
}

func TestASetEndsOnce(t *testing.T) {
	s, err := newSet(t.TempDir(), "new")
	check(t, errors.Join(err, s.Publish(context.Background()), s.Discard()))
	if s.Publish(context.Background()) == nil || s.Keep() == nil {
		t.Error("a set was published or kept twice")
	}
}

func TestPublishDoesNothingOnceTheContextIsDone(t *testing.T) {
	dir := t.TempDir()
	s, err := newSet(dir, "new")
	check(t, err)
	cause := errors.New("the grace is over")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(cause)
	if err := s.Publish(ctx); !errors.Is(err, cause) || files(t, dir) != "" {
		t.Errorf("got %v, files: %s", err, files(t, dir))
	}
}

func TestModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no modes")
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "results"), "old")
	check(t, os.Chmod(filepath.Join(dir, "results"), 0o644))
	s, err := newSet(dir, "new")
	check(t, errors.Join(err, s.Publish(context.Background())))
	for name, expected := range map[string]os.FileMode{"results": 0o644, "failures": 0o600} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode() != expected {
			t.Errorf("%s: mode %v, expected %v: %v", name, info.Mode(), expected, err)
		}
	}
}

// TestLinksAreFollowed: the link stays, and the file that it leads to is replaced, also if it does not exist yet.
func TestLinksAreFollowed(t *testing.T) {
	dir := t.TempDir()
	check(t, os.MkdirAll(filepath.Join(dir, "store", "deep"), 0o700))
	write(t, filepath.Join(dir, "store", "a"), "old")
	for link, to := range map[string]string{"a": "store/a", "b": "store/new", "c": "d", "d": "linked/../c", "linked": "store/deep"} {
		check(t, os.Symlink(filepath.FromSlash(to), filepath.Join(dir, link)))
	}
	s := publish.NewSet()
	for _, name := range []string{"a", "b", "c"} {
		check(t, publish.CheckTarget(filepath.Join(dir, name)))
		check(t, add(s, filepath.Join(dir, name), name))
	}
	check(t, s.Publish(context.Background()))
	for link, file := range map[string]string{"a": "store/a", "b": "store/new", "c": "store/c"} {
		info, err := os.Lstat(filepath.Join(dir, link))
		if err != nil || info.Mode()&os.ModeSymlink == 0 {
			t.Errorf("the link %s was replaced: %v", link, err)
		}
		if got := read(t, filepath.Join(dir, file)); got != link {
			t.Errorf("%s contains %q", file, got)
		}
	}
	if got := files(t, filepath.Join(dir, "store")); got != "a c deep new" {
		t.Errorf("files behind the links: %s", got)
	}
}

func TestAFileIsInASetOnce(t *testing.T) {
	dir := t.TempDir()
	check(t, os.Symlink("a", filepath.Join(dir, "b")))
	s := publish.NewSet()
	check(t, add(s, filepath.Join(dir, "a"), "one"))
	if err := add(s, filepath.Join(dir, "b"), "two"); err == nil {
		t.Error("two outputs are one file")
	}
	check(t, s.Discard())
}

func TestStandardOutputIsWrittenDirectly(t *testing.T) {
	for _, path := range []string{"-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"} {
		s := publish.NewSet()
		var stdout bytes.Buffer
		w, err := s.Create(context.Background(), path, &stdout)
		check(t, err)
		_, err = w.Write([]byte("text"))
		sum := sha256.Sum256([]byte("text"))
		check(t, errors.Join(err, publish.CheckTarget(path), s.Keep()))
		if stdout.String() != "text" || s.DirectSums()[path] != hex.EncodeToString(sum[:]) {
			t.Errorf("%s: %q, %v", path, stdout.String(), s.DirectSums())
		}
	}
}

func TestSumsAreThoseOfTheFiles(t *testing.T) {
	dir := t.TempDir()
	s, err := newSet(dir, "new")
	check(t, err)
	sums := s.Sums()
	if len(s.DirectSums()) != 0 {
		t.Errorf("files are not written directly: %v", s.DirectSums())
	}
	check(t, s.Publish(context.Background()))
	for _, name := range outputs {
		path := filepath.Join(dir, name)
		sum := sha256.Sum256([]byte(read(t, path)))
		if sums[path] != hex.EncodeToString(sum[:]) {
			t.Errorf("%s: %s", path, sums[path])
		}
	}
}

func TestCheckTarget(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "file"), "old")
	check(t, os.Mkdir(filepath.Join(dir, "d"), 0o700))
	for link, to := range map[string]string{"toDirectory": "d", "loop": "loop", "dangling": "d/new", "lost": "missing/new"} {
		check(t, os.Symlink(filepath.FromSlash(to), filepath.Join(dir, link)))
	}
	for path, message := range map[string]string{
		"file": "", "new": "", "dangling": "", "d/new": "",
		"d": "is a directory", "d/": "is a directory", "d/..": "is a directory", "toDirectory": "is a directory",
		"missing/new": "does not exist: create it first", "lost": "does not exist: create it first", "loop": "too many links",
		"file/new": "not a directory",
	} {
		err := publish.CheckTarget(dir + "/" + path)
		if (err == nil) != (message == "") || err != nil && !strings.Contains(err.Error(), message) && runtime.GOOS != "windows" {
			t.Errorf("%s: %v, expected %q", path, err, message)
		}
	}
	if publish.CheckTarget("") == nil {
		t.Error("an empty path is accepted")
	}
	if got := files(t, dir) + files(t, filepath.Join(dir, "d")); got != "d dangling file loop lost toDirectory" {
		t.Errorf("files afterwards: %s", got)
	}
}

// TestATargetThatChangedIsNotReplaced: the rename would fail, or publish something else; no other file is renamed either.
func TestATargetThatChangedIsNotReplaced(t *testing.T) {
	for name, change := range map[string]func(dir string) error{
		"a directory took its place": func(dir string) error { return os.Mkdir(filepath.Join(dir, "summary"), 0o700) },
		"a link took its place":      func(dir string) error { return os.Symlink("elsewhere", filepath.Join(dir, "summary")) },
		"the temporary file is gone": func(dir string) error { return removeTemp(dir, ".summary.") },
	} {
		dir := t.TempDir()
		s, err := newSet(dir, "new")
		check(t, errors.Join(err, change(dir)))
		if err := s.Publish(context.Background()); err == nil {
			t.Errorf("%s: published", name)
		}
		if _, err := os.Stat(filepath.Join(dir, "results")); err == nil {
			t.Errorf("%s: the results were published", name)
		}
	}
}

func removeTemp(dir, prefix string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), prefix) {
			err = errors.Join(err, os.Remove(filepath.Join(dir, e.Name())))
		}
	}
	return err
}

func TestStaleTemporaryFilesAreRemovedAndOthersStay(t *testing.T) {
	dir := t.TempDir()
	alive, err := newSet(dir, "alive")
	check(t, err)
	before := len(strings.Fields(files(t, dir)))
	const stale = ".results.0123456789abcdef.enrich-tmp"
	others := []string{".results.0123456789abcde.enrich-tmp", ".results.0123456789abcdeg.enrich-tmp", ".result.0123456789abcdef.enrich-tmp", "results.0123456789abcdef.enrich-tmp"}
	for _, name := range append(others, stale) {
		write(t, filepath.Join(dir, name), "")
	}
	s, err := newSet(dir, "new")
	check(t, errors.Join(err, s.Publish(context.Background())))
	got := files(t, dir)
	if strings.Contains(" "+got, " "+stale) || len(strings.Fields(got)) != before+len(others)+len(outputs) {
		t.Errorf("files: %s", got)
	}
	check(t, alive.Publish(context.Background())) // its temporary files are all there
	if got := read(t, filepath.Join(dir, "summary")); got != "summary alive" {
		t.Errorf("the summary contains %q", got)
	}
}

func TestLongNames(t *testing.T) {
	dir := t.TempDir()
	s := publish.NewSet()
	for _, end := range []string{"a", "b"} { // they differ only after the bytes that a temporary name takes
		check(t, add(s, filepath.Join(dir, strings.Repeat("x", 250)+end), end))
	}
	check(t, s.Publish(context.Background()))
	for _, end := range []string{"a", "b"} {
		if got := read(t, filepath.Join(dir, strings.Repeat("x", 250)+end)); got != end {
			t.Errorf("%s contains %q", end, got)
		}
	}
}
