package dbfile

import (
	"fmt"

	"golang.org/x/sys/unix"

	"enrich/ledger"
)

// refuseNetwork refuses a directory on a network file system, by its number in statfs(2). FUSE is not among
// them, because most FUSE file systems are local.
func refuseNetwork(dir string) error {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return nil // opening the file will report the error
	}
	if name, ok := networkName(uint32(st.Type)); ok {
		return fmt.Errorf("%w: %s is on %s", ledger.ErrNetwork, dir, name)
	}
	return nil
}

func networkName(kind uint32) (string, bool) {
	switch kind {
	case unix.NFS_SUPER_MAGIC:
		return "NFS", true
	case unix.SMB_SUPER_MAGIC, unix.SMB2_SUPER_MAGIC, unix.CIFS_SUPER_MAGIC:
		return "SMB", true
	case unix.CODA_SUPER_MAGIC:
		return "Coda", true
	case unix.AFS_SUPER_MAGIC, unix.AFS_FS_MAGIC:
		return "AFS", true
	case unix.CEPH_SUPER_MAGIC:
		return "Ceph", true
	case unix.V9FS_MAGIC:
		return "9P", true
	case 0x0bd00bd0: // from the headers of Lustre
		return "Lustre", true
	}
	return "", false
}
