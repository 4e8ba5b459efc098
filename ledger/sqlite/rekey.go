package sqlite

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/ncruces/go-sqlite3"

	"enrich/contact"
	"enrich/internal/jsonscan"
	"enrich/ledger"
	"enrich/ledger/internal/codec"
)

// rekeyStep is the migration that recomputes every key from its contact, because the rules of [contact.Identity] changed. It
// changes no table. If the rules change again, append it to the migrations again.
//
// If two contacts become one, both stay: the state of the contact is the latest answer, as if it had been sent twice.
const rekeyStep = `/* every key is made again from its contact: see rekey.go */`

// rekeyBatch is how many rows of a table are in memory at a time.
const rekeyBatch = 64

// rekeyVersion returns the version from which on keys follow the current rules.
func rekeyVersion() int {
	for i := len(migrations) - 1; i >= 0; i-- {
		if migrations[i] == rekeyStep {
			return i + 1
		}
	}
	return 0
}

// outdated reports whether the keys in the file follow older rules. A ledger that is only read is not migrated, so its keys are
// recomputed each time that it is read.
func (l *Ledger) outdated() bool { return l.version > 0 && l.version < rekeyVersion() }

// rekey recomputes the keys of all commits, in the transaction that the caller has begun, and writes the rows that change. It
// refuses a ledger that [Ledger.load] would refuse, so that a damaged file stays as it is.
func rekey(db *sqlite3.Conn, version int) (err error) {
	l := &Ledger{conn: db, version: version}
	if l.runs, err = l.readRuns(); err != nil {
		return err
	}
	if err := errors.Join(l.loadPruned(), l.loadJobs()); err != nil {
		return err
	}
	if err := l.rekeyEnded(); err != nil {
		return err
	}
	return l.rekeyAsked()
}

func (l *Ledger) rekeyEnded() error {
	var lastKept int64
	err := l.inBatches(l.selectEnded(), readCommit, func(c *commitRow) error {
		if err := l.checkNext(c); err != nil {
			return err
		}
		for i := 0; i < len(c.keys); i += endedSize {
			if readEnded(c.keys[i:]).kind != 0 {
				lastKept = c.first + int64(i/endedSize)
			}
		}
		changed, err := l.rekeyRow(c)
		if err != nil || !changed {
			return err
		}
		return l.updateRow("UPDATE ended SET keys = ?, checksum = ? WHERE id = ?", c)
	})
	if err != nil {
		return err
	}
	return l.checkEnd(lastKept)
}

// rekeyAsked leaves a damaged row as it is: opening a ledger does not read most of them, and a new checksum would hide the
// damage.
func (l *Ledger) rekeyAsked() error {
	return l.inBatches(l.selectAsked(), readAskedOrDamaged, func(c *commitRow) error {
		if c.contacts == nil || !l.hasRun(c.run) {
			return nil
		}
		submitted := c.keys
		changed, err := l.rekeyRow(c)
		if err != nil || !changed {
			return err
		}
		if err := l.keepIDs(c, submitted); err != nil {
			return err
		}
		return l.updateRow("UPDATE asked SET keys = ?, checksum = ? WHERE id = ?", c)
	})
}

// keepIDs records under which keys the contacts of an open job were submitted: its results will have those.
func (l *Ledger) keepIDs(c *commitRow, submitted []byte) error {
	j := l.jobs[c.job]
	if j == nil || j.asked != c.id {
		return nil
	}
	row := j.jobRow
	var err error
	if row.ids, err = l.submittedIDs(j); err != nil || len(row.ids) > 0 {
		return err
	}
	for i := 0; i < len(submitted); i += codec.KeysSize {
		row.ids = append(row.ids, submitted[i:][:codec.KeySize]...)
	}
	return l.writeJob(updateJob, &row)
}

// readAskedOrDamaged reads a row of asked, without its contacts if it is damaged.
func readAskedOrDamaged(stmt *sqlite3.Stmt) (commitRow, error) {
	c, err := readAsked(stmt)
	if err != nil {
		c.contacts = nil
	}
	return c, nil
}

