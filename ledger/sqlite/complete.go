package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"enrich/ledger"
	"enrich/ledger/sqlite/internal/lockfile"
	"enrich/ledger/sqlite/internal/wal"
)

// Whether a ledger is complete is judged by its content, not by which files exist: another program may have merged the log and
// removed it, and then nothing is missing. There are two witnesses. The lock file records the newest commit. If only the ledger
// was copied, without its lock file, the row of table log says whether a log must follow: it is 1 in what a checkpoint
// writes into the file, and 0 in what the log says next. So the file alone has the 1, and the file with its log, or a copy that
// SQLite makes of both, has the 0.

// incomplete returns ledger.ErrIncomplete, or records what is missing if the loss is accepted.
func (l *Ledger) incomplete(format string, args ...any) error {
	if l.options.AcceptLoss {
		l.loss = append(l.loss, fmt.Sprintf(format, args...))
		return nil
	}
	return fmt.Errorf("%w: %w", ledger.ErrIncomplete, fmt.Errorf(format, args...))
}

// checkEmptyFile refuses an empty file that was a ledger, before SQLite opens it: SQLite takes it for a new database and removes
// the log beside it.
func (l *Ledger) checkEmptyFile(r lockfile.Record) error {
	info, err := os.Stat(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || info.Size() > 0 {
		return err
	}
	switch {
	case !wal.IsEmpty(l.path):
		return l.incomplete("it is empty, but there is a log beside it")
	case r.HasCommits():
		return l.incomplete("it is empty, and its lock file records %s", r)
	case r.Used && !r.Known:
		return l.incomplete("it is empty, but its lock file says that it was a ledger")
	}
	return nil
}

// checkComplete refuses an open ledger of some version (0: an empty file) if something durable is missing from it. logged says
// whether a log with at least one transaction is beside it.
func (l *Ledger) checkComplete(version int, r lockfile.Record, logged bool) error {
	commit, outcome, err := l.newest(version)
	if err != nil {
		return err
	}
	switch {
	case r.Known && (commit < r.Commit || outcome < r.Outcome):
		return l.incomplete("its lock file records %s, but it ends with commit %d and outcome %d", r, commit, outcome)
	case r.Known && r.Checksum != 0:
		sum, err := l.outcomeSum(r.Outcome)
		if err == nil && sum != r.Checksum {
			err = l.incomplete("its lock file records outcome %d, and another one is in its place", r.Outcome)
		}
		return err
	case r.Known || logged || version < logVersion:
		return nil
	}
	needed, err := l.number("SELECT needed FROM log")
	if err == nil && needed != 0 {
		err = l.incomplete("it is a file without its log (-wal), which contained more")
	}
	return err
}

// newest returns the last numbers that were assigned to a commit and to an outcome.
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
