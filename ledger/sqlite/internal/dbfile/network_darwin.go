package dbfile

import (
	"fmt"

	"golang.org/x/sys/unix"

	"enrich/ledger"
)

// refuseNetwork refuses a directory on a file system that is not marked as local.
func refuseNetwork(dir string) error {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return nil // opening the file will report the error
	}
	if st.Flags&unix.MNT_LOCAL != 0 {
		return nil
	}
	return fmt.Errorf("%w: %s is on %s", ledger.ErrNetwork, dir, unix.ByteSliceToString(st.Fstypename[:]))
}
