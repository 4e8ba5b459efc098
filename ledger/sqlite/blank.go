package sqlite

import (
	"bytes"
	"errors"

	"github.com/tidwall/gjson"
)

// some removes outcomes here and there, and the intents that led to them. Their commits keep their places, so that no
// number is given twice: in ended the entry is zero, in asked the keys are and the contact is null.
func (e *erasure) some(goes func(ended) bool) error {
	commits, err := e.blankEnds(goes)
	if err != nil {
		return err
	}
	for _, c := range commits {
		if err := e.replace("UPDATE ended SET keys = ?, checksum = ? WHERE id = ?", c.id, c.sum(), c.keys); err != nil {
			return err
		}
	}
	return e.blankIntents()
}

// blankEnds blanks the entries that go, and deletes their outcomes. It returns the commits that are to be written anew:
// they cannot be while they are read.
func (e *erasure) blankEnds(goes func(ended) bool) (changed []commitRow, err error) {
	var ids []int64
	for stmt, err := range e.rows(readEnds) {
		if err != nil {
			return nil, err
		}
		c, err := readCommit(stmt)
		if err != nil {
			return nil, err
		}
		fresh := false
		for i := 0; i < len(c.keys); i += endedSize {
			o := readEnded(c.keys[i:])
			if o.kind == 0 || !goes(o) {
				continue
			}
			if !fresh {
				c.keys, fresh = bytes.Clone(c.keys), true
			}
			clear(c.keys[i:][:endedSize])
			e.gone[o.keys.Request] = max(e.gone[o.keys.Request], c.id)
			ids = append(ids, c.first+int64(i/endedSize))
			if o.kind.Answered() {
				e.n.Answers++
			} else {
				e.n.Others++
			}
		}
		if fresh {
			changed = append(changed, c)
		}
	}
	for _, id := range ids {
		err = errors.Join(err, e.addCost("id = ?", id), e.exec("DELETE FROM outcome WHERE id = ?", id))
	}
	return changed, err
}

// blankIntents blanks the intents of questions that go.
func (e *erasure) blankIntents() error {
	if len(e.gone) == 0 {
		return nil
	}
	type changed struct {
		id, sum        int64
		keys, contacts []byte
	}
	var all []changed
	for stmt, err := range e.rows("SELECT id, run, keys, contacts, checksum FROM asked ORDER BY id") {
		if err != nil {
			return err
		}
		id, run, keys, contacts := stmt.ColumnInt64(0), stmt.ColumnInt64(1), stmt.ColumnRawBlob(2), stmt.ColumnRawText(3)
		if err := checkAsked(id, run, keys, contacts, stmt.ColumnInt64(4)); err != nil {
			return err
		}
		if keys, contacts, n := e.blank(id, keys, contacts); n > 0 {
			e.n.Intents += n
			all = append(all, changed{id, checksum([]int64{id, run}, keys, contacts), keys, contacts})
		}
	}
	for _, c := range all {
		if err := e.replace("UPDATE asked SET keys = ?, contacts = ?, checksum = ? WHERE id = ?", c.id, c.sum, c.keys, c.contacts); err != nil {
			return err
		}
	}
	return nil
}

// blank makes the contacts of a commit that go null and their keys zero; it returns both anew, and how many.
func (e *erasure) blank(id int64, keys, contacts []byte) (keptKeys, kept []byte, n int64) {
	for i := 0; i < len(keys); i += keysSize {
		if before, ok := e.gone[readKeys(keys[i:]).Request]; ok && id < before {
			n++
		}
	}
	if n == 0 {
		return nil, nil, 0
	}
	keptKeys, kept = bytes.Clone(keys), append(kept, '[')
	for i, c := range gjson.ParseBytes(contacts).Array() {
		if i > 0 {
			kept = append(kept, ',')
		}
		k := keptKeys[i*keysSize:][:keysSize]
		if before, ok := e.gone[readKeys(k).Request]; ok && id < before {
			clear(k)
			kept = append(kept, "null"...)
			continue
		}
		kept = append(kept, c.Raw...)
	}
	return keptKeys, append(kept, ']'), n
}

// replace rewrites the row of a commit: its keys, its texts, its checksum.
func (e *erasure) replace(query string, id, sum int64, keys []byte, texts ...[]byte) error {
	stmt, _, err := e.conn.Prepare(query)
	if err != nil {
		return err
	}
	b := binder{stmt: stmt}
	b.blob(keys)
	for _, t := range texts {
		b.text(t)
	}
	b.int(sum)
	b.int(id)
	return errors.Join(b.exec(), stmt.Close())
}
