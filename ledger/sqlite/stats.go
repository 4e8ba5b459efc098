package sqlite

import (
	"context"
	"os"

	"enrich/ledger"
	"enrich/ledger/sqlite/internal/wal"
)

// Stats counts what is in the ledger.
func (l *Ledger) Stats(_ context.Context) (ledger.Stats, error) {
	l.db.Lock()
	defer l.db.Unlock()
	s := ledger.Stats{Answers: l.Answers()}
	if l.conn == nil {
		return s, nil
	}
	if err := l.countOutcomes(&s); err != nil {
		return s, damaged(err)
	}
	var err error
	if s.Runs, err = l.number("SELECT count(*) FROM run"); err != nil {
		return s, damaged(err)
	}
	if err := l.countJobs(&s); err != nil {
		return s, damaged(err)
	}
	version, err := l.number("PRAGMA user_version")
	if err != nil {
		return s, damaged(err)
	}
	s.Version = int(version)
	for _, path := range []string{l.path, wal.Path(l.path)} {
		if info, err := os.Stat(path); err == nil {
			s.Bytes += info.Size()
		}
	}
	return s, nil
}

// countOutcomes reads the outcomes once.
func (l *Ledger) countOutcomes(s *ledger.Stats) error {
	const query = `SELECT sum(kind = 1), sum(kind = 2), sum(kind = 3), sum(kind = 4), sum(kind = 5), sum(charged), min(at), max(at), count(*) FROM outcome`
	for stmt, err := range l.rows(query) {
		if err != nil {
			return err
		}
		for i, n := range []*int64{&s.Matched, &s.NoMatch, &s.Refused, &s.Lost, &s.Released, &s.Credits} {
			*n = stmt.ColumnInt64(i)
		}
		if stmt.ColumnInt64(8) > 0 {
			first, last := moment(stmt.ColumnInt64(6)), moment(stmt.ColumnInt64(7))
			s.First, s.Last = &first, &last
		}
	}
	return nil
}

// countJobs counts the jobs. A reader does not count a submitted job whose run died as open: it will be lost.
func (l *Ledger) countJobs(s *ledger.Stats) error {
	if l.version < jobVersion {
		return nil
	}
	open := "state IN ('submitted', 'open')"
	if l.options.ReadOnly && !l.live {
		open = "state = 'open'"
	}
	query := "SELECT count(*), coalesce(sum(" + open + "), 0), " + l.pendingInJobs() + ", coalesce(sum(raw), 0) FROM job"
	for stmt, err := range l.rows(query) {
		if err != nil {
			return err
		}
		for i, n := range []*int64{&s.Jobs, &s.JobsOpen, &s.ContactsInOpenJobs, &s.RawResults} {
			*n = stmt.ColumnInt64(i)
		}
	}
	return nil
}
