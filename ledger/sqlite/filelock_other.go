//go:build !linux && !darwin && !windows

package sqlite

import "os"

// tryLockFile has nothing to lock with: here SQLite locks whole files with flock, which would exclude readers. The lock
// file alone keeps a second run away.
func tryLockFile(*os.File, bool) (bool, error) { return true, nil }

// linksOf returns how many names an open file has.
func linksOf(*os.File) (uint64, error) { return 1, nil }
