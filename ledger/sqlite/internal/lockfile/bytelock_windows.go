package lockfile

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// lockedByte is the byte of the ledger that is locked: far beyond the end of any file, because a locked byte cannot be
// read or written here.
const lockedByte = 1 << 62

// tryLockByte locks a byte of an open ledger, shared or exclusively, and reports false if another process has a lock that
// excludes this one.
func tryLockByte(f *os.File, exclusive bool) (bool, error) {
	flags := uint32(windows.LOCKFILE_FAIL_IMMEDIATELY)
	if exclusive {
		flags |= windows.LOCKFILE_EXCLUSIVE_LOCK
	}
	at := windows.Overlapped{OffsetHigh: lockedByte >> 32}
	err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, &at)
	switch {
	case errors.Is(err, windows.ERROR_LOCK_VIOLATION), errors.Is(err, windows.ERROR_IO_PENDING):
		return false, nil
	case err != nil:
		return false, os.NewSyscallError("LockFileEx", err)
	}
	return true, nil
}

// countLinks returns how many names (hard links) an open file has.
func countLinks(f *os.File) (uint64, error) {
	var info windows.ByHandleFileInformation
	if err := windows.GetFileInformationByHandle(windows.Handle(f.Fd()), &info); err != nil {
		return 0, os.NewSyscallError("GetFileInformationByHandle", err)
	}
	return uint64(info.NumberOfLinks), nil
}
