package wal

import (
	"io"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/util/vfsutil"
	"github.com/ncruces/go-sqlite3/vfs"
)

// SetReadAhead is called with true when a connection is about to read many rows of its database in order, and with false when it has
// read them. In between it must not leave its read transaction. Then what is read early is what would be read later, also if another
// process makes a checkpoint: that writes only pages that the transaction reads from the log.
func SetReadAhead(conn *sqlite3.Conn, on bool) error {
	opened, err := conn.FileControl("main", sqlite3.FCNTL_FILE_POINTER)
	if err != nil {
		return err
	}
	if file, ok := opened.(vfs.File); ok {
		if data, ok := vfsutil.UnwrapFile[*dataFile](file); ok {
			data.ahead.turn(on)
		}
	}
	return nil
}

// aheadSize is how much is read at once, in bytes.
const aheadSize = 1 << 16

// An aheadReader reads more of a file than it is asked for while it is on. SQLite reads page by page, and a call of the system for
// each page costs more than to copy it.
type aheadReader struct {
	on   bool
	buf  []byte
	kept []byte // the part of buf that has what was read; empty: nothing was
	off  int64  // its place in the file
}

func (a *aheadReader) turn(on bool) {
	a.on = on
	a.drop()
}

// drop forgets what was read, because the file changes.
func (a *aheadReader) drop() { a.kept = nil }

// readAt reads a part of a file. Where it cannot read ahead, at the end of the file or of what the disk can read, it reads only what it
// is asked for and returns the error of that.
func (a *aheadReader) readAt(file io.ReaderAt, p []byte, off int64) (int, error) {
	if !a.on || len(p) > aheadSize {
		return file.ReadAt(p, off)
	}
	if off < a.off || off+int64(len(p)) > a.off+int64(len(a.kept)) {
		if a.buf == nil {
			a.buf = make([]byte, aheadSize)
		}
		n, _ := file.ReadAt(a.buf, off)
		if n < len(p) {
			a.drop()
			return file.ReadAt(p, off)
		}
		a.off, a.kept = off, a.buf[:n]
	}
	return copy(p, a.kept[off-a.off:]), nil
}
