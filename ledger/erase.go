package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ncruces/go-sqlite3"
	"github.com/tidwall/gjson"

	"enrich/contact"
)

// Forget removes every trace of one person, given by any of the fields: outcomes and intents whose contact has all of
// them, and answers that give them back. Afterwards nothing of it is in the file's bytes, nor in its log's. It returns
// how many outcomes and intents were removed. A contact that is forgotten is new: asked again, it costs again.
func (l *Ledger) Forget(ctx context.Context, who contact.Contact) (int64, error) {
	if who == (contact.Contact{}) {
		return 0, errors.New("forget: name at least one field")
	}
	m := newMatcher(who)
	return l.erase(ctx, func(r *record) bool { return m.is(contact.ParseJSON(r.contact), r.body) },
		func() (int64, error) { return l.eraseIntents(ctx, m.has) })
}

// Prune removes what ended before a moment, and makes the file smaller. Contacts whose answer goes are new again.
func (l *Ledger) Prune(ctx context.Context, before time.Time) (int64, error) {
	old := before.UnixMilli()
	return l.erase(ctx, func(r *record) bool { return r.at < old }, l.eraseCommits)
}

// A matcher compares as contacts are compared: normalised.
type matcher struct{ want [6]string }

func normalised(c contact.Contact) [6]string {
	return [6]string{
		contact.Normal(c.Email), contact.Normal(c.FirstName), contact.Normal(c.LastName), contact.Normal(c.CompanyName),
		contact.Normal(contact.BareHost(c.CompanyDomain)), contact.Normal(contact.LinkedInPath(c.LinkedInURL)),
	}
}

func newMatcher(who contact.Contact) matcher { return matcher{normalised(who)} }

// is says whether a question or its answer is about the person.
func (m *matcher) is(asked contact.Contact, body []byte) bool {
	if m.has(asked) {
		return true
	}
	if len(body) == 0 {
		return false
	}
	c := gjson.GetBytes(body, "contact")
	return m.has(contact.Contact{
		Email: c.Get("email").String(), FirstName: c.Get("first_name").String(), LastName: c.Get("last_name").String(),
		CompanyName: c.Get("company.name").String(), CompanyDomain: c.Get("company.website").String(), LinkedInURL: c.Get("linkedin").String(),
	})
}

func (m *matcher) has(c contact.Contact) bool {
	got := normalised(c)
	for i, want := range m.want {
		if want != "" && got[i] != want {
			return false
		}
	}
	return true
}

// erase removes the outcomes that gone chooses, then what after adds to the transaction, and makes the file anew. Each
// commit keeps its place, so that no number is given twice.
func (l *Ledger) erase(ctx context.Context, gone func(*record) bool, after func() (int64, error)) (n int64, err error) {
	l.db.Lock()
	defer l.db.Unlock()
	if l.lock == nil {
		return 0, errors.New("write the ledger: it is open for reading only")
	}
	// The state in memory is of what was there before: from here on this ledger takes nothing more.
	l.failure = errors.Join(l.failure, errErased)
	if err := l.conn.Exec("PRAGMA secure_delete = ON; BEGIN IMMEDIATE"); err != nil {
		return 0, err
	}
	n, err = l.eraseOutcomes(ctx, gone)
	if err == nil {
		var more int64
		more, err = after()
		n += more
	}
	if err != nil {
		return 0, errors.Join(damaged(err), l.conn.Exec("ROLLBACK"))
	}
	if err := l.conn.Exec("COMMIT"); err != nil {
		return 0, err
	}
	return n, l.rewrite()
}

var errErased = fmt.Errorf("%w: something was erased from it; open it again", ErrFailed)

// rewrite makes the file anew from what is left in it, and empties the log: free pages keep old bytes, this does not.
func (l *Ledger) rewrite() error {
	if err := l.stmts.close(); err != nil {
		return err
	}
	if err := l.conn.Exec("VACUUM"); err != nil {
		return fmt.Errorf("make the file anew: %w", err)
	}
	if _, _, err := l.conn.WALCheckpoint("main", sqlite3.CHECKPOINT_TRUNCATE); err != nil {
		return fmt.Errorf("empty the log: %w", err)
	}
	return nil
}

// commitsAtOnce is how many commits are read before those among them that change are written.
const commitsAtOnce = 256

// eraseOutcomes goes through the commits in order, some at a time.
func (l *Ledger) eraseOutcomes(ctx context.Context, gone func(*record) bool) (n int64, err error) {
	for last := int64(0); ; {
		var commits []commitOfOutcomes
		for stmt, err := range l.rows("SELECT id, run, first, keys, checksum FROM ended WHERE id > ? ORDER BY id LIMIT ?", last, commitsAtOnce) {
			if err != nil {
				return n, err
			}
			c := commitOfOutcomes{stmt.ColumnInt64(0), stmt.ColumnInt64(1), stmt.ColumnInt64(2), stmt.ColumnBlob(3, nil)}
			if err := checkEnded(c.id, c.run, c.first, c.keys, stmt.ColumnInt64(4)); err != nil {
				return n, err
			}
			commits = append(commits, c)
		}
		if len(commits) == 0 {
			return n, nil
		}
		for i := range commits {
			k, err := l.eraseFrom(&commits[i], gone)
			if err := errors.Join(err, ctx.Err()); err != nil {
				return n, err
			}
			n += k
		}
		last = commits[len(commits)-1].id
	}
}

