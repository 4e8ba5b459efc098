package sqlite_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/ncruces/go-sqlite3/util/vfsutil"
	"github.com/ncruces/go-sqlite3/vfs"
)

// A disk is the system's, but each operation that changes something on it is first shown to a test, which can make it
// fail. It is a VFS of SQLite.
type disk struct {
	vfs.VFS
	name string

	mu sync.Mutex
	// change is called with each operation and returns its error, and how much of a write is done nevertheless.
	change func(op) (int, error)
	// lazy: nothing is synced.
	lazy bool
	// reads counts what is read of a ledger's file, call by call.
	reads atomic.Int64
}

// An op is an operation that changes a file, or its directory.
type op struct {
	kind string // open, write, truncate, sync, delete, size
	file string
	at   int64
	data []byte // of a write
	size int64  // of a truncate
	dir  bool   // of a sync or delete: the directory too
	lock []byte // what the lock file says by then
}

func (o op) String() string { return fmt.Sprintf("%s %s at %d", o.kind, o.file, o.at) }

// newDisk registers one for the time of a test.
func newDisk(t testing.TB, change func(op) (int, error)) *disk {
	d := &disk{VFS: vfs.Find(""), change: change}
	d.name = fmt.Sprintf("disk %p of %s", d, strings.ReplaceAll(t.Name(), "/", " "))
	vfs.Register(d.name, d)
	t.Cleanup(func() { vfs.Unregister(d.name) })
	return d
}

// quick is the disk without syncs.
func (d *disk) quick() *disk {
	d.lazy = true
	return d
}

func (d *disk) ask(o op) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.change(o)
}

func (d *disk) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	path := name.String()
	if _, err := d.ask(op{kind: "open", file: path}); err != nil {
		return nil, 0, err
	}
	f, flags, err := vfsutil.WrapOpenFilename(d.VFS, name, flags)
	if err != nil {
		return nil, flags, err
	}
	return &diskFile{File: f, disk: d, path: path}, flags, nil
}

func (d *disk) Delete(path string, syncDir bool) error {
	if _, err := d.ask(op{kind: "delete", file: path, dir: syncDir}); err != nil {
		return err
	}
	return d.VFS.Delete(path, syncDir)
}

type diskFile struct {
	vfs.File
	disk *disk
	path string
}

func (f *diskFile) ReadAt(p []byte, off int64) (int, error) {
	if strings.HasSuffix(f.path, ".db") {
		f.disk.reads.Add(1)
	}
	return f.File.ReadAt(p, off)
}

func (f *diskFile) WriteAt(p []byte, off int64) (int, error) {
	n, err := f.disk.ask(op{kind: "write", file: f.path, at: off, data: p})
	if err != nil {
		n, _ = f.File.WriteAt(p[:n], off) // a short write
		return n, err
	}
	return f.File.WriteAt(p, off)
}

func (f *diskFile) Truncate(size int64) error {
	if _, err := f.disk.ask(op{kind: "truncate", file: f.path, size: size}); err != nil {
		return err
	}
	return f.File.Truncate(size)
}

func (f *diskFile) Sync(flags vfs.SyncFlag) error {
	if _, err := f.disk.ask(op{kind: "sync", file: f.path}); err != nil {
		return err
	}
	if f.disk.lazy {
		return nil
	}
	return f.File.Sync(flags)
}

func (f *diskFile) SizeHint(size int64) error {
	if _, err := f.disk.ask(op{kind: "size", file: f.path, size: size}); err != nil {
		return err
	}
	return vfsutil.WrapSizeHint(f.File, size)
}

// What SQLite looks for beside the methods of a File is passed through.
func (f *diskFile) SharedMemory() vfs.SharedMemory { return vfsutil.WrapSharedMemory(f.File) }
func (f *diskFile) LockState() vfs.LockLevel       { return vfsutil.WrapLockState(f.File) }
func (f *diskFile) PersistWAL() bool               { return vfsutil.WrapPersistWAL(f.File) }
func (f *diskFile) SetPersistWAL(keep bool)        { vfsutil.WrapSetPersistWAL(f.File, keep) }
func (f *diskFile) HasMoved() (bool, error)        { return vfsutil.WrapHasMoved(f.File) }
