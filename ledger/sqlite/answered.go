package sqlite

import (
	"context"
	"fmt"
)

// AnsweredFrom reports whether the ledger has an answer from a base URL (normalised, as in [ledger.Run]), so that a 404 of that API
// means a contact that it does not know, and not a wrong URL. Answers that were 404s do not count: that would prove nothing.
//
// It looks at the outcomes of the runs with that URL, the newest first, and ends at the first answer.
func (l *Ledger) AnsweredFrom(_ context.Context, url string) (bool, error) {
	l.db.Lock()
	defer l.db.Unlock()
	if l.conn == nil || l.Answers() == 0 {
		return false, nil
	}
	next := l.last + 1
	for i := len(l.runs) - 1; i >= 0; i-- {
		first, err := l.firstOf(l.runs[i].id)
		if err != nil {
			return false, damaged(err)
		}
		if l.runs[i].URL == url && first < next {
			const query = "SELECT EXISTS(SELECT 1 FROM outcome WHERE id >= ? AND id < ? AND kind IN (1, 2) AND status BETWEEN 200 AND 299)"
			found, err := l.number(query, first, next)
			if err != nil {
				return false, damaged(fmt.Errorf("look for an answer of run %d: %w", l.runs[i].id, err))
			}
			if found != 0 {
				return true, nil
			}
		}
		next = first
	}
	return false, nil
}
