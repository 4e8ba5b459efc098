// Package configfile reads a file of settings: TOML, one NAME = VALUE a line.
//
// Every setting has its line, so that an error about its meaning can name the place. A table is an error: settings are not
// grouped. A setting such as --on-finish or --url decides what is run and where the key is sent. So a file that every user may
// write is refused, and so is a file in the user's config folder that belongs to somebody else: naming a file is a decision to
// trust it, but that one is read unasked. A file in the working directory is read only if it is named: [Default] never returns
// one.
//
// The package does not know which settings exist.
package configfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// maxSize is the size of the largest file that is read, in bytes.
const maxSize = 64 << 10

// writableByAll is the permission of every user to write.
const writableByAll = 0o002

// A File is a file of settings.
type File struct {
	Path     string
	Settings []Setting // in the order of the file, each name once
}

// A Setting is a line: Value is a bool, int64, float64, string, []any or, for what no setting can be, another type of go-toml.
type Setting struct {
	Name  string
	Value any
	Line  int // from 1
}

// Default returns the file in the user's config folder: $XDG_CONFIG_HOME/enrich/config.toml, by default under ~/.config; on macOS
// in ~/Library/Application Support, on Windows in %AppData%. It is "" if the environment does not say where that is.
func Default(lookup func(string) (string, bool)) string {
	return defaultFor(runtime.GOOS, lookup)
}

func defaultFor(system string, lookup func(string) (string, bool)) string {
	for _, place := range [...]struct{ system, variable, below string }{
		{"", "XDG_CONFIG_HOME", ""},
		{"windows", "AppData", ""},
		{"darwin", "HOME", "Library/Application Support"},
		{"", "HOME", ".config"},
	} {
		if place.system != "" && place.system != system || place.variable == "HOME" && system == "windows" {
			continue
		}
		// A relative path would be in the working directory.
		if dir, _ := lookup(place.variable); filepath.IsAbs(dir) {
			return filepath.Join(dir, place.below, "enrich", "config.toml")
		}
	}
	return ""
}

// Read reads a file. named tells whether the user named it; otherwise it must belong to the user or to root. The error of a file that
// does not exist is [fs.ErrNotExist], but not that of a link to such a file: its settings would be lost in silence.
func Read(path string, named bool) (File, error) {
	text, err := load(path, named)
	if info, lerr := os.Lstat(path); errors.Is(err, fs.ErrNotExist) && lerr == nil && info.Mode().Type() == fs.ModeSymlink {
		return File{}, fmt.Errorf("config file %s is a link to a file that does not exist", path)
	}
	if err != nil {
		return File{}, err
	}
	f := File{Path: path}
	values := map[string]any{}
	if err := toml.Unmarshal(text, &values); err != nil {
		var at *toml.DecodeError
		if !errors.As(err, &at) {
			return f, fmt.Errorf("%s: %w", path, err)
		}
		line, _ := at.Position()
		return f, f.errorAt(line, "%s", bytes.TrimPrefix([]byte(at.Error()), []byte("toml: ")))
	}
	err = eachSetting(text, func(name string, line int, _ *unstable.Node) bool {
		f.Settings = append(f.Settings, Setting{name, values[name], line})
		return true
	})
	var table tableError
	if errors.As(err, &table) {
		return f, f.errorAt(int(table), "settings are not grouped in tables: write NAME = VALUE, with the name of a flag")
	}
	return f, err
}

// Peek returns a setting that is a string, also of a file that contains errors; "" if there is none.
func Peek(path, name string) (value string) {
	if path == "" {
		return ""
	}
	text, err := load(path, true)
	if err != nil {
		return ""
	}
	_ = eachSetting(text, func(found string, _ int, v *unstable.Node) bool { // what can be read counts
		if found == name && v.Kind == unstable.String {
			value = string(v.Data)
		}
		return value == ""
	})
	return value
}

// errorAt is an error about a line.
func (f *File) errorAt(line int, format string, args ...any) error {
	return fmt.Errorf("%s, line %d: %s", f.Path, line, fmt.Sprintf(format, args...))
}

// Errorf returns an error about a setting.
func (f *File) Errorf(s *Setting, format string, args ...any) error {
	return f.errorAt(s.Line, format, args...)
}

// load reads a file that nobody else may change.
func load(path string, named bool) ([]byte, error) {
	info, err := os.Stat(path)
	if err == nil {
		err = check(path, info, named) // before it is opened: that waits for the writer of a named pipe
	}
	if err != nil {
		return nil, unnamed(path, err)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, unnamed(path, err)
	}
	defer func() { _ = file.Close() }() // it was only read
	if info, err = file.Stat(); err == nil {
		err = check(path, info, named)
	}
	if err != nil {
		return nil, unnamed(path, err)
	}
	text, err := io.ReadAll(io.LimitReader(file, maxSize+1))
	switch {
	case err != nil:
		return nil, unnamed(path, err)
	case len(text) > maxSize:
		return nil, fmt.Errorf("config file %s is larger than %d KiB", path, maxSize>>10)
	}
	return bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")), nil
}

// A refusal is the error of a file that is not read. Its text has the path.
type refusal string

func (r refusal) Error() string { return string(r) }

// check returns a refusal for anything but a regular file that nobody else may change. The null device is an empty file.
func check(path string, info fs.FileInfo, named bool) error {
	switch mode := info.Mode(); {
	case path == os.DevNull && mode.Type() == fs.ModeDevice|fs.ModeCharDevice:
		return nil
	case info.IsDir():
		return refusal(fmt.Sprintf("config file %s is a directory", path))
	case !mode.IsRegular():
		return refusal(fmt.Sprintf("config file %s is not a regular file", path))
	case mode.Perm()&writableByAll != 0 && runtime.GOOS != "windows":
		return refusal(fmt.Sprintf("config file %s can be changed by every user of this machine: chmod o-w it", path))
	case !named && !ownedByUser(info):
		return refusal(fmt.Sprintf("config file %s belongs to another user: change its owner, or name it with --config if you trust that user", path))
	}
	return nil
}

// unnamed says the path once.
func unnamed(path string, err error) error {
	if r := refusal(""); errors.As(err, &r) {
		return err
	}
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return fmt.Errorf("config file %s: %w", path, err)
}

// A tableError is the line of the first table.
type tableError int

func (tableError) Error() string { return "a table" }

// eachSetting calls f for each setting until it returns false. It returns a tableError if there is a table, or a dotted name.
func eachSetting(text []byte, f func(name string, line int, value *unstable.Node) bool) error {
	p := new(unstable.Parser)
	p.Reset(text)
	for p.NextExpression() {
		e := p.Expression()
		if e.Kind == unstable.Comment {
			continue
		}
		key := e.Key()
		if !key.Next() {
			continue
		}
		line := p.Shape(key.Node().Raw).Start.Line
		if e.Kind != unstable.KeyValue || !key.IsLast() {
			return tableError(line)
		}
		if !f(string(key.Node().Data), line, e.Value()) {
			return nil
		}
	}
	return p.Error()
}
