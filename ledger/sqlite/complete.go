package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"enrich/ledger"
)

// Whether a ledger is complete is judged by its content, not by which files are there: another program may have merged the
// log and removed it, and then nothing is missing. There are two witnesses. The lock file records the newest commit. Where
// there is no lock file, because only the ledger was copied, the row of table log says whether the ledger was followed by
// more: it is 1 in what a checkpoint writes into the file, and 0 in what the log says next, so that the file alone has
// the 1, and the file with its log, or a copy that SQLite made of both, has the 0.

// refuseNew refuses to take a ledger that is gone for one that never was.
func (r lockRecord) refuseNew(why string) error {
	if !r.known || r.commit == 0 && r.outcome == 0 {
		return nil
	}
	return fmt.Errorf("%w: %s, and its lock file records %s", ledger.ErrIncomplete, why, r)
}

// String says it in words.
func (r lockRecord) String() string {
	return fmt.Sprintf("commit %d and outcome %d", r.commit, r.outcome)
}

// lacks refuses what is not complete, or notes it if the loss is accepted.
func (l *Ledger) lacks(format string, args ...any) error {
	if l.options.AcceptLoss {
		l.loss = append(l.loss, fmt.Sprintf(format, args...))
		return nil
	}
	return fmt.Errorf("%w: %w", ledger.ErrIncomplete, fmt.Errorf(format, args...))
}

// Loss says what was missing when the ledger was opened with [Options.AcceptLoss].
func (l *Ledger) Loss() []string { return l.loss }

// judgeFiles refuses what can be seen before SQLite opens the ledger: SQLite takes an empty file for a new database, and
// removes the log beside it.
func (l *Ledger) judgeFiles(r lockRecord) error {
	info, err := os.Stat(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || info.Size() > 0 {
		return err
	}
	log, err := os.Stat(l.path + "-wal")
	switch {
	case err == nil && log.Size() > 0:
		return l.lacks("it is empty, but a log lies beside it")
	case r.known && r.refuseNew("") != nil:
		return l.lacks("it is empty, and its lock file records %s", r)
	case r.used && !r.known:
		return l.lacks("it is empty, but its lock file says that it was a ledger")
	}
	return nil
}

// judge refuses an open ledger of some version (0: an empty one) that lacks what was durable in it. logged says whether a
// log with at least one transaction is beside it.
func (l *Ledger) judge(version int, r lockRecord, logged bool) error {
	commit, outcome, err := l.newest(version)
	if err != nil {
		return err
	}
	switch {
	case r.known && (commit < r.commit || outcome < r.outcome):
		return l.lacks("its lock file records %s, but it ends with commit %d and outcome %d", r, commit, outcome)
	case r.known && r.sum != 0:
		sum, err := l.outcomeSum(r.outcome)
		if err == nil && sum != r.sum {
			err = l.lacks("its lock file records outcome %d, and another one is in its place", r.outcome)
		}
		return err
	case r.known || logged || version < logVersion:
		return nil
	}
	needed, err := l.number("SELECT needed FROM log")
	if err == nil && needed != 0 {
		err = l.lacks("it is a file without its log (-wal), which had more")
	}
	return err
}

// newest returns the last numbers that were given to a commit and to an outcome.
func (l *Ledger) newest(version int) (commit, outcome int64, err error) {
	if version == 0 {
		return 0, 0, nil
	}
	const lastCommit = `SELECT max(coalesce((SELECT max(id) FROM ended), 0), coalesce((SELECT max(id) FROM asked), 0),
		coalesce((SELECT max(commits) FROM pruned), 0))`
	if commit, err = l.number(lastCommit); err != nil {
		return 0, 0, err
	}
	const lastOutcome = `SELECT max(coalesce((SELECT first + length(keys) / ? - 1 FROM ended ORDER BY id DESC LIMIT 1), 0),
		coalesce((SELECT max(outcomes) FROM pruned), 0))`
	outcome, err = l.number(lastOutcome, int64(endedSize))
	return commit, outcome, err
}

// outcomeSum returns the checksum of an outcome's row, or 0 if there is no such row.
func (l *Ledger) outcomeSum(id int64) (int64, error) {
	return l.number("SELECT coalesce((SELECT checksum FROM outcome WHERE id = ?), 0)", id)
}
