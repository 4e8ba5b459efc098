package publish_test

import (
	"os"
	"path/filepath"
	"testing"

	"enrich/publish"
)

func TestCanonical(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	check(t, err)
	t.Chdir(dir)
	check(t, os.MkdirAll(filepath.Join("a", "deep"), 0o700))
	check(t, os.Symlink(filepath.Join("a", "deep"), "linked"))
	check(t, os.Symlink("new", filepath.Join("a", "link")))
	check(t, os.Symlink("/dev/stdout", "out"))
	check(t, os.Symlink("loop", "loop"))
	for path, expected := range map[string]string{
		"f": "f", "./a/../f": "f", "a/link": "a/new", "linked/../f": "a/f", "missing/d/f": "missing/d/f", dir + "/f": "f", "loop": "loop",
	} {
		if got := publish.Canonical(filepath.FromSlash(path)); got != filepath.Join(dir, filepath.FromSlash(expected)) {
			t.Errorf("%s: %s", path, got)
		}
	}
	for _, path := range []string{"-", "/dev/stdout", "/dev/fd/1", "out"} {
		if got := publish.Canonical(path); got != "-" {
			t.Errorf("%s: %s", path, got)
		}
	}
}

func TestRelative(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	check(t, os.MkdirAll(filepath.Join("lists", "may"), 0o700))
	check(t, os.Mkdir("out", 0o700))
	check(t, os.Symlink(filepath.Join("lists", "may"), "current"))
	check(t, os.Symlink(filepath.Join("lists", "may", "1.csv"), "today.csv"))
	for _, c := range []struct{ dir, path, expected string }{
		{"", "l.csv", "l.csv"},
		{"out", "l.csv", "../l.csv"},
		{"out", filepath.Join(dir, "l.csv"), "../l.csv"},
		{"out", "current/1.csv", "../lists/may/1.csv"},
		{"current", "l.csv", "../../l.csv"},
		{"", "today.csv", "today.csv"}, // the link is the input, whatever it leads to
	} {
		if got := publish.Relative(c.dir, filepath.FromSlash(c.path)); got != c.expected {
			t.Errorf("%s from %s: %s, expected %s", c.path, c.dir, got, c.expected)
		}
	}
}

func TestDirOfTheSummary(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	check(t, err)
	check(t, os.Symlink(filepath.Join(dir, "missing.json"), filepath.Join(t.TempDir(), "s.json")))
	if got := publish.Dir(filepath.Join(dir, "s.json")); got != dir {
		t.Errorf("got %s, expected %s", got, dir)
	}
	for _, path := range []string{"-", "/dev/stdout", os.DevNull} {
		if got := publish.Dir(path); got != "." {
			t.Errorf("%s: %s", path, got)
		}
	}
}

func TestProtectedFiles(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	write(t, "ledger.db", "")
	check(t, os.Symlink("ledger.db", "link"))
	check(t, os.Symlink("new.db", "dangling"))
	check(t, os.Link("ledger.db", "hard"))
	for _, c := range []struct {
		protected, path string
		expected        bool
	}{
		{"ledger.db", "ledger.db", true},
		{"ledger.db", filepath.Join(dir, "ledger.db"), true},
		{"ledger.db", "link", true},
		{"link", "ledger.db", true},
		{"ledger.db", "hard", true},
		{"ledger.db", "other.db", false},
		{"new.db", "dangling", true}, // it does not exist yet
		{"dangling", "new.db", true},
		{"new.db", "ledger.db", false},
		{os.DevNull, os.DevNull, false},
	} {
		if got := (publish.Protected{Path: c.protected}).Is(c.path); got != c.expected {
			t.Errorf("%s is %s: %t", c.path, c.protected, got)
		}
	}
}

func TestSameFile(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "l.csv", "")
	write(t, "other.csv", "")
	check(t, os.Symlink("l.csv", "link.csv"))
	in, err := os.Open("l.csv")
	check(t, err)
	defer func() { _ = in.Close() }()
	for path, expected := range map[string]bool{"l.csv": true, "link.csv": true, "other.csv": false, "missing.csv": false, "-": false} {
		if same, err := publish.SameFile(in, path); err != nil || same != expected {
			t.Errorf("%s: %t, %v", path, same, err)
		}
	}
	device, err := os.Open(os.DevNull)
	check(t, err)
	defer func() { _ = device.Close() }()
	if same, err := publish.SameFile(device, os.DevNull); err != nil || same {
		t.Errorf("a device may be input and output: %t, %v", same, err)
	}
}

func TestSameOpenFile(t *testing.T) {
	dir := t.TempDir()
	open := func(path string) *os.File {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0)
		check(t, err)
		t.Cleanup(func() { _ = f.Close() })
		return f
	}
	list, other := filepath.Join(dir, "l.csv"), filepath.Join(dir, "other.csv")
	write(t, list, "")
	write(t, other, "")
	for name, c := range map[string]struct {
		a, b     *os.File
		expected bool
	}{
		"opened twice": {open(list), open(list), true},
		"two files":    {open(list), open(other), false},
		"a device":     {open(os.DevNull), open(os.DevNull), false},
		"a stream":     {nil, open(list), false},
		"no file":      {open(list), nil, false},
	} {
		if got := publish.SameOpenFile(c.a, c.b); got != c.expected {
			t.Errorf("%s: %t", name, got)
		}
	}
	if p := (publish.Protected{Path: list}); !p.IsOpen(open(list)) || p.IsOpen(open(other)) {
		t.Error("a protected file is not found by an open one, or another is")
	}
	if p := (publish.Protected{Path: filepath.Join(dir, "missing")}); p.IsOpen(open(list)) {
		t.Error("a file that does not exist is open")
	}
}
