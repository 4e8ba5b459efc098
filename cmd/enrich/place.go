package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// isStream reports whether a name stands for a file that is already open, such as - or /dev/stdin: it has no directory that
// outputs could go to.
func isStream(name string) bool {
	dir, _ := filepath.Split(filepath.Clean(name))
	return name == "-" || dir == "/dev/" || dir == "/dev/fd/" || strings.HasPrefix(dir, "/proc/") && strings.HasSuffix(dir, "/fd/")
}

// isDevice reports whether a name is that of a device, which has no directory for outputs either.
func isDevice(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode()&fs.ModeDevice != 0
}

// outputPath is where an output goes that no flag names: --out, or the directory of the input as it was typed. That is not
// cleaned, because the parent of a linked directory is another.
func (j *job) outputPath(what string) string {
	name := j.input.stem + "." + what
	if j.settings.out != "" {
		return filepath.Join(j.settings.out, name)
	}
	if isStream(j.name) || isDevice(j.name) {
		return name
	}
	dir, _ := filepath.Split(j.name)
	return dir + name
}
