package durable_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"enrich/internal/durable"
)

// check stops a test at an unexpected error.
func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// names lists a directory.
func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	check(t, err)
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return strings.Join(list, " ")
}

func TestWriteFileReplacesTheContentAndSetsTheMode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.prom")
	check(t, os.WriteFile(path, []byte("a long old content"), 0o600))
	check(t, durable.WriteFile(path, []byte("new"), 0o644))
	text, err := os.ReadFile(path)
	check(t, err)
	info, err := os.Stat(path)
	check(t, err)
	if string(text) != "new" || info.Mode().Perm() != 0o644 || names(t, filepath.Dir(path)) != "a.prom" {
		t.Errorf("got %q, mode %v, files %s", text, info.Mode(), names(t, filepath.Dir(path)))
	}
}

func TestWriteFileNeedsNotReadTheDirectory(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may read everything")
	}
	dir := t.TempDir()
	check(t, os.Chmod(dir, 0o300))
	check(t, errors.Join(durable.WriteFile(filepath.Join(dir, "a.prom"), nil, 0o644), os.Chmod(dir, 0o700)))
	if got := names(t, dir); got != "a.prom" {
		t.Errorf("files: %s", got)
	}
}

func TestWriteFileTakesTheLongestNames(t *testing.T) {
	path := filepath.Join(t.TempDir(), strings.Repeat("n", 250)+".prom")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Skip(err) // not on every file system
	}
	check(t, durable.WriteFile(path, []byte("new"), 0o644))
	if got := names(t, filepath.Dir(path)); got != filepath.Base(path) {
		t.Errorf("files: %s", got)
	}
}

func TestWriteFileLeavesNothingBehindIfItFails(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "directory")
	check(t, os.Mkdir(path, 0o700))
	if err := durable.WriteFile(path, []byte("new"), 0o644); err == nil {
		t.Error("a directory was replaced")
	}
	if got := names(t, dir); got != "directory" {
		t.Errorf("files after the error: %s", got)
	}
	if err := durable.WriteFile(filepath.Join(dir, "missing", "file"), nil, 0o644); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in a missing directory: %v", err)
	}
}

func TestMkdirAllCreatesMissingParents(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b", "c")
	for range 2 {
		check(t, durable.MkdirAll(dir, 0o700))
	}
	for d := dir; filepath.Base(d) != "a"; d = filepath.Dir(d) {
		if info, err := os.Stat(d); err != nil || info.Mode().Perm() != 0o700 && info.Mode().Perm() != 0o777 { // Windows has only 0777
			t.Errorf("%s: %v, %v", d, info, err)
		}
	}
	file := filepath.Join(dir, "file")
	check(t, os.WriteFile(file, nil, 0o600))
	if err := durable.MkdirAll(filepath.Join(file, "d"), 0o700); err == nil {
		t.Error("a directory was created below a file")
	}
}

func TestCreateKeepsAnExistingFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	for _, expected := range []string{"", "kept"} {
		f, err := durable.Create(path, 0o600)
		check(t, err)
		text := make([]byte, 10)
		n, _ := f.Read(text)
		if string(text[:n]) != expected {
			t.Errorf("got %q, expected %q", text[:n], expected)
		}
		_, err = f.WriteAt([]byte("kept"), 0)
		check(t, errors.Join(err, f.Close()))
	}
	if _, err := durable.Create(filepath.Join(path, "file"), 0o600); err == nil {
		t.Error("a file was created below a file")
	}
}

func TestSyncDirReportsAMissingDirectory(t *testing.T) {
	dir := t.TempDir()
	check(t, durable.SyncDir(dir))
	if err := durable.SyncDir(filepath.Join(dir, "missing")); err == nil && filepath.Separator == '/' {
		t.Error("a missing directory was synced")
	}
}

