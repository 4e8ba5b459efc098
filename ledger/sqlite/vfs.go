package sqlite

import (
	"errors"
	"syscall"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/util/vfsutil"
	"github.com/ncruces/go-sqlite3/vfs"
)

// SQLite writes a log frame by frame, header and page apart: some twenty writes for a commit of thirty answers, which cost more
// than the sync behind them. A logVFS hands them to the system as one, when SQLite syncs the log or wants to read it. What has
// not been synced is promised to nobody, so that nothing changes for a kill or a power cut: both take the last transaction
// or leave it, as before. Other processes look for frames only where the log's index names them, which is after the sync.
type logVFS struct{ vfs.VFS }

// logVFSName is under which name SQLite finds a logVFS over another.
func logVFSName(below string) string { return "log by the commit " + below }

// registerLogVFS makes one known. To do so again changes nothing.
func registerLogVFS(below string) {
	vfs.Register(logVFSName(below), logVFS{vfs.Find(below)})
}

// OpenFilename opens a file; the one that is a log is buffered.
func (v logVFS) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	kind := flags
	f, flags, err := vfsutil.WrapOpenFilename(v.VFS, name, flags)
	switch {
	case err != nil:
		return nil, flags, err
	case kind&vfs.OPEN_WAL != 0:
		return &logFile{File: f}, flags, nil
	}
	return &dataFile{f}, flags, nil
}

// full gives a write's error SQLite's code for a full disk, where it is one: the library's own attempt at it fails.
func full(err error) error {
	if errors.Is(err, syscall.ENOSPC) {
		return vfs.SystemError(err, sqlite3.FULL)
	}
	return err
}

// A dataFile is any other file. What SQLite looks for beside the methods of a File is passed through.
type dataFile struct{ vfs.File }

// WriteAt writes.
func (f *dataFile) WriteAt(p []byte, at int64) (int, error) {
	n, err := f.File.WriteAt(p, at)
	return n, full(err)
}

// SharedMemory is the log's index.
func (f *dataFile) SharedMemory() vfs.SharedMemory { return vfsutil.WrapSharedMemory(f.File) }

// LockState is which lock is held.
func (f *dataFile) LockState() vfs.LockLevel { return vfsutil.WrapLockState(f.File) }

// PersistWAL says whether the log is kept when the last connection ends.
func (f *dataFile) PersistWAL() bool { return vfsutil.WrapPersistWAL(f.File) }

// SetPersistWAL keeps it.
func (f *dataFile) SetPersistWAL(keep bool) { vfsutil.WrapSetPersistWAL(f.File, keep) }

// HasMoved says whether the file has another name now.
func (f *dataFile) HasMoved() (bool, error) { return vfsutil.WrapHasMoved(f.File) }

// SizeHint makes room for what is to come.
func (f *dataFile) SizeHint(size int64) error { return full(vfsutil.WrapSizeHint(f.File, size)) }

// maxLogBuffer bounds what is kept back, in bytes: a transaction of an erasure can be as large as the ledger.
const maxLogBuffer = 1 << 18

// A logFile keeps back what was written in one piece.
type logFile struct {
	vfs.File
	at   int64 // where kept begins
	kept []byte
}

// flush writes what was kept back. Where that fails, what came of it is not known, as with any write, and SQLite is told.
func (f *logFile) flush() error {
	if len(f.kept) == 0 {
		return nil
	}
	_, err := f.File.WriteAt(f.kept, f.at)
	f.kept = f.kept[:0]
	return full(err)
}

// WriteAt keeps back what follows on what is kept already.
func (f *logFile) WriteAt(p []byte, at int64) (int, error) {
	if at != f.at+int64(len(f.kept)) || len(f.kept)+len(p) > maxLogBuffer {
		if err := f.flush(); err != nil {
			return 0, err
		}
	}
	if len(f.kept) == 0 {
		f.at = at
	}
	f.kept = append(f.kept, p...)
	return len(p), nil
}

// ReadAt reads what was written.
func (f *logFile) ReadAt(p []byte, at int64) (int, error) {
	if err := f.flush(); err != nil {
		return 0, err
	}
	return f.File.ReadAt(p, at)
}

// Sync makes it durable.
func (f *logFile) Sync(flags vfs.SyncFlag) error {
	if err := f.flush(); err != nil {
		return err
	}
	return f.File.Sync(flags)
}

// Truncate makes it shorter.
func (f *logFile) Truncate(size int64) error {
	if err := f.flush(); err != nil {
		return err
	}
	return f.File.Truncate(size)
}

// Size is how long it is.
func (f *logFile) Size() (int64, error) {
	if err := f.flush(); err != nil {
		return 0, err
	}
	return f.File.Size()
}

// Close writes what is left, as the system would.
func (f *logFile) Close() error {
	err := f.flush()
	if cerr := f.File.Close(); err == nil {
		err = cerr
	}
	return err
}
