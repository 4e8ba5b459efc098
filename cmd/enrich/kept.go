package main

import (
	"os"
	"path/filepath"
)

// A keptFile is one that an output must never replace: to name the ledger as an output would throw away what was paid for.
type keptFile struct{ path, what string }

// keptFiles are those that this command reads or keeps, beside its input.
func (j *job) keptFiles() ([]keptFile, error) {
	ledger, err := j.settings.ledgerPath(j.world.lookupEnv)
	if err != nil {
		return nil, err
	}
	kept := []keptFile{{ledger, "the ledger"}}
	for _, beside := range [...]string{"-wal", "-shm", "-journal", ".lock", ".lock.pid"} { // beside the file that a link leads to
		kept = append(kept, keptFile{placeOf(ledger) + beside, "a part of the ledger"})
	}
	for _, f := range [...]keptFile{{j.settings.apiKeyFile, "the file with the API key"}, {j.settings.caFile, "the file with the certificates"}} {
		if f.path != "" {
			kept = append(kept, f)
		}
	}
	return kept, nil
}

// is says whether a path leads to the file, whatever it is called and whether or not it is there yet. A device keeps
// nothing, and may be both.
func (k keptFile) is(path string) bool {
	there, err := os.Stat(k.path)
	if err == nil && !there.Mode().IsRegular() {
		return false
	}
	if placeOf(k.path) == placeOf(path) {
		return true
	}
	if err != nil {
		return false
	}
	other, err := os.Stat(path)
	return err == nil && os.SameFile(there, other)
}

// maxLinks is how many links a path may lead through, as the kernel's own bound.
const maxLinks = 40

// placeOf is where a file stands or would stand, so that two names of one place are seen to be one: absolute, with links
// followed. Standard output is "-", by all its names.
func placeOf(path string) string {
	for range maxLinks {
		switch path {
		case "-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1":
			return "-"
		}
		link, err := os.Readlink(path)
		if err != nil {
			break
		}
		if !filepath.IsAbs(link) {
			dir, _ := filepath.Split(path)
			link = dir + link // not Join: the parent of a linked directory is another
		}
		path = link
	}
	dir, base := filepath.Split(path)
	if dir == "" {
		dir = "."
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	if absolute, err := filepath.Abs(dir); err == nil {
		dir = absolute
	}
	return filepath.Join(dir, base)
}
