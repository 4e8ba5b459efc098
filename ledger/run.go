package ledger

import (
	"errors"
	"fmt"
	"time"

	"enrich/contact"
)

// RunInfo is what the ledger keeps of a run.
type RunInfo struct {
	// Started is when it began.
	Started time.Time
	// URL is the API's normalised base URL, Constants the constant fields of every request as JSON, or empty: with a
	// contact they make its key.
	URL       string
	Constants []byte
	// Input is the input's name, as the user wrote it; Version that of the program.
	Input, Version string
}

// Begin makes a new run durable and returns its number, from 1.
func (l *Ledger) Begin(i RunInfo) (run int64, err error) {
	l.db.Lock()
	defer l.db.Unlock()
	if l.failure != nil {
		return 0, l.failure
	}
	stmt, _, err := l.conn.Prepare("INSERT INTO run(started, url, input, version, constants) VALUES(?,?,?,?,?)")
	if err != nil {
		return 0, fmt.Errorf("write the ledger: %w", err)
	}
	b := binder{stmt: stmt}
	b.int(i.Started.UnixMilli())
	for _, text := range []string{i.URL, i.Input, i.Version, string(i.Constants)} {
		b.text([]byte(text))
	}
	if err := errors.Join(b.exec(), stmt.Close()); err != nil {
		l.failure = fmt.Errorf("%w: %w", ErrFailed, err)
		return 0, fmt.Errorf("write the ledger: %w", err)
	}
	return l.conn.LastInsertRowID(), nil
}

// Finish notes how a run ended: what stopped it ("" for nothing), its exit code, and that none of its intents is open.
func (l *Ledger) Finish(run int64, stopped string, exitCode int) error {
	l.db.Lock()
	defer l.db.Unlock()
	if l.failure != nil {
		return l.failure
	}
	stmt, _, err := l.conn.Prepare("UPDATE run SET finished = ?, stopped = nullif(?, ''), exit_code = ?, closed = 1 WHERE id = ?")
	if err != nil {
		return fmt.Errorf("write the ledger: %w", err)
	}
	b := binder{stmt: stmt}
	b.int(time.Now().UnixMilli())
	b.text([]byte(stopped))
	b.int(int64(exitCode))
	b.int(run)
	if err := errors.Join(b.exec(), stmt.Close()); err != nil {
		l.failure = fmt.Errorf("%w: %w", ErrFailed, err)
		return fmt.Errorf("write the ledger: %w", err)
	}
	return nil
}

// identity is that of a run's requests.
func (i *RunInfo) identity() contact.Identity { return contact.NewIdentity(i.URL, i.Constants) }
