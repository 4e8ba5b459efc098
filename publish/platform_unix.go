//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package publish

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// tryLock takes the exclusive lock of an open file. It is given back when the file is closed or the process dies.
func tryLock(f *os.File) lockState {
	c, err := f.SyscallConn()
	if err != nil {
		return lockUnsupported
	}
	var flockErr error
	err = c.Control(func(fd uintptr) { flockErr = unix.Flock(int(fd), unix.LOCK_EX|unix.LOCK_NB) })
	switch {
	case err == nil && flockErr == nil:
		return locked
	case errors.Is(flockErr, unix.EWOULDBLOCK):
		return lockedByOther
	}
	return lockUnsupported
}

// removeOpen removes a file and then closes it, so that it stays locked as long as it has a name.
func removeOpen(f *os.File) error {
	err := os.Remove(f.Name())
	_ = f.Close() // its content no longer counts
	return err
}

// renameOpen renames an open file, which stays open and locked: no other run can remove it before it is renamed.
func renameOpen(f *os.File, target string) error { return os.Rename(f.Name(), target) }

// copyOwner gives a file the owner and group of the file that it replaces, as far as this process may: permissions that
// were given to one group must not go to another.
func copyOwner(f *os.File, replaced fs.FileInfo) {
	old, ok := replaced.Sys().(*syscall.Stat_t)
	if !ok || int(old.Uid) == os.Geteuid() && int(old.Gid) == os.Getegid() {
		return
	}
	if f.Chown(int(old.Uid), int(old.Gid)) != nil {
		_ = f.Chown(-1, int(old.Gid)) // only root may give files away
	}
}

// mayWrite reports whether this user may open a pipe or device to write to it.
func mayWrite(path string) error { return unix.Access(path, unix.W_OK) }

// mayReplace reports whether a user may rename a file over another one. In a directory with the sticky bit, such as /tmp, only the
// owners of the two and root may.
func mayReplace(user int, dir, file fs.FileInfo) bool {
	return dir.Mode()&fs.ModeSticky == 0 || user == 0 || user == owner(dir) || user == owner(file)
}

// owner returns the number of the user who owns a file; -1 if the system does not say it.
func owner(info fs.FileInfo) int {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(stat.Uid)
	}
	return -1
}
