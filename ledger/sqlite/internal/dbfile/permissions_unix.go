//go:build unix

package dbfile

import (
	"os"
	"syscall"
)

// CopyPermissions gives the index of the log (-shm) the permissions and the owner of the ledger. SQLite does so for the log,
// but leaves the index to the umask. If it cannot, because the index belongs to another user, it changes nothing.
func CopyPermissions(ledger string) {
	index := ledger + "-shm"
	expected, err := os.Stat(ledger)
	if err != nil {
		return
	}
	got, err := os.Lstat(index)
	if err != nil || !got.Mode().IsRegular() {
		return
	}
	if got.Mode() != expected.Mode() {
		_ = os.Chmod(index, expected.Mode().Perm())
	}
	e, ok := expected.Sys().(*syscall.Stat_t)
	g, ok2 := got.Sys().(*syscall.Stat_t)
	if ok && ok2 && (e.Uid != g.Uid || e.Gid != g.Gid) {
		_ = os.Lchown(index, int(e.Uid), int(e.Gid)) // only root may
	}
}
