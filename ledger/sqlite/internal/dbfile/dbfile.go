// Package dbfile finds the file of a ledger and refuses one that cannot be a ledger, or that is in a place where no promise
// could be kept, before SQLite touches it or creates anything beside it.
package dbfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"enrich/internal/durable"
	"enrich/ledger"
)

// ApplicationID distinguishes a ledger from every other SQLite file.
const ApplicationID = 0x656e7263 // "enrc"

// Resolve follows the links of a path, so that two paths to one ledger have one lock, and reports whether there is a file.
// With create, it creates missing directories, for their owner only. A network file system is ledger.ErrNetwork.
func Resolve(path string, create bool) (real string, exists bool, err error) {
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
	if create {
		if err := durable.MkdirAll(dir, 0o700); err != nil {
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

// SQLite's file format (https://sqlite.org/fileformat2.html#the_database_header).
const (
	magic         = "SQLite format 3\x00"
	headerSize    = 100
	applicationAt = 68
)

// CheckHeader returns ledger.ErrForeign if a file cannot be a ledger, judged by its first bytes. They say nothing if a
// journal lies beside the file: the power was cut while the file was created, and SQLite will undo that.
func CheckHeader(path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%w: it is not a regular file", ledger.ErrForeign)
	case info.Size() == 0 || exists(path+"-journal"):
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
	if id := binary.BigEndian.Uint32(head[applicationAt:]); id != 0 && id != ApplicationID {
		return fmt.Errorf("%w, but another program's", ledger.ErrForeign)
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
