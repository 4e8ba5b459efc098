//go:build !unix

package ledger

// syncDirectory has nothing to do here: directories are not files.
func syncDirectory(string) error { return nil }
