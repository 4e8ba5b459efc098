//go:build unix

package writer

import (
	"os"

	"golang.org/x/sys/unix"
)

// hold takes the exclusive lock of an open file, which lasts until it is closed or the process dies. It returns
// false where another holds it, or where the file system has no locks: what nobody can hold, nobody sweeps.
func hold(f *os.File) bool {
	c, err := f.SyscallConn()
	if err != nil {
		return false
	}
	var locked error
	if err := c.Control(func(fd uintptr) { locked = unix.Flock(int(fd), unix.LOCK_EX|unix.LOCK_NB) }); err != nil {
		return false
	}
	return locked == nil
}
