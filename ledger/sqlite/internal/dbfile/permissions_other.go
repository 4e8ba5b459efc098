//go:build !unix

package dbfile

// CopyPermissions does nothing here: the index takes its permissions from the directory.
func CopyPermissions(string) {}
