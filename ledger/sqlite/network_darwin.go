package sqlite

import (
	"fmt"

	"enrich/ledger"

	"golang.org/x/sys/unix"
)

// refuseNetwork refuses a directory on a file system that the system itself does not call local.
func refuseNetwork(dir string) error {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return nil // what is wrong with it is told when the file is opened
	}
	if st.Flags&unix.MNT_LOCAL != 0 {
		return nil
	}
	return fmt.Errorf("%w: %s is on %s", ledger.ErrNetwork, dir, unix.ByteSliceToString(st.Fstypename[:]))
}
