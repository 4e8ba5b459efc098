package lockfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"

	"enrich/ledger"
)

// A Record states the newest commit that is durable in the ledger. A ledger that lacks it is incomplete: its log is missing, or
// an older copy is in its place.
//
// The record is written after the commit is synced. So it is never ahead of the ledger, whenever the process is killed or the
// power is cut. It is written without a sync, because a killed process loses nothing that it wrote; but the first record after
// each checkpoint is synced, so that it is never behind the file without its log.
type Record struct {
	// Known is false if the lock file has no record.
	Known bool
	// Used is true if the lock file begins with any text: a ledger was opened here before, perhaps by an older version.
	Used bool
	// Commit and Outcome are the last numbers that were assigned.
	Commit, Outcome int64
	// Checksum is that of the outcome's row; 0 if the row may have been erased.
	Checksum int64
}

// The record is the first line of the lock file. It always has the same length, so that one write replaces it. The rest of
// the file names the process that has the lock.
const (
	recordFormat = "enrich: commit %019d, outcome %019d, checksum %010d, "
	recordSize   = len("enrich: commit , outcome , checksum , ") + 19 + 19 + 10 + 8 + 1
	maxOwner     = 512 // bytes that are read for the owner
)

func (r Record) line() []byte {
	b := fmt.Appendf(make([]byte, 0, recordSize), recordFormat, r.Commit, r.Outcome, r.Checksum)
	table := crc32.MakeTable(crc32.Castagnoli) // created once, by the standard library
	sum := crc32.Checksum(binary.BigEndian.AppendUint64(nil, uint64(len(b))), table)
	return fmt.Appendf(b, "%08x\n", crc32.Update(sum, table, b))
}

func parseRecord(text []byte) Record {
	none := Record{Used: len(text) > 0 && text[0] != 0}
	if len(text) < recordSize {
		return none
	}
	r := Record{Known: true, Used: true}
	if _, err := fmt.Sscanf(string(text[:recordSize]), recordFormat, &r.Commit, &r.Outcome, &r.Checksum); err != nil {
		return none
	}
	if string(r.line()) != string(text[:recordSize]) {
		return none
	}
	return r
}

// HasCommits reports whether the record states that the ledger has a commit.
func (r Record) HasCommits() bool { return r.Known && (r.Commit != 0 || r.Outcome != 0) }

// RefuseNew returns ledger.ErrIncomplete if the record has commits: a ledger that is gone must not be replaced by a new one.
func (r Record) RefuseNew() error {
	if !r.HasCommits() {
		return nil
	}
	return fmt.Errorf("%w: it is gone, and its lock file records %s", ledger.ErrIncomplete, r)
}

func (r Record) String() string { return fmt.Sprintf("commit %d and outcome %d", r.Commit, r.Outcome) }

// ReadRecord reads the record of a ledger. A lock file that does not exist or may not be read has none.
func ReadRecord(ledger string) (Record, error) {
	text, err := readFile(ledger)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.ENOTDIR):
		return Record{}, nil
	case err != nil:
		return Record{}, fmt.Errorf("read the lock file: %w", err)
	}
	return parseRecord(text), nil
}

func readFile(ledger string) ([]byte, error) {
	f, err := os.Open(RecordPath(ledger))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	return io.ReadAll(io.LimitReader(f, int64(recordSize+maxOwner)))
}

// thisProcess is the second part of the lock file.
func thisProcess() string {
	host, _ := os.Hostname() // it is only shown
	return fmt.Sprintf("process %d on %s\n", os.Getpid(), host)
}

// owner says which process has locked a ledger.
func owner(ledger string) string {
	text, err := readFile(ledger)
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
