package ledger

import (
	"os"
	"time"
)

// Stats count what a ledger holds; its JSON is what `enrich ledger stats --json` prints.
type Stats struct {
	// Answers is contacts that have an answer; Matched, NoMatch, Refused, Lost and Released are outcomes, of which a
	// contact may have several.
	Answers  int64 `json:"answers"`
	Matched  int64 `json:"matched"`
	NoMatch  int64 `json:"no_match"`
	Refused  int64 `json:"refused"`
	Lost     int64 `json:"lost"`
	Released int64 `json:"released"`
	// Credits is answers that said that a credit was charged.
	Credits int64 `json:"credits_charged"`
	Runs    int64 `json:"runs"`
	// First and Last are when the oldest and the newest outcome came; nil where there is none.
	First *time.Time `json:"first"`
	Last  *time.Time `json:"last"`
	// Bytes is the size of the file and its log.
	Bytes   int64 `json:"bytes"`
	Version int   `json:"schema_version"`
}

// Stats counts.
func (l *Ledger) Stats() (Stats, error) {
	l.db.Lock()
	defer l.db.Unlock()
	s := Stats{Answers: l.Answers()}
	if l.conn == nil {
		return s, nil
	}
	if err := l.count(&s); err != nil {
		return s, damaged(err)
	}
	var err error
	if s.Runs, err = l.number("SELECT count(*) FROM run"); err != nil {
		return s, damaged(err)
	}
	version, err := l.number("PRAGMA user_version")
	if err != nil {
		return s, damaged(err)
	}
	s.Version = int(version)
	for _, name := range []string{l.path, l.path + "-wal"} {
		if info, err := os.Stat(name); err == nil {
			s.Bytes += info.Size()
		}
	}
	return s, nil
}

// count goes through the outcomes once.
func (l *Ledger) count(s *Stats) error {
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
