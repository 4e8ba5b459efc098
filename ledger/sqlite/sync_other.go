//go:build !unix

package sqlite

// syncDirectory has nothing to do here: directories are not files.
func syncDirectory(string) error { return nil }

// likeLedger has nothing to do here: the index takes its permissions from the directory.
func likeLedger(string) {}
