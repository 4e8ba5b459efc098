package main

import (
	"path/filepath"
)

// outputPath is where an output goes that no flag names: --out, or the directory of the input as it was typed. That is not
// cleaned, because the parent of a linked directory is another.
func (j *job) outputPath(what string) string {
	name := j.input.Stem + "." + what
	if j.settings.Out != "" {
		return filepath.Join(j.settings.Out, name)
	}
	if j.input.Unnamed {
		return name
	}
	dir, _ := filepath.Split(j.name)
	return dir + name
}
