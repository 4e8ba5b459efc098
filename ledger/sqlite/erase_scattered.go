package sqlite

import (
	"bytes"
	"errors"
	"slices"

	"enrich/internal/jsonscan"
	"enrich/ledger/internal/codec"
)

// eraseScattered removes single outcomes and the intents that led to them. Their commits stay, so that no number is used twice:
// the outcome's entry in ended becomes zero; in asked the intent's keys become zero and its contact null.
func (e *erasure) eraseScattered(removes func(ended) bool) error {
	commits, err := e.eraseOutcomes(removes)
	if err != nil {
		return err
	}
	for i := range commits {
		if err := e.updateRow("UPDATE ended SET keys = ?, checksum = ? WHERE id = ?", &commits[i]); err != nil {
			return err
		}
	}
	return e.eraseIntents()
}

// eraseOutcomes deletes outcomes and returns the commits that must be rewritten: they cannot be while they are read.
func (e *erasure) eraseOutcomes(removes func(ended) bool) (changed []commitRow, err error) {
	var ids []int64
	for stmt, err := range e.rows(e.selectEnded() + " ORDER BY id") {
		if err != nil {
			return nil, err
		}
		c, err := readCommit(stmt)
		if err != nil {
			return nil, err
		}
		if e.keeps(&c) {
			continue
		}
		if removed := e.eraseFromCommit(&c, removes); len(removed) > 0 {
			ids = append(ids, removed...)
			changed = append(changed, c)
		}
	}
	for _, id := range ids {
		err = errors.Join(err, e.addCost("id = ?", id), e.exec("DELETE FROM outcome WHERE id = ?", id))
	}
	return changed, err
}

// keeps reports whether nothing is removed from a commit, because it belongs to an open job.
func (e *erasure) keeps(c *commitRow) bool { return e.keepJobs && e.jobs[c.job] != nil }

// eraseFromCommit makes the entries of removed outcomes zero, in a copy of the row's keys, and returns their numbers.
func (e *erasure) eraseFromCommit(c *commitRow, removes func(ended) bool) (ids []int64) {
	for i := 0; i < len(c.keys); i += endedSize {
		o := readEnded(c.keys[i:])
		if o.kind == 0 || !removes(o) {
			continue
		}
		if len(ids) == 0 {
			c.keys = bytes.Clone(c.keys)
		}
		clear(c.keys[i:][:endedSize])
		e.requests[o.keys.Request] = max(e.requests[o.keys.Request], c.id)
		ids = append(ids, c.first+int64(i/endedSize))
		if o.kind.Answered() {
			e.removed.Answers++
		} else {
			e.removed.Others++
		}
	}
	return ids
}

// eraseIntents erases the intents of the requests whose outcomes are removed.
func (e *erasure) eraseIntents() error {
	if len(e.requests) == 0 {
		return nil
	}
	var changed []commitRow
	for stmt, err := range e.rows(e.selectAsked() + " ORDER BY id") {
		if err != nil {
			return err
		}
		c, err := readAsked(stmt)
		if err != nil {
			return err
		}
		if !e.keeps(&c) && e.eraseContacts(&c) {
			changed = append(changed, c)
		}
	}
	for i := range changed {
		c := &changed[i]
		if err := e.updateRow("UPDATE asked SET keys = ?, contacts = ?, checksum = ? WHERE id = ?", c, c.contacts); err != nil {
			return err
		}
	}
	return nil
}

// eraseContacts erases the intents of one commit, in copies of the row's keys and contacts, and reports whether there were any.
func (e *erasure) eraseContacts(c *commitRow) (changed bool) {
	job := e.jobs[c.job] // nil: none, or it has ended
	removes := func(i int) bool {
		before, ok := e.requests[codec.ReadKeys(c.keys[i*codec.KeysSize:]).Request]
		return ok && c.id < before
	}
	for i := range len(c.keys) / codec.KeysSize {
		if removes(i) {
			e.removed.Intents++
			changed = true
			if c.job != 0 {
				e.eraseFromJob(job, c.job, i)
			}
		}
	}
	if !changed {
		return false
	}
	keys, contacts := bytes.Clone(c.keys), []byte{'['}
	for i, asked := range slices.Collect(jsonscan.Elements(c.contacts)) {
		if i > 0 {
			contacts = append(contacts, ',')
		}
		if removes(i) {
			clear(keys[i*codec.KeysSize:][:codec.KeysSize])
			contacts = append(contacts, "null"...)
			continue
		}
		contacts = append(contacts, asked...)
	}
	c.keys, c.contacts = keys, append(contacts, ']')
	return true
}
