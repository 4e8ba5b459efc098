//go:build !linux && !darwin && !windows

package lockfile

import "os"

// tryLockByte does nothing: SQLite locks whole files with flock here, so a lock would exclude readers. Only the lock file
// keeps a second run away.
func tryLockByte(*os.File, bool) (bool, error) { return true, nil }

// countLinks returns how many names (hard links) an open file has.
func countLinks(*os.File) (uint64, error) { return 1, nil }
