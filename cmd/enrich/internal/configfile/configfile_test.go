package configfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// file writes a file that only this user may write.
func file(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestSettings have their values and lines.
func TestSettings(t *testing.T) {
	f, err := Read(file(t, "\ufeff# mine\r\nworkers = 1_6\r\n\r\n  \"max-credits\" = [\"5/day\",\n 7 ] # two\n'quoted' = '''a\nb'''\n\"\\u0061\" = true\nf = 0.5\nd = 2026-01-01\nt = { x = 1 }\n"), true)
	if err != nil {
		t.Fatal(err)
	}
	want := []struct {
		name  string
		value any
		line  int
	}{
		{"workers", int64(16), 2},
		{"max-credits", []any{"5/day", int64(7)}, 4},
		{"quoted", "a\nb", 6},
		{"a", true, 8},
		{"f", 0.5, 9},
		{"d", nil, 10},
		{"t", map[string]any{"x": int64(1)}, 11},
	}
	if len(f.Settings) != len(want) {
		t.Fatalf("%+v", f.Settings)
	}
	for i, w := range want {
		s := f.Settings[i]
		if s.Name != w.name || s.Line != w.line || w.value != nil && !reflect.DeepEqual(s.Value, w.value) {
			t.Errorf("%+v, expected %+v", s, w)
		}
	}
	if f, err := Read(file(t, ""), true); err != nil || len(f.Settings) != 0 {
		t.Errorf("an empty file: %+v, %v", f, err)
	}
}

// TestErrorsHaveALine, and never a value, which may be a secret.
func TestErrorsHaveALine(t *testing.T) {
	for text, want := range map[string]string{
		"a = 1\nb = sesame\n":            "line 2: ",
		"a = 1\n\nsesame\n":              "line 3: ",
		"a = 1\na = \"sesame\"\n":        "line 2: ",
		"a = 1\n[run]\nb = \"sesame\"\n": "line 2: settings are not grouped",
		"# x\n\n[[run]]\nb = \"sesame\"": "line 3: settings are not grouped",
		"a = 1\nb.c = \"sesame\"\n":      "line 2: settings are not grouped",
		"a = \"sesame\n":                 "line 1: ",
		"a = \"\xff sesame\"\n":          "line 1: ",
		"a = 99999999999999999999999\n":  "line 1: ",
		strings.Repeat("# x\n", maxSize): "is larger than 64 KiB",
		"\x00":                           "line 1: ",
		"a = 1 sesame = 2\n":             "line 1: ",
		"a = [1,\n2,\n\"sesame\"\nb = 1": "line ",
	} {
		_, err := Read(file(t, text), true)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "config.toml") || strings.Contains(err.Error(), "toml: ") {
			t.Errorf("%.40q: %v, expected %q", text, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "sesame\"") {
			t.Errorf("%.40q: the error has the value: %v", text, err)
		}
	}
}

// TestFilesThatAreRefused: a name that is not there, a directory, and a file that everybody may write.
func TestFilesThatAreRefused(t *testing.T) {
	dir := t.TempDir()
	if _, err := Read(filepath.Join(dir, "none.toml"), true); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "none.toml") {
		t.Error(err)
	}
	if _, err := Read(dir, true); err == nil || !strings.Contains(err.Error(), "is a directory") {
		t.Error(err)
	}
	if runtime.GOOS == "windows" {
		return
	}
	path := file(t, "a = 1\n")
	for mode, refused := range map[fs.FileMode]bool{0o600: false, 0o644: false, 0o664: false, 0o666: true, 0o602: true} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(path, true); (err != nil) != refused {
			t.Errorf("mode %o: %v", mode, err)
		}
	}
	if err := os.Symlink("none", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(filepath.Join(dir, "link"), false); err == nil || errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "is a link to a file that does not exist") {
		t.Errorf("a link to nothing: %v", err)
	}
	if f, err := Read(os.DevNull, true); err != nil || len(f.Settings) != 0 {
		t.Errorf("%+v, %v", f, err)
	}
}

// TestTheDefault is in the user's config folder, and never in the working directory.
func TestTheDefault(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("paths are written in another way")
	}
	for _, tt := range []struct{ system, environ, want string }{
		{"linux", "HOME=/home/ann", "/home/ann/.config/enrich/config.toml"},
		{"linux", "HOME=/home/ann,XDG_CONFIG_HOME=/etc/ann", "/etc/ann/enrich/config.toml"},
		{"linux", "HOME=/home/ann,XDG_CONFIG_HOME=.", "/home/ann/.config/enrich/config.toml"},
		{"linux", "HOME=.", ""},
		{"linux", "", ""},
		{"darwin", "HOME=/Users/ann", "/Users/ann/Library/Application Support/enrich/config.toml"},
		{"windows", "AppData=/ann,HOME=/home/ann", "/ann/enrich/config.toml"},
		{"windows", "HOME=/home/ann", ""},
	} {
		got := defaultFor(tt.system, func(name string) (string, bool) {
			for _, entry := range strings.Split(tt.environ, ",") {
				if value, ok := strings.CutPrefix(entry, name+"="); ok {
					return value, true
				}
			}
			return "", false
		})
		if got != tt.want {
			t.Errorf("%s, %s: %q, expected %q", tt.system, tt.environ, got, tt.want)
		}
	}
}

// TestPeek finds a setting in a file that contains errors.
func TestPeek(t *testing.T) {
	for text, want := range map[string]string{
		"log-format = \"json\"\nbroken": "json", "x = 1\nlog-format = 'json'\n[table]": "json", "log-format = 1": "", "[a]\nlog-format = \"json\"": "", "": "",
	} {
		if got := Peek(file(t, text), "log-format"); got != want {
			t.Errorf("%q: %q, expected %q", text, got, want)
		}
	}
	if got := Peek(filepath.Join(t.TempDir(), "none"), "x"); got != "" {
		t.Error(got)
	}
}

// FuzzRead: whatever a file contains, reading it ends, and each name is there once with a line of the file.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{"a = 1\n", "[x]\na = [1, \"b\"]", "a.b = 'c'", "\"a\\u0000\" = 1979-05-27", "a = \"\"\"\n\"\"\""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		path := file(t, text)
		Peek(path, "a")
		read, err := Read(path, true)
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for _, s := range read.Settings {
			if seen[s.Name] || s.Line < 1 || s.Line > strings.Count(text, "\n")+1 || s.Value == nil {
				t.Errorf("%q: %+v", text, s)
			}
			seen[s.Name] = true
		}
	})
}
