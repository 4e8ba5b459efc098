package pgtest

import "golang.org/x/sys/unix"

// memory is a folder of files in memory.
const memory = "/dev/shm"

// freeMemory returns how much can be written to it, in bytes.
func freeMemory() uint64 {
	var fs unix.Statfs_t
	if unix.Statfs(memory, &fs) != nil || fs.Type != unix.TMPFS_MAGIC {
		return 0
	}
	return fs.Bavail * uint64(fs.Bsize)
}
