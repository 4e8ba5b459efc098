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
	for stmt, err := range l.rows(`SELECT kind, count(*), sum(charged), min(at), max(at) FROM outcome GROUP BY kind`) {
		if err != nil {
			return s, damaged(err)
		}
		n := stmt.ColumnInt64(1)
		switch stmt.ColumnInt64(0) {
		case 1:
			s.Matched = n
		case 2:
			s.NoMatch = n
		case 3:
			s.Refused = n
		case 4:
			s.Lost = n
		case 5:
			s.Released = n
		}
		s.Credits += stmt.ColumnInt64(2)
		first, last := moment(stmt.ColumnInt64(3)), moment(stmt.ColumnInt64(4))
		if s.First == nil || first.Before(*s.First) {
			s.First = &first
		}
		if s.Last == nil || last.After(*s.Last) {
			s.Last = &last
		}
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
