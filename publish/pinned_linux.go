package publish

import "golang.org/x/sys/unix"

// pinned returns why no file can be renamed over the one at a path, with any permissions; "" if nothing is known. Containers often have single
// files mounted.
func pinned(path string) string {
	var s unix.Statx_t
	if unix.Statx(unix.AT_FDCWD, path, unix.AT_SYMLINK_NOFOLLOW, 0, &s) != nil {
		return ""
	}
	switch {
	case s.Attributes&unix.STATX_ATTR_MOUNT_ROOT != 0:
		return "is a mount point, and cannot be replaced: mount its directory instead"
	case s.Attributes&(unix.STATX_ATTR_IMMUTABLE|unix.STATX_ATTR_APPEND) != 0:
		return "is immutable or append-only (chattr), and cannot be replaced: name another file"
	}
	return ""
}
