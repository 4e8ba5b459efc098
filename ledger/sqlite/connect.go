package sqlite

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"enrich/ledger"
	"enrich/ledger/sqlite/internal/dbfile"
	"enrich/ledger/sqlite/internal/lockfile"
	"enrich/ledger/sqlite/internal/wal"
)

// Pragmas of every connection. SQLite checks a page's cells when it reads it, so that a damaged one is an error and not a wrong
// answer, and nothing in the file can make it call functions.
const pragmas = `PRAGMA busy_timeout = 5000;
PRAGMA cell_size_check = ON;
PRAGMA trusted_schema = OFF;
PRAGMA cache_size = -1024;`

// Pragmas of a connection that writes. FULL syncs the log at every commit.
const writePragmas = `PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA wal_autocheckpoint = 0;
PRAGMA journal_size_limit = 16777216;`

// connect opens the file with SQLite, checks that it is a complete ledger of a known version, and brings it to the newest one.
// Until it is found complete, closing it does not write to it.
func (l *Ledger) connect(found lockfile.Record, logged bool) error {
	if l.options.ReadOnly {
		return l.connectToRead(found, logged)
	}
	version, err := l.connectBy(sqlite3.OPEN_READWRITE)
	if err == nil {
		err = l.checkComplete(version, found, logged)
	}
	if err != nil {
		return err
	}
	if err := l.conn.Exec(writePragmas); err != nil {
		return writeError(err)
	}
	l.conn.WALHook(func(_ *sqlite3.Conn, _ string, pages int) error { // not earlier: wal_autocheckpoint is a hook as well
		l.logPages = pages
		return nil
	})
	if err := migrate(l.conn, migrations[:], version); err != nil {
		if errors.Is(err, ledger.ErrDamaged) {
			return err
		}
		return writeError(err)
	}
	l.version = len(migrations)
	dbfile.CopyPermissions(l.path)
	return nil
}

// connectToRead opens the file for writing if it can: a reader of a log that no other process has open writes beside it. If
// nothing can be written there, it opens the file alone, if there is no log.
//
// It begins a transaction, which chooses the moment whose state is read.
func (l *Ledger) connectToRead(found lockfile.Record, logged bool) error {
	version, err := l.connectBy(sqlite3.OPEN_READWRITE)
	if cannotOpen(err) {
		version, err = l.connectBy(sqlite3.OPEN_READONLY)
	}
	if cannotOpen(err) {
		if !wal.IsEmpty(l.path) {
			return errLog
		}
		version, err = l.connectBy(sqlite3.OPEN_READONLY, "immutable", "1")
	}
	if err != nil {
		return err
	}
	dbfile.CopyPermissions(l.path)
	if err := l.conn.Exec("PRAGMA query_only = ON; BEGIN; SELECT count(*) FROM sqlite_schema"); err != nil {
		return err
	}
	if err := l.checkComplete(version, found, logged); err != nil {
		return err
	}
	if version == 0 {
		return errEmpty
	}
	return nil
}

var (
	errLog   = errors.New("it has a log (-wal), and its directory cannot be written: copy ledger and log to a directory that can")
	errEmpty = errors.New("it is empty") // a file that is not a ledger yet, for a reader
)

func cannotOpen(err error) bool {
	return errors.Is(err, sqlite3.CANTOPEN) || errors.Is(err, sqlite3.READONLY) || errors.Is(err, sqlite3.PERM)
}

// connectBy opens a connection and returns the version of the ledger; 0 is an empty file.
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

// uri names the file for SQLite, whatever characters its path has.
func (l *Ledger) uri(parameters ...string) string {
	query := url.Values{"modeof": {l.path}} // SQLite gives its permissions to the files beside it
	query.Set("vfs", wal.RegisterVFS(l.options.vfs))
	for i := 0; i < len(parameters); i += 2 {
		query.Set(parameters[i], parameters[i+1])
	}
	// Without //: SQLite would take a drive letter after it for a host.
	path := url.URL{Path: filepath.ToSlash(l.path)}
	return "file:" + path.EscapedPath() + "?" + strings.ReplaceAll(query.Encode(), "+", "%20")
}

// identify checks that the file is a ledger of a known version and that none of it is cut off.
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
	case id != dbfile.ApplicationID:
		return 0, ledger.ErrForeign
	case v > int64(len(migrations)):
		return 0, fmt.Errorf("%w: it has version %d, this program knows %d", ledger.ErrNewer, v, len(migrations))
	case v < 1:
		return 0, fmt.Errorf("%w: it has no version", ledger.ErrDamaged)
	}
	l.version = int(v)
	return l.version, l.checkLength()
}

// checkLength checks that the file is as long as it says. With a log beside it the file may be shorter, because SQLite joins
// the two; what is missing is then found when it is read.
func (l *Ledger) checkLength() error {
	if !wal.IsEmpty(l.path) {
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
		return fmt.Errorf("%w: it is cut off: %d of %d bytes are there", ledger.ErrDamaged, info.Size(), pages*size)
	}
	return nil
}
