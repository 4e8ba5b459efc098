package ledger

// OnDisk makes SQLite get at the disk through a registered VFS, and its log grow by so many pages only.
func (o Options) OnDisk(vfs string, pages int) Options {
	o.vfs, o.pages = vfs, pages
	return o
}
