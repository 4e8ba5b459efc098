package sqlite

import "time"

// OnDisk makes SQLite get at the disk through a registered VFS.
func (o Options) OnDisk(vfs string) Options {
	o.vfs = vfs
	return o
}

// Tiny makes happen after a few commits what otherwise does after many: the log is brought into the file, rows are packed.
func (o Options) Tiny() Options {
	o.checkpointPages, o.compactAfter = 12, 3
	return o
}

// Soon brings the log into the file at once, by the timer.
func (o Options) Soon() Options {
	o.checkpointDelay = time.Millisecond
	return o
}