type commitOfOutcomes struct {
	id, run, first int64
	keys           []byte
}

// eraseFrom removes what gone chooses from one commit.
func (l *Ledger) eraseFrom(c *commitOfOutcomes, gone func(*record) bool) (int64, error) {
	var ids []int64
	count := int64(len(c.keys) / endedSize)
	for stmt, err := range l.rows(readColumns+" WHERE id BETWEEN ? AND ?", c.first, c.first+count-1) {
		if err != nil {
			return 0, err
		}
		var r record
		r.read(stmt)
		if r.sum() != stmt.ColumnInt64(11) {
			return 0, fmt.Errorf("%w: outcome %d is not what was written", ErrDamaged, r.id)
		}
		if gone(&r) {
			ids = append(ids, r.id)
		}
	}
	if len(ids) == 0 {
		return 0, nil
	}
	for _, id := range ids {
		clear(c.keys[(id-c.first)*int64(endedSize):][:endedSize])
		if err := l.exec("DELETE FROM outcome WHERE id = ?", id); err != nil {
			return 0, err
		}
	}
	return int64(len(ids)), l.replace("UPDATE ended SET keys = ?, checksum = ? WHERE id = ?", c.id,
		checksum([]int64{c.id, c.run, c.first}, c.keys), c.keys)
}

// replace rewrites the row of a commit: its texts, its checksum.
func (l *Ledger) replace(query string, id, sum int64, texts ...[]byte) error {
	stmt, _, err := l.conn.Prepare(query)
	if err != nil {
		return err
	}
	b := binder{stmt: stmt}
	b.blob(texts[0])
	for _, t := range texts[1:] {
		b.text(t)
	}
	b.int(sum)
	b.int(id)
	return errors.Join(b.exec(), stmt.Close())
}

// eraseIntents blanks the intents whose contact is chosen.
func (l *Ledger) eraseIntents(ctx context.Context, gone func(contact.Contact) bool) (n int64, err error) {
	for last := int64(-1); ; {
		id, run, keys, contacts := int64(-1), int64(0), []byte(nil), []byte(nil)
		for stmt, err := range l.rows("SELECT id, run, keys, contacts, checksum FROM asked WHERE id > ? ORDER BY id LIMIT 1", last) {
			if err != nil {
				return n, err
			}
			id, run, keys, contacts = stmt.ColumnInt64(0), stmt.ColumnInt64(1), stmt.ColumnBlob(2, nil), stmt.ColumnBlob(3, nil)
			if err := checkAsked(id, run, keys, contacts, stmt.ColumnInt64(4)); err != nil {
				return n, err
			}
		}
		if id < 0 {
			return n, ctx.Err()
		}
		if kept, k := blank(keys, contacts, gone); k > 0 {
			n += k
			sum := checksum([]int64{id, run}, keys, kept)
			if err := l.replace("UPDATE asked SET keys = ?, contacts = ?, checksum = ? WHERE id = ?", id, sum, keys, kept); err != nil {
				return n, err
			}
		}
		if err := ctx.Err(); err != nil {
			return n, err
		}
		last = id
	}
}

// blank makes the chosen contacts of a commit null, and their keys zero; it returns the contacts anew, and how many.
func blank(keys, contacts []byte, gone func(contact.Contact) bool) (kept []byte, n int64) {
	kept = append(kept, '[')
	for i, c := range gjson.ParseBytes(contacts).Array() {
		if i > 0 {
			kept = append(kept, ',')
		}
		if c.IsObject() && gone(contact.ParseJSON([]byte(c.Raw))) {
			clear(keys[i*keysSize:][:keysSize])
			kept = append(kept, "null"...)
			n++
			continue
		}
		kept = append(kept, c.Raw...)
	}
	return append(kept, ']'), n
}

// eraseCommits removes the commits before the first one that has an outcome left, and their intents, of runs that are
// closed. The last commit stays always: it holds the numbers that were given.
func (l *Ledger) eraseCommits() (int64, error) {
	left, err := l.number("SELECT coalesce(min(id), 1 << 62) FROM outcome")
	if err != nil {
		return 0, err
	}
	var before int64
	for stmt, err := range l.rows("SELECT coalesce(max(id), 0) FROM ended WHERE first <= ?", left) {
		if err != nil {
			return 0, err
		}
		before = stmt.ColumnInt64(0)
	}
	const closed = " WHERE id < ? AND run IN (SELECT id FROM run WHERE closed = 1)"
	return 0, errors.Join(l.exec("DELETE FROM asked"+closed, before), l.exec("DELETE FROM ended"+closed, before))
}
