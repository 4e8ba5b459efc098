package ledger

import (
	"context"
	"fmt"

	"enrich/contact"
)

// Verified is what a verification looked at, and what was wrong.
type Verified struct {
	Outcomes, Intents int64
	// Problems is how many there were; Told are the first of them, in words.
	Problems int64
	Told     []string
}

// mostTold bounds what is said of a ledger that is wrong everywhere.
const mostTold = 20

func (v *Verified) wrong(format string, args ...any) {
	v.Problems++
	if len(v.Told) < mostTold {
		v.Told = append(v.Told, fmt.Sprintf(format, args...))
	}
}

// Verify reads the whole file: SQLite's own check of every page, every checksum, every key made again from its contact,
// API and constants, and that every intent of a run that has ended has an outcome. What it finds is no error; an error
// says that it could not go on.
func (l *Ledger) Verify(ctx context.Context) (Verified, error) {
	l.db.Lock()
	defer l.db.Unlock()
	var v Verified
	if l.conn == nil {
		return v, nil
	}
	l.conn.SetInterrupt(ctx)
	defer l.conn.SetInterrupt(context.Background())
	for stmt, err := range l.rows("PRAGMA integrity_check(20)") {
		if err != nil {
			return v, err
		}
		if text := stmt.ColumnText(0); text != "ok" {
			v.wrong("SQLite: %s", text)
		}
	}
	runs, err := l.runs()
	if err != nil {
		return v, err
	}
	identities := map[int64]contact.Identity{}
	for id, info := range runs {
		identities[id] = info.identity()
	}
	for stmt, err := range l.rows("SELECT id, run, first, keys, checksum FROM ended ORDER BY id") {
		if err != nil {
			return v, err
		}
		id, run, first, keys := stmt.ColumnInt64(0), stmt.ColumnInt64(1), stmt.ColumnInt64(2), stmt.ColumnBlob(3, nil)
		if err := checkEnded(id, run, first, keys, stmt.ColumnInt64(4)); err != nil {
			v.wrong("%v", err)
			continue
		}
		identity, ok := identities[run]
		if !ok {
			v.wrong("commit %d is of run %d, which is not there", id, run)
		}
		if err := l.verifyEnded(&v, identity, run, first, keys); err != nil {
			return v, err
		}
	}
	return v, l.verifyIntents(&v)
}

// verifyEnded checks the outcomes of one commit against what the commit knows of them.
func (l *Ledger) verifyEnded(v *Verified, identity contact.Identity, run, first int64, keys []byte) error {
	n := int64(len(keys) / endedSize)
	there := make([]bool, n)
	for stmt, err := range l.rows(readColumns+" WHERE id BETWEEN ? AND ?", first, first+n-1) {
		if err != nil {
			return err
		}
		var r record
		r.read(stmt)
		v.Outcomes++
		there[r.id-first] = true
		e := readEnded(keys[(r.id-first)*int64(endedSize):])
		switch {
		case r.sum() != stmt.ColumnInt64(11):
			v.wrong("outcome %d is not what was written", r.id)
		case r.run != run || r.kind != int64(e.kind) || r.at != e.at:
			v.wrong("outcome %d is not what its commit says", r.id)
		case identity.Keys(contact.ParseJSON(r.contact)) != e.keys:
			v.wrong("outcome %d has not the key of its contact", r.id)
		}
	}
	for i, ok := range there {
		if !ok && readEnded(keys[i*endedSize:]).kind != 0 {
			v.wrong("outcome %d is not there", first+int64(i))
		}
	}
	return nil
}

// verifyIntents looks for intents without an outcome in runs that say that they have none.
func (l *Ledger) verifyIntents(v *Verified) error {
	var closed []int64
	for stmt, err := range l.rows("SELECT id FROM run WHERE closed = 1 ORDER BY id") {
		if err != nil {
			return err
		}
		closed = append(closed, stmt.ColumnInt64(0))
	}
	for _, run := range closed {
		open, err := l.openIntents(run)
		if err != nil {
			v.wrong("run %d: %v", run, err)
			continue
		}
		for _, o := range open {
			v.wrong("run %d: an intent has no outcome: %s", run, o.Contact.AppendJSON(nil))
		}
	}
	var err error
	v.Intents, err = l.number(fmt.Sprintf("SELECT coalesce(sum(length(keys)), 0) / %d FROM asked", keysSize))
	return err
}