// tree makes files, directories and links in a new directory and returns it.
func tree(t *testing.T) string {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	check(t, err)
	check(t, os.MkdirAll(filepath.Join(dir, "a", "deep"), 0o700))
	check(t, os.MkdirAll(filepath.Join(dir, "b"), 0o700))
	for _, f := range []string{"f", "a/f", "a/deep/f", "b/f"} {
		check(t, os.WriteFile(filepath.Join(dir, f), []byte(f), 0o600))
	}
	for link, to := range map[string]string{
		"toDeep": "a/deep", "b/toDeep": "../a/deep", "b/up": "..", "a/deep/toF": "../f", "toF": "toDeep/../f", "absolute": filepath.Join(dir, "b", "toDeep"),
		"dangling": "b/missing", "toDangling": "b/up/dangling", "loop": "loop2", "loop2": "loop", "b/nowhere": "missing/file",
	} {
		check(t, os.Symlink(filepath.FromSlash(to), filepath.Join(dir, filepath.FromSlash(link))))
	}
	return dir
}

// TestLinksAreFollowedAsTheSystemFollowsThem compares random paths with what the system opens by them.
func TestLinksAreFollowedAsTheSystemFollowsThem(t *testing.T) {
	dir := tree(t)
	element := rapid.SampledFrom([]string{"a", "b", "deep", "f", "toDeep", "up", "toF", "absolute", "dangling", "toDangling", "loop", "nowhere", "..", ".", "missing"})
	rapid.Check(t, func(t *rapid.T) {
		elements := rapid.SliceOfN(element, 1, 5).Draw(t, "path")
		path := dir + "/" + strings.Join(elements, "/") // not Join, which cleans it
		if last := elements[len(elements)-1]; last == ".." || last == "." {
			path += "/f"
		}
		opened, statErr := os.Stat(path)
		followed, err := durable.FollowLinks(path, nil)
		canonical, cerr := durable.Canonical(path)
		switch {
		case statErr == nil:
			for _, p := range []string{followed, canonical} {
				info, lerr := os.Lstat(p)
				if err != nil || cerr != nil || lerr != nil || !os.SameFile(info, opened) {
					t.Fatalf("%s became %s: %v, %v, %v", path, p, err, cerr, lerr)
				}
			}
			if real, err := filepath.EvalSymlinks(path); err != nil || real != canonical {
				t.Fatalf("%s became %s, not %s: %v", path, canonical, real, err)
			}
		case errors.Is(statErr, fs.ErrNotExist) && (err != nil || exists(followed)):
			t.Fatalf("%s does not exist, but became %s, %v", path, followed, err)
		case !errors.Is(statErr, fs.ErrNotExist) && err == nil:
			t.Fatalf("%s became %s, but: %v", path, followed, statErr)
		}
	})
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func TestFollowLinks(t *testing.T) {
	dir := tree(t)
	t.Chdir(dir)
	if got, err := durable.FollowLinks("toDangling", nil); err != nil || got != "b/up/b/missing" {
		t.Errorf("a dangling link: %s, %v", got, err)
	}
	if got, err := durable.FollowLinks("toDangling", func(p string) bool { return strings.HasSuffix(p, "dangling") }); err != nil || got != "b/up/dangling" {
		t.Errorf("a stop: %s, %v", got, err)
	}
	if _, err := durable.FollowLinks("loop", nil); !errors.Is(err, durable.ErrTooManyLinks) {
		t.Errorf("a loop: %v", err)
	}
}

func TestCanonical(t *testing.T) {
	dir := tree(t)
	t.Chdir(filepath.Join(dir, "b", "up", "b")) // the shell's name of it has a link
	for path, expected := range map[string]string{
		"f": "b/f", "./new": "b/new", "up/toF": "a/f", "toDeep/../f": "a/f", "up/toDangling": "b/missing", filepath.Join(dir, "toDeep", "toF"): "a/f",
	} {
		if got, err := durable.Canonical(path); err != nil || got != filepath.Join(dir, filepath.FromSlash(expected)) {
			t.Errorf("%s: %s, %v", path, got, err)
		}
	}
	if _, err := durable.Canonical("missing/file"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in a missing directory: %v", err)
	}
	if got, err := durable.CanonicalDir(""); err != nil || got != filepath.Join(dir, "b") {
		t.Errorf("the working directory: %s, %v", got, err)
	}
}
