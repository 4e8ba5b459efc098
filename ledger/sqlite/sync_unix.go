//go:build unix

package sqlite

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// syncDirectory makes the names in a directory last. Some file systems (FUSE, network shares) have no such thing.
func syncDirectory(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }() // it was not written
	if err := d.Sync(); err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOTSUP) {
		return err
	}
	return nil
}

// likeLedger gives the index beside a ledger the permissions and the owner of the ledger. SQLite does that for the log, but
// leaves the index to the umask.
func likeLedger(path string) {
	index := path + "-shm"
	want, err := os.Stat(path)
	if err != nil {
		return
	}
	got, err := os.Lstat(index)
	if err != nil || !got.Mode().IsRegular() {
		return
	}
	if got.Mode() != want.Mode() {
		_ = os.Chmod(index, want.Mode().Perm()) // another owner's is his to mend
	}
	w, ok := want.Sys().(*syscall.Stat_t)
	g, ok2 := got.Sys().(*syscall.Stat_t)
	if ok && ok2 && (w.Uid != g.Uid || w.Gid != g.Gid) {
		_ = os.Lchown(index, int(w.Uid), int(w.Gid)) // only root may
	}
}