// inBatches calls do with every row of a table in the order of their numbers, some at a time, so that do may change the table.
func (l *Ledger) inBatches(columns string, read func(*sqlite3.Stmt) (commitRow, error), do func(*commitRow) error) error {
	query := fmt.Sprintf("%s WHERE id > ? ORDER BY id LIMIT %d", columns, rekeyBatch)
	last := int64(0)
	for {
		var batch []commitRow
		for stmt, err := range l.rows(query, last) {
			if err != nil {
				return err
			}
			c, err := read(stmt)
			if err != nil {
				return err
			}
			c.keys, c.contacts = bytes.Clone(c.keys), bytes.Clone(c.contacts)
			batch = append(batch, c)
		}
		for i := range batch {
			if err := do(&batch[i]); err != nil {
				return err
			}
		}
		if len(batch) < rekeyBatch {
			return nil
		}
		last = batch[len(batch)-1].id
	}
}

// rekeyRow replaces the keys of a commit's intents or outcomes by those of the current rules, and reports whether any changed.
// A key whose contact is damaged or missing stays: reading it will return the error.
func (l *Ledger) rekeyRow(c *commitRow) (changed bool, err error) {
	run, err := l.identityRun(c)
	if err != nil {
		return false, err
	}
	if c.contacts != nil {
		return l.rekeyIntents(c, run), nil
	}
	keys := slices.Clone(c.keys)
	for stmt, err := range l.rows("SELECT id, contact FROM outcome WHERE id BETWEEN ? AND ?", c.first, c.first+c.count()-1) {
		if err != nil {
			return false, err
		}
		id := stmt.ColumnInt64(0)
		newKeys := l.keysOf(run, stmt.ColumnRawText(1))
		if old := c.ended(id); old.kind == 0 || old.keys == newKeys {
			continue
		}
		if valid, err := l.isOutcomeValid(id); err != nil || !valid {
			if err != nil {
				return false, err
			}
			continue
		}
		copy(keys[(id-c.first)*int64(endedSize):], codec.AppendKeys(nil, newKeys))
		changed = true
	}
	c.keys = keys
	return changed, nil
}

// rekeyIntents makes them by the API and the constants of a run.
func (l *Ledger) rekeyIntents(c *commitRow, run int64) (changed bool) {
	keys := slices.Clone(c.keys)
	for i, asked := range slices.Collect(jsonscan.Elements(c.contacts)) {
		if (i+1)*codec.KeysSize > len(keys) {
			break
		}
		old := codec.ReadKeys(keys[i*codec.KeysSize:])
		if old == (contact.Keys{}) { // forgotten
			continue
		}
		if newKeys := l.keysOf(run, asked); newKeys != old {
			copy(keys[i*codec.KeysSize:], codec.AppendKeys(nil, newKeys))
			changed = true
		}
	}
	c.keys = keys
	return changed
}

// identityRun returns the run whose API and constants made the keys of a row. Any run of the same API may record the results of a
// job, but the keys are those of the run that submitted it.
func (l *Ledger) identityRun(c *commitRow) (int64, error) {
	if c.job == 0 {
		return c.run, nil
	}
	run, err := l.number("SELECT run FROM job WHERE id = ?", c.job)
	if err == nil && !l.hasRun(run) {
		err = fmt.Errorf("%w: commit %d is of job %d, which has no run", ledger.ErrDamaged, c.id, c.job)
	}
	return run, err
}

// keysOf returns the keys of a contact in the file, under the API and the constants of a run. A contact that was sent before a
// rule of cleaning existed is cleaned by it, because the row will be.
func (l *Ledger) keysOf(run int64, object []byte) contact.Keys {
	for i := len(l.identities); i < len(l.runs); i++ {
		l.identities = append(l.identities, l.runs[i].Identity())
	}
	return l.identities[run-1].Keys(contact.ParseJSON(object).Cleaned())
}

// isOutcomeValid reports whether the checksum of an outcome matches.
func (l *Ledger) isOutcomeValid(id int64) (valid bool, err error) {
	for stmt, err := range l.rows(recordColumns+" WHERE id = ?", id) {
		if err != nil {
			return false, err
		}
		var r record
		valid = r.read(stmt)
	}
	return valid, nil
}
