//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package publish

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// hold takes the exclusive lock of an open file, which lasts until the file is closed or the process dies.
func hold(f *os.File) holding {
	c, err := f.SyscallConn()
	if err != nil {
		return noLock
	}
	var locked error
	err = c.Control(func(fd uintptr) { locked = unix.Flock(int(fd), unix.LOCK_EX|unix.LOCK_NB) })
	switch {
	case err == nil && locked == nil:
		return held
	case errors.Is(locked, unix.EWOULDBLOCK):
		return taken
	}
	return noLock
}

// removeOpen removes a file, then closes it: it is held until its name is gone.
func removeOpen(f *os.File) error {
	err := os.Remove(f.Name())
	_ = f.Close() // what was in it is not wanted
	return err
}

// renameOpen gives an open file its final name. It stays open, and held, so that no sweep comes before the rename.
func renameOpen(f *os.File, target string) error { return os.Rename(f.Name(), target) }

// keepOwner gives a file the owner and group of the one that it replaces, where they differ and we may: permissions
// kept for one group must not come to mean another.
func keepOwner(f *os.File, replaced fs.FileInfo) {
	old, ok := replaced.Sys().(*syscall.Stat_t)
	if !ok || int(old.Uid) == os.Geteuid() && int(old.Gid) == os.Getegid() {
		return
	}
	if f.Chown(int(old.Uid), int(old.Gid)) != nil {
		_ = f.Chown(-1, int(old.Gid)) // only root may give files away
	}
}
