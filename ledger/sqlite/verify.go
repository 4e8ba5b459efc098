package sqlite

import (
	"context"
	"fmt"

	"github.com/tidwall/gjson"

	"enrich/contact"
	"enrich/ledger"
)

// mostTold bounds what is said of a ledger that is wrong everywhere.
const mostTold = 20

func (c *check) wrong(format string, args ...any) {
	c.found.Problems++
	if len(c.found.Told) < mostTold {
		c.found.Told = append(c.found.Told, fmt.Sprintf(format, args...))
	}
}

// Verify reads the whole file: SQLite's own check of every page, every checksum, every key made again from its contact,
// API and constants, and that every intent of a run that has ended has an outcome. What it finds is no error; an error
// says that it could not go on.
func (l *Ledger) Verify(ctx context.Context) (ledger.Verified, error) {
	l.db.Lock()
	defer l.db.Unlock()
	if l.conn == nil {
		return ledger.Verified{}, nil
	}
	l.conn.SetInterrupt(ctx)
	defer l.conn.SetInterrupt(context.Background())
	c := check{Ledger: l, open: map[int64]*openIntents{}}
	err := c.all()
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return c.found, err
}

// A check is a verification under way.
type check struct {
	*Ledger
	found ledger.Verified
	open  map[int64]*openIntents
}

func (c *check) all() error {
	for stmt, err := range c.rows("PRAGMA integrity_check(20)") {
		if err != nil {
			return err
		}
		if text := stmt.ColumnText(0); text != "ok" {
			c.wrong("SQLite: %s", text)
		}
	}
	if _, err := c.erasedSince(0); err != nil {
		c.wrong("%v", err)
	}
	runs, err := c.readRuns()
	if err != nil {
		c.wrong("%v", err)
	}
	for i := range runs {
		c.open[runs[i].id] = newOpenIntents()
	}
	if err := c.walk(c.pruned+1, c.commitRow); err != nil {
		c.wrong("%v", err)
	}
	for i := range runs {
		if r := &runs[i]; r.closed {
			c.unclosed(r.id)
		}
	}
	return nil
}

// commitRow looks at the outcomes or the intents of one commit.
func (c *check) commitRow(row *commitRow) error {
	if row.run > int64(len(c.runs)) {
		c.wrong("commit %d is of run %d, which is not there", row.id, row.run)
		return nil
	}
	if row.contacts != nil {
		c.intents(row)
		return c.open[row.run].intents(row.id, row.keys, row.contacts)
	}
	c.open[row.run].close(row.keys)
	return c.outcomes(row)
}

// intents looks whether each has the key of its contact.
func (c *check) intents(row *commitRow) {
	for i, asked := range gjson.ParseBytes(row.contacts).Array() {
		if (i+1)*keysSize > len(row.keys) {
			return // told by whoever takes the intents
		}
		k := readKeys(row.keys[i*keysSize:])
		if k == (contact.Keys{}) { // forgotten
			continue
		}
		c.found.Intents++
		if c.keysOf(row.run, []byte(asked.Raw)) != k {
			c.wrong("commit %d: intent %d has not the key of its contact", row.id, i+1)
		}
	}
}

// outcomes looks at the outcomes of one commit, and whether they are what the commit knows of them.
func (c *check) outcomes(row *commitRow) error {
	n := int64(len(row.keys) / endedSize)
	there := make([]bool, n)
	for stmt, err := range c.rows(readColumns+" WHERE id BETWEEN ? AND ?", row.first, row.first+n-1) {
		if err != nil {
			return err
		}
		var r record
		r.read(stmt)
		c.found.Outcomes++
		there[r.id-row.first] = true
		e := readEnded(row.keys[(r.id-row.first)*int64(endedSize):])
		switch {
		case r.sum() != stmt.ColumnInt64(11):
			c.wrong("outcome %d is not what was written", r.id)
		case r.run != row.run || r.kind != int64(e.kind) || r.at != e.at:
			c.wrong("outcome %d is not what its commit says", r.id)
		case c.keysOf(row.run, r.contact) != e.keys:
			c.wrong("outcome %d has not the key of its contact", r.id)
		}
	}
	for i, ok := range there {
		if !ok && readEnded(row.keys[i*endedSize:]).kind != 0 {
			c.wrong("outcome %d is not there", row.first+int64(i))
		}
	}
	return nil
}

// unclosed tells of intents without an outcome in a run that says that it has none.
func (c *check) unclosed(run int64) {
	for _, o := range c.open[run].lost(0) {
		c.wrong("run %d: an intent has no outcome: %s", run, o.Contact.AppendJSON(nil))
	}
}
