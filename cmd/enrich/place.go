package main

import (
	"path/filepath"
	"strings"
)

// isStream reports whether a name stands for a file that is already open, such as - or /dev/stdin: it has no directory that
// outputs could go to.
func isStream(name string) bool {
	dir, _ := filepath.Split(filepath.Clean(name))
	return name == "-" || dir == "/dev/" || dir == "/dev/fd/" || strings.HasPrefix(dir, "/proc/") && strings.HasSuffix(dir, "/fd/")
}

// outputPath is where an output goes that no flag names: --out, or the directory of the input as it was typed. That is not
// cleaned, because the parent of a linked directory is another.
func (j *job) outputPath(what string) string {
	name := j.input.stem + "." + what
	if j.settings.out != "" {
		return filepath.Join(j.settings.out, name)
	}
	if isStream(j.name) {
		return name
	}
	dir, _ := filepath.Split(j.name)
	return dir + name
}
