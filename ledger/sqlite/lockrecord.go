package sqlite

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// A lockRecord is what the lock file says of the newest commit that is durable in the ledger. A ledger that lacks it is not
// complete: its log is missing, or an older copy has been put in its place.
//
// The record follows the commit: the log is synced first, then the record is written. So it is never ahead of the ledger,
// whenever the process is killed or the power is cut. It is written without a sync, because a killed process loses nothing
// that it wrote; but the first record after a checkpoint is synced, so that it is never behind what only the log has.
type lockRecord struct {
	known bool
	// used is true if the lock file begins with any text: a ledger was opened here once, perhaps by an older version.
	used bool
	// commit and outcome are the last numbers that were given.
	commit, outcome int64
	// sum is the checksum of that outcome's row; 0 if it may have been erased.
	sum int64
}

// The record is the first line of the lock file, and always as long, so that one write replaces it. Then comes the owner.
const (
	recordFormat = "enrich: commit %019d, outcome %019d, checksum %010d, "
	recordSize   = len("enrich: commit , outcome , checksum , ") + 19 + 19 + 10 + 8 + 1
	mostOwner    = 512 // bytes that are read for the owner
)

func (r lockRecord) line() []byte {
	b := fmt.Appendf(make([]byte, 0, recordSize), recordFormat, r.commit, r.outcome, r.sum)
	return fmt.Appendf(b, "%08x\n", checksum(nil, b))
}

func parseRecord(text []byte) lockRecord {
	r := lockRecord{used: len(text) > 0 && text[0] != 0}
	if len(text) < recordSize {
		return r
	}
	found := lockRecord{known: true, used: true}
	if _, err := fmt.Sscanf(string(text[:recordSize]), recordFormat, &found.commit, &found.outcome, &found.sum); err != nil {
		return r
	}
	if string(found.line()) != string(text[:recordSize]) {
		return r
	}
	return found
}

// readRecord reads the record of a ledger. A lock file that does not exist, or that belongs to somebody else, has none.
func readRecord(path string) (lockRecord, error) {
	text, err := readOwnerFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.ENOTDIR):
		return lockRecord{}, nil
	case err != nil:
		return lockRecord{}, fmt.Errorf("read the lock file: %w", err)
	}
	return parseRecord(text), nil
}

func readOwnerFile(path string) ([]byte, error) {
	f, err := os.Open(ownerPath(path))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	return io.ReadAll(io.LimitReader(f, int64(recordSize+mostOwner)))
}

// ownerText is what the second part of the lock file says of this process.
func ownerText() string {
	host, _ := os.Hostname() // only told to people
	return fmt.Sprintf("process %d on %s\n", os.Getpid(), host)
}

// owner is who has locked a ledger, in words.
func owner(path string) string {
	text, err := readOwnerFile(path)
	if err != nil {
		return "a process"
	}
	if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil { // an older version
		return fmt.Sprintf("process %d", pid)
	}
	var pid int
	var host string
	if len(text) < recordSize {
		return "a process"
	}
	if _, err := fmt.Sscanf(string(text[recordSize:]), "process %d on %s", &pid, &host); err != nil {
		return "a process"
	}
	if here, err := os.Hostname(); err != nil || here != host {
		return fmt.Sprintf("process %d on %q", pid, host)
	}
	return fmt.Sprintf("process %d", pid)
}
