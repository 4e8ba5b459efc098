package ledger

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"github.com/ncruces/go-sqlite3"
)

// locate finds the file that a path leads to, so that two ways to one ledger have one lock. To write, its directory is
// made where it is not there.
func locate(path string, write bool) (real string, exists bool, err error) {
	if path == "" {
		return "", false, errors.New("its name is empty")
	}
	if path, err = filepath.Abs(path); err != nil {
		return "", false, err
	}
	real, err = filepath.EvalSymlinks(path)
	if err == nil {
		return real, true, refuseNetwork(filepath.Dir(real))
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", false, err
	}
	dir := filepath.Dir(path)
	if write {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return "", false, err
		}
	}
	realDir, err := filepath.EvalSymlinks(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return path, false, nil
	case err != nil:
		return "", false, err
	}
	return filepath.Join(realDir, filepath.Base(path)), false, refuseNetwork(realDir)
}

// magic is what every SQLite file begins with.
const magic = "SQLite format 3\x00"

// create makes the file, for its owner only, where it is not there, and otherwise checks that it can be a ledger
// before SQLite touches it. An empty file is a ledger whose making was interrupted.
func create(path string) (exists bool, err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }() // it was not written
	return true, begins(f)
}

// begins checks a file's first bytes.
func begins(f *os.File) error {
	info, err := f.Stat()
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%w: it is no regular file", ErrForeign)
	case info.Size() == 0:
		return nil
	}
	head := make([]byte, len(magic))
	if _, err := io.ReadFull(f, head); err != nil || string(head) != magic {
		return fmt.Errorf("%w, or its beginning is damaged", ErrForeign)
	}
	return nil
}

// Pragmas of every connection. A page's cells are checked when it is read, so that a garbled one is an error and not a
// wrong answer; nothing in the file can make SQLite call functions.
const pragmas = `PRAGMA busy_timeout = 10000;
PRAGMA cell_size_check = ON;
PRAGMA trusted_schema = OFF;
PRAGMA cache_size = -4096;`

// Pragmas of a connection that writes. FULL syncs the log at every commit.
const writePragmas = `PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA wal_autocheckpoint = 2000;
PRAGMA journal_size_limit = 16777216;`

// connect opens the file with SQLite and checks that it is a ledger of a version that we know. Until it is found sound,
// closing it does not write to it.
func (l *Ledger) connect() error {
	if l.options.ReadOnly {
		f, err := os.Open(l.path)
		if err != nil {
			return err
		}
		err = begins(f)
		_ = f.Close() // it was only read
		if err != nil {
			return err
		}
	}
	conn, err := openFile(l.path, l.options.ReadOnly)
	if err != nil {
		return err
	}
	l.conn = conn
	if _, err := conn.Config(sqlite3.DBCONFIG_NO_CKPT_ON_CLOSE, true); err != nil {
		return err
	}
	if err := conn.Exec(pragmas); err != nil {
		return err
	}
	version, err := l.identify()
	if err != nil {
		return err
	}
	if !l.options.ReadOnly {
		if err := conn.Exec(writePragmas); err != nil {
			return err
		}
		return migrate(conn, version)
	}
	if err := conn.Exec("PRAGMA query_only = ON"); err != nil {
		return err
	}
	if version == 0 {
		return errEmpty
	}
	return nil
}

// errEmpty is a file that is not a ledger yet, to a reader.
var errEmpty = errors.New("it is empty")

func openFile(path string, readOnly bool) (*sqlite3.Conn, error) {
	flags := sqlite3.OPEN_READWRITE | sqlite3.OPEN_URI
	if readOnly && !writable(path) {
		flags = sqlite3.OPEN_READONLY | sqlite3.OPEN_URI
	}
	// modeof: the files beside it get its permissions.
	uri := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: url.Values{"modeof": {path}}.Encode()}
	return sqlite3.OpenFlags(uri.String(), flags)
}

// writable says whether the file could be written: a reader of a log that nobody else has open must write beside it.
func writable(path string) bool {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return false
	}
	_ = f.Close() // it was not written
	return true
}

// identify checks whose file it is, which version, and that it is all there.
func (l *Ledger) identify() (version int, err error) {
	id, err := l.number("PRAGMA application_id")
	if err != nil {
		return 0, err
	}
	tables, err := l.number("SELECT count(*) FROM sqlite_schema")
	if err != nil {
		return 0, err
	}
	v, err := l.number("PRAGMA user_version")
	switch {
	case err != nil:
		return 0, err
	case id == 0 && tables == 0 && v == 0:
		return 0, nil
	case id != applicationID:
		return 0, ErrForeign
	case v > int64(len(migrations)):
		return 0, fmt.Errorf("%w: it has version %d, this one knows %d", ErrNewer, v, len(migrations))
	case v < 1:
		return 0, fmt.Errorf("%w: it has no version", ErrDamaged)
	}
	return int(v), l.whole()
}

// whole checks that the file is as long as it says. Where a log lies beside it, SQLite joins the two and the file may be
// shorter; what is missing is then found when it is read.
func (l *Ledger) whole() error {
	if log, err := os.Stat(l.path + "-wal"); err == nil && log.Size() > 0 {
		return nil
	}
	pages, err := l.number("PRAGMA page_count")
	if err != nil {
		return err
	}
	size, err := l.number("PRAGMA page_size")
	if err != nil {
		return err
	}
	info, err := os.Stat(l.path)
	switch {
	case err != nil:
		return err
	case info.Size() < pages*size:
		return fmt.Errorf("%w: it was cut: %d of %d bytes are there", ErrDamaged, info.Size(), pages*size)
	}
	return nil
}

// number runs a query that gives one number.
func (l *Ledger) number(query string) (int64, error) {
	stmt, _, err := l.conn.Prepare(query)
	if err != nil {
		return 0, err
	}
	var n int64
	if stmt.Step() {
		n = stmt.ColumnInt64(0)
	}
	return n, errors.Join(stmt.Err(), stmt.Close())
}
