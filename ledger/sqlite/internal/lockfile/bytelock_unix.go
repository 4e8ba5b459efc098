//go:build linux || darwin

package lockfile

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// lockedByte is the byte of the ledger that is locked: far beyond the end of any file, and not one of those that SQLite
// locks (from 1 GiB on). A byte can be locked without existing.
const lockedByte = 1 << 62

// tryLockByte locks a byte of an open ledger, shared or exclusively, and reports false if another process has a lock that
// excludes this one. The lock belongs to the open file: it is released when the process dies, but not when another descriptor
// of the same file is closed, as SQLite does. It belongs to the file's data, not to a name: all links, mounts and containers
// of one machine see the same lock.
func tryLockByte(f *os.File, exclusive bool) (bool, error) {
	lock := unix.Flock_t{Type: unix.F_RDLCK, Start: lockedByte, Len: 1}
	if exclusive {
		lock.Type = unix.F_WRLCK
	}
	for {
		err := unix.FcntlFlock(f.Fd(), setOpenFileLock, &lock)
		switch {
		case err == nil:
			return true, nil
		case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EACCES):
			return false, nil
		case !errors.Is(err, unix.EINTR):
			return false, os.NewSyscallError("lock the ledger", err)
		}
	}
}

// countLinks returns how many names (hard links) an open file has.
func countLinks(f *os.File) (uint64, error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return 0, os.NewSyscallError("fstat", err)
	}
	return uint64(st.Nlink), nil
}
