package sqlite

import "time"

// OnDisk makes SQLite get at the disk through a registered VFS.
func (o Options) OnDisk(vfs string) Options {
	o.vfs = vfs
	return o
}

// Tiny makes happen after a few commits what otherwise does after many: the log is brought into the file, rows are packed, addresses
// are read in several parts.
func (o Options) Tiny() Options {
	o.checkpointPages, o.compactAfter, o.addressBatch = 12, 3, 2
	return o
}

// Soon brings the log into the file at once, by the timer.
func (o Options) Soon() Options {
	o.checkpointDelay = time.Millisecond
	return o
}

// Parts makes so many addresses a part.
func (o Options) Parts(size int) Options {
	o.addressBatch = size
	return o
}
