package sqlite

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/ncruces/go-sqlite3"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/internal/codec"
)

// endedSize is the size of an element of ended.keys (see the package comment), in bytes.
const endedSize = codec.KeysSize + 8

// ended is an outcome as it is in ended.keys. Kind 0 means that it was erased.
type ended struct {
	keys contact.Keys
	kind contact.Kind
	at   int64 // milliseconds
}

func appendEnded(b []byte, e ended) []byte {
	b = codec.AppendKeys(b, e.keys)
	return binary.BigEndian.AppendUint64(b, uint64(e.at)<<8|uint64(e.kind))
}

func readEnded(b []byte) ended {
	v := binary.BigEndian.Uint64(b[codec.KeysSize:])
	return ended{codec.ReadKeys(b), contact.Kind(v & 0xff), int64(v >> 8)}
}

func moment(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

func flag(set bool) int64 {
	if set {
		return 1
	}
	return 0
}

// checksum is [codec.Checksum] as SQLite stores it.
func checksum(numbers []int64, texts ...[]byte) int64 {
	return int64(codec.Checksum(numbers, texts...))
}

// A commitRow is a row of table ended or, with contacts, of asked. One that was read is valid until the next row is read.
type commitRow struct {
	id, run, first int64
	// commits is the number of commits that a row of ended represents, up to its own number (see compaction); asked is how
	// many of them have intents.
	commits, asked int64
	keys, contacts []byte
	// job is the bulk job to which the intents or outcomes belong; 0: none.
	job int64
}

// selectEnded begins a query of table ended for readCommit, selectAsked one of table asked for readAsked.
func (l *Ledger) selectEnded() string {
	return "SELECT id, run, first, commits, asked, keys, checksum, " + l.jobColumn() + " FROM ended"
}

func (l *Ledger) selectAsked() string {
	return "SELECT id, run, keys, contacts, checksum, " + l.jobColumn() + " FROM asked"
}

// jobColumn is the column for the job, which files of older versions do not have.
func (l *Ledger) jobColumn() string {
	if l.version < jobVersion {
		return "0"
	}
	return "job"
}

// readCommit reads a row of ended.
func readCommit(stmt *sqlite3.Stmt) (commitRow, error) {
	c := commitRow{
		id: stmt.ColumnInt64(0), run: stmt.ColumnInt64(1), first: stmt.ColumnInt64(2),
		commits: stmt.ColumnInt64(3), asked: stmt.ColumnInt64(4), keys: stmt.ColumnRawBlob(5), job: stmt.ColumnInt64(7),
	}
	return c, c.check(stmt.ColumnInt64(6))
}

// readAsked reads a row of asked.
func readAsked(stmt *sqlite3.Stmt) (commitRow, error) {
	c := commitRow{
		id: stmt.ColumnInt64(0), run: stmt.ColumnInt64(1), keys: stmt.ColumnRawBlob(2), contacts: stmt.ColumnRawText(3), job: stmt.ColumnInt64(5),
	}
	if c.contacts == nil {
		c.contacts = []byte{} // not a row of ended
	}
	return c, c.check(stmt.ColumnInt64(4))
}

// check returns an error if the checksum of the row does not match.
func (c *commitRow) check(sum int64) error {
	switch {
	case c.contacts != nil && (len(c.keys)%codec.KeysSize != 0 || c.sum() != sum):
		return fmt.Errorf("%w: the intents of commit %d: checksum mismatch", ledger.ErrDamaged, c.id)
	case c.contacts == nil && (len(c.keys)%endedSize != 0 || c.sum() != sum):
		return fmt.Errorf("%w: the outcomes of commit %d: checksum mismatch", ledger.ErrDamaged, c.id)
	}
	return nil
}

// sum is the checksum of the row. The number of the job is in it only if there is one: older versions had no jobs.
func (c *commitRow) sum() int64 {
	numbers := [6]int64{c.id, c.run, c.first, c.commits, c.asked, c.job}
	switch {
	case c.contacts == nil && c.job == 0:
		return checksum(numbers[:5], c.keys)
	case c.contacts == nil:
		return checksum(numbers[:], c.keys)
	case c.job == 0:
		return checksum(numbers[:2], c.keys, c.contacts)
	}
	return checksum([]int64{c.id, c.run, c.job}, c.keys, c.contacts)
}

// count returns how many outcomes the row has.
func (c *commitRow) count() int64 { return int64(len(c.keys) / endedSize) }

// ended returns the outcome with a number; the row has it.
func (c *commitRow) ended(outcome int64) ended {
	return readEnded(c.keys[(outcome-c.first)*int64(endedSize):])
}

// A record is a row of table outcome.
type record struct {
	id, run, kind, at, status, attempts, charged int64
	failure, message, contact, body              []byte
}

const recordColumns = "SELECT id, run, kind, at, status, attempts, charged, failure, message, contact, body, checksum FROM outcome"

// read reads a row and reports whether its checksum matches. Its texts belong to SQLite and are valid until the next step.
func (r *record) read(stmt *sqlite3.Stmt) (valid bool) {
	r.id, r.run, r.kind, r.at = stmt.ColumnInt64(0), stmt.ColumnInt64(1), stmt.ColumnInt64(2), stmt.ColumnInt64(3)
	r.status, r.attempts, r.charged = stmt.ColumnInt64(4), stmt.ColumnInt64(5), stmt.ColumnInt64(6)
	r.failure, r.message, r.contact, r.body = stmt.ColumnRawText(7), stmt.ColumnRawText(8), stmt.ColumnRawText(9), stmt.ColumnRawText(10)
	return r.sum() == stmt.ColumnInt64(11)
}

func (r *record) sum() int64 {
	return checksum([]int64{r.id, r.run, r.kind, r.at, r.status, r.attempts, r.charged}, r.failure, r.message, r.contact, r.body)
}

func (r *record) damaged() error {
	return fmt.Errorf("%w: outcome %d: checksum mismatch", ledger.ErrDamaged, r.id)
}

// outcome copies the row into an outcome and reuses the memory of its body.
func (r *record) outcome(o *contact.Outcome) {
	*o = contact.Outcome{
		Kind: contact.Kind(r.kind), At: moment(r.at), Status: int(r.status), Attempts: int(r.attempts), Charged: r.charged != 0,
		Failure: contact.Failure(r.failure), Message: string(r.message), Body: append(o.Body[:0], r.body...), Run: r.run,
	}
}
