package sqlite

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"enrich/ledger"

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
		if err := makeDirectories(dir); err != nil {
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

// makeDirectories makes those of a path that are not there, for their owner only, so that they last.
func makeDirectories(dir string) error {
	if _, err := os.Stat(dir); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	parent := filepath.Dir(dir)
	if err := makeDirectories(parent); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDirectory(parent)
}

// What SQLite's file format says of a file's first bytes.
const (
	magic         = "SQLite format 3\x00"
	headerSize    = 100
	versionAt     = 60
	applicationAt = 68
)

// begins checks whether a file can be a ledger, by its first bytes, before SQLite touches it or anything beside it. They
// say nothing where a journal lies beside it: the power was cut while the file was made, and SQLite undoes that.
func begins(path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%w: it is not a regular file", ledger.ErrForeign)
	case info.Size() == 0 || there(path+"-journal"):
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	head := make([]byte, headerSize)
	if _, err := io.ReadFull(f, head); err != nil || string(head[:len(magic)]) != magic {
		return fmt.Errorf("%w, or its beginning is damaged", ledger.ErrForeign)
	}
	if id := binary.BigEndian.Uint32(head[applicationAt:]); id != 0 && id != applicationID {
		return fmt.Errorf("%w, but another program's", ledger.ErrForeign)
	}
	return nil
}

func there(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Pragmas of every connection. A page's cells are checked when it is read, so that a garbled one is an error and not a
// wrong answer; nothing in the file can make SQLite call functions.
const pragmas = `PRAGMA busy_timeout = 5000;
PRAGMA cell_size_check = ON;
PRAGMA trusted_schema = OFF;
PRAGMA cache_size = -1024;`

// Pragmas of a connection that writes. FULL syncs the log at every commit.
const writePragmas = `PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA wal_autocheckpoint = 0;
PRAGMA journal_size_limit = 16777216;`

// connect opens the file with SQLite and checks that it is a ledger of a version that we know. Until it is found sound,
// closing it does not write to it.
func (l *Ledger) connect(found lockRecord, logged bool) error {
	if l.options.ReadOnly {
		return l.connectToRead(found, logged)
	}
	version, err := l.connectBy(sqlite3.OPEN_READWRITE)
	if err == nil {
		err = l.judge(version, found, logged)
	}
	if err != nil {
		return err
	}
	if err := l.conn.Exec(writePragmas); err != nil {
		return unwritten(err)
	}
	l.conn.WALHook(func(_ *sqlite3.Conn, _ string, pages int) error { // only now: wal_autocheckpoint is a hook as well
		l.logPages = pages
		return nil
	})
	if err := migrate(l.conn, migrations[:], version); err != nil {
		if errors.Is(err, ledger.ErrDamaged) {
			return err
		}
		return unwritten(err)
	}
	l.version = len(migrations)
	likeLedger(l.path)
	return nil
}

// connectToRead opens it so that it could be written, if that can be done: a reader of a log that nobody else has open
// writes beside it. Where nothing can be written beside it either, it takes the file alone, if there is no log.
//
// It begins a transaction, which makes the moment whose state is read.
func (l *Ledger) connectToRead(found lockRecord, logged bool) error {
	version, err := l.connectBy(sqlite3.OPEN_READWRITE)
	if cannotOpen(err) {
		version, err = l.connectBy(sqlite3.OPEN_READONLY)
	}
	if cannotOpen(err) {
		if log, err := os.Stat(l.path + "-wal"); err == nil && log.Size() > 0 {
			return errLog
		}
		version, err = l.connectBy(sqlite3.OPEN_READONLY, "immutable", "1")
	}
	if err != nil {
		return err
	}
	likeLedger(l.path)
	if err := l.conn.Exec("PRAGMA query_only = ON; BEGIN; SELECT count(*) FROM sqlite_schema"); err != nil {
		return err
	}
	if err := l.judge(version, found, logged); err != nil {
		return err
	}
	if version == 0 {
		return errEmpty
	}
	return nil
}

var errLog = errors.New("a log lies beside it, and its directory cannot be written: copy ledger and log to where they can")

func cannotOpen(err error) bool {
	return errors.Is(err, sqlite3.CANTOPEN) || errors.Is(err, sqlite3.READONLY) || errors.Is(err, sqlite3.PERM)
}

// connectBy makes a connection and says which version of a ledger it finds; 0: an empty file.
func (l *Ledger) connectBy(flags sqlite3.OpenFlag, parameters ...string) (version int, err error) {
	if err := l.disconnect(); err != nil {
		return 0, err
	}
	if l.conn, err = sqlite3.OpenFlags(l.uri(parameters...), flags|sqlite3.OPEN_URI); err != nil {
		return 0, err
	}
	if _, err := l.conn.Config(sqlite3.DBCONFIG_NO_CKPT_ON_CLOSE, true); err != nil {
		return 0, err
	}
	if err := errors.Join(l.addFunctions(), l.conn.Exec(pragmas)); err != nil {
		return 0, err
	}
	return l.identify()
}

// errEmpty is a file that is not a ledger yet, to a reader.
var errEmpty = errors.New("it is empty")

// uri names the file to SQLite, whatever characters its path has.
func (l *Ledger) uri(parameters ...string) string {
	query := url.Values{"modeof": {l.path}} // the files beside it get its permissions
	registerLogVFS(l.options.vfs)
	query.Set("vfs", logVFSName(l.options.vfs))
	for i := 0; i < len(parameters); i += 2 {
		query.Set(parameters[i], parameters[i+1])
	}
	// Without //, behind which a drive's letter would be a host.
	path := url.URL{Path: filepath.ToSlash(l.path)}
	return "file:" + path.EscapedPath() + "?" + strings.ReplaceAll(query.Encode(), "+", "%20")
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
		return 0, ledger.ErrForeign
	case v > int64(len(migrations)):
		return 0, fmt.Errorf("%w: it has version %d, this one knows %d", ledger.ErrNewer, v, len(migrations))
	case v < 1:
		return 0, fmt.Errorf("%w: it has no version", ledger.ErrDamaged)
	}
	l.version = int(v)
	return l.version, l.whole()
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
		return fmt.Errorf("%w: it was cut: %d of %d bytes are there", ledger.ErrDamaged, info.Size(), pages*size)
	}
	return nil
}
