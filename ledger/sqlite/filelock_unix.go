//go:build linux || darwin

package sqlite

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// lockedByte is the byte of the ledger that is locked: far behind the end of any file, and not one of those that SQLite
// locks (from 1 GiB on). A lock needs no data below it.
const lockedByte = 1 << 62

// tryLockFile locks a byte of an open ledger, shared or exclusively, and reports false if another process has a lock that
// excludes this one. The lock belongs to the open file: closing another descriptor of the same file, as SQLite does, does
// not give it back, and a process that dies does. It belongs to the file's data, not to a name: all links, mounts and
// containers of one machine see the same lock.
func tryLockFile(f *os.File, exclusive bool) (bool, error) {
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

// linksOf returns how many names an open file has.
func linksOf(f *os.File) (uint64, error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return 0, os.NewSyscallError("fstat", err)
	}
	return uint64(st.Nlink), nil
}
