package wal

import (
	"errors"
	"syscall"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/util/vfsutil"
	"github.com/ncruces/go-sqlite3/vfs"
)

// RegisterVFS registers a VFS over another one (empty: SQLite's default) and returns its name. To register it again changes
// nothing.
//
// SQLite writes a log frame by frame, header and page apart: about twenty writes for a commit of thirty answers, which cost
// more than the sync that follows. This VFS hands them to the system as one write, when SQLite syncs or reads the log. Before
// the sync nothing is promised, so nothing changes for a kill or a power cut: both keep the last transaction or lose it, as
// before. Other processes look only for frames that the log's index names, and it names them after the sync.
func RegisterVFS(below string) (name string) {
	name = "log by the commit " + below
	vfs.Register(name, bufferedVFS{vfs.Find(below)})
	return name
}

type bufferedVFS struct{ vfs.VFS }

// OpenFilename opens a file, buffered if it is a log.
func (v bufferedVFS) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	isLog := flags&vfs.OPEN_WAL != 0
	f, flags, err := vfsutil.WrapOpenFilename(v.VFS, name, flags)
	switch {
	case err != nil:
		return nil, flags, err
	case isLog:
		return &logFile{File: f}, flags, nil
	}
	return &dataFile{File: f}, flags, nil
}

// diskFull gives the error of a write SQLite's code for a full disk, if it is one. The library's own attempt at it fails.
func diskFull(err error) error {
	if errors.Is(err, syscall.ENOSPC) {
		return vfs.SystemError(err, sqlite3.FULL)
	}
	return err
}

// A dataFile is any file but a log. It passes on the optional methods that SQLite looks for.
type dataFile struct {
	vfs.File
	ahead aheadReader
}

func (f *dataFile) ReadAt(p []byte, off int64) (int, error) { return f.ahead.readAt(f.File, p, off) }

func (f *dataFile) WriteAt(p []byte, off int64) (int, error) {
	f.ahead.drop()
	n, err := f.File.WriteAt(p, off)
	return n, diskFull(err)
}

func (f *dataFile) Truncate(size int64) error {
	f.ahead.drop()
	return f.File.Truncate(size)
}

func (f *dataFile) SizeHint(size int64) error { return diskFull(vfsutil.WrapSizeHint(f.File, size)) }

func (f *dataFile) SharedMemory() vfs.SharedMemory { return vfsutil.WrapSharedMemory(f.File) }
func (f *dataFile) LockState() vfs.LockLevel       { return vfsutil.WrapLockState(f.File) }
func (f *dataFile) PersistWAL() bool               { return vfsutil.WrapPersistWAL(f.File) }
func (f *dataFile) SetPersistWAL(keep bool)        { vfsutil.WrapSetPersistWAL(f.File, keep) }
func (f *dataFile) HasMoved() (bool, error)        { return vfsutil.WrapHasMoved(f.File) }

// maxBuffer bounds the buffer, in bytes: a transaction that erases can be as large as the ledger.
const maxBuffer = 1 << 18

// A logFile buffers consecutive writes.
type logFile struct {
	vfs.File
	off int64 // of buf in the file
	buf []byte
}

// flush writes the buffer. If that fails, SQLite learns of it as of any failed write: how much was written is unknown.
func (f *logFile) flush() error {
	if len(f.buf) == 0 {
		return nil
	}
	_, err := f.File.WriteAt(f.buf, f.off)
	f.buf = f.buf[:0]
	return diskFull(err)
}

func (f *logFile) WriteAt(p []byte, off int64) (int, error) {
	if off != f.off+int64(len(f.buf)) || len(f.buf)+len(p) > maxBuffer {
		if err := f.flush(); err != nil {
			return 0, err
		}
	}
	if len(f.buf) == 0 {
		f.off = off
	}
	f.buf = append(f.buf, p...)
	return len(p), nil
}

func (f *logFile) ReadAt(p []byte, off int64) (int, error) {
	if err := f.flush(); err != nil {
		return 0, err
	}
	return f.File.ReadAt(p, off)
}

func (f *logFile) Sync(flags vfs.SyncFlag) error {
	if err := f.flush(); err != nil {
		return err
	}
	return f.File.Sync(flags)
}

func (f *logFile) Truncate(size int64) error {
	if err := f.flush(); err != nil {
		return err
	}
	return f.File.Truncate(size)
}

func (f *logFile) Size() (int64, error) {
	if err := f.flush(); err != nil {
		return 0, err
	}
	return f.File.Size()
}

// Close writes the buffer, as the system would have.
func (f *logFile) Close() error {
	err := f.flush()
	if cerr := f.File.Close(); err == nil {
		err = cerr
	}
	return err
}
