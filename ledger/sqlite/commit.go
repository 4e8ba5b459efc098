package sqlite

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/ncruces/go-sqlite3"

	"enrich/contact"
	"enrich/ledger"
)

// statements are those that are run again and again. Those of every row bind texts as blobs and cast them, which spares a copy.
type statements struct {
	begin, commit, rollback *sqlite3.Stmt
	asked, ended, outcome   *sqlite3.Stmt
	read                    *sqlite3.Stmt
	keys, texts             []byte // reused
	lastSum                 int64  // the checksum of the last outcome of this transaction
}

func (s *statements) prepare(conn *sqlite3.Conn) error {
	var all error
	for query, stmt := range map[string]**sqlite3.Stmt{
		"BEGIN IMMEDIATE": &s.begin,
		"COMMIT":          &s.commit,
		"ROLLBACK":        &s.rollback,
		"INSERT INTO asked VALUES(?,?,?,CAST(? AS TEXT),?)":                                                           &s.asked,
		"INSERT INTO ended VALUES(?,?,?,?,?,?,?)":                                                                     &s.ended,
		"INSERT INTO outcome VALUES(?,?,?,?,?,?,?,CAST(? AS TEXT),CAST(? AS TEXT),CAST(? AS TEXT),CAST(? AS TEXT),?)": &s.outcome,
	} {
		if *stmt != nil {
			continue
		}
		var err error
		*stmt, _, err = conn.PrepareFlags(query, sqlite3.PREPARE_PERSISTENT)
		all = errors.Join(all, err)
	}
	return all
}

func (s *statements) close() error {
	var all error
	for _, stmt := range []*sqlite3.Stmt{s.begin, s.commit, s.rollback, s.asked, s.ended, s.outcome, s.read} {
		if stmt != nil {
			all = errors.Join(all, stmt.Close())
		}
	}
	*s = statements{}
	return all
}

// Commit makes intents and outcomes of a run durable, together; when it returns nil they are on the disk, and the state
// knows the outcomes. After an error the ledger takes nothing more: what a failed sync left on the disk cannot be known,
// and [ledger.ErrFailed] is what every later call returns.
func (l *Ledger) Commit(_ context.Context, run int64, intents []ledger.Intent, outcomes []contact.Outcome) (claimed []bool, err error) {
	if err := l.commitGroup(run, intents, outcomes); err != nil {
		return nil, err
	}
	for len(l.claimed) < len(intents) {
		l.claimed = append(l.claimed, true)
	}
	return l.claimed[:len(intents)], nil
}

func (l *Ledger) commitGroup(run int64, intents []ledger.Intent, outcomes []contact.Outcome) error {
	l.db.Lock()
	defer l.db.Unlock()
	if err := l.ready(); err != nil {
		return err
	}
	if len(intents)+len(outcomes) == 0 {
		return nil
	}
	first := l.last + 1
	if err := l.write(run, first, intents, outcomes); err != nil {
		return l.fail(err)
	}
	l.commit++
	l.last += int64(len(outcomes))
	if len(outcomes) > 0 {
		l.lastSum = l.stmts.lastSum
	}
	l.noteAll(run, first, outcomes)
	// The record comes after the sync, and before the checkpoint: a kill here leaves it one commit behind.
	err := l.keepRecord(!l.recordSynced)
	if err == nil {
		err = l.checkpoint()
	}
	if err != nil {
		return l.fail(err)
	}
	return nil
}

func (l *Ledger) noteAll(run, first int64, outcomes []contact.Outcome) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range outcomes {
		o := &outcomes[i]
		e := l.note(o.Keys, o.Kind, ledger.Ref(first)+ledger.Ref(i), o.At.UnixMilli())
		if run == l.current {
			e.mark(thisRunMark)
		}
	}
}

// renewRecord makes the record that of a ledger which has been found complete, or whose loss was accepted.
func (l *Ledger) renewRecord() error {
	found := l.lock.found
	if found == (lockRecord{known: true, used: true, commit: l.commit, outcome: l.last, sum: l.lastSum}) {
		return nil
	}
	if !found.known { // the lock file may be new
		if err := syncDirectory(filepath.Dir(l.path)); err != nil {
			return err
		}
	}
	return l.keepRecord(true)
}

// keepRecord records the newest commit in the lock file.
func (l *Ledger) keepRecord(sync bool) error {
	l.recordSynced = l.recordSynced || sync
	return l.lock.write(lockRecord{commit: l.commit, outcome: l.last, sum: l.lastSum}, sync)
}

// write is one transaction; the sync is SQLite's, in COMMIT.
func (l *Ledger) write(run, first int64, intents []ledger.Intent, outcomes []contact.Outcome) (err error) {
	s := &l.stmts
	if err := s.prepare(l.conn); err != nil {
		return err
	}
	if err := s.begin.Exec(); err != nil {
		return err
	}
	defer func() {
		if err != nil && !l.conn.GetAutocommit() {
			_ = s.rollback.Exec() // the error that led here is told
		}
	}()
	if err := l.writeIntents(run, intents); err != nil {
		return err
	}
	if err := l.writeOutcomes(run, first, outcomes, len(intents) > 0); err != nil {
		return err
	}
	if l.marked {
		if err := l.markLog(false); err != nil {
			return err
		}
	}
	return s.commit.Exec()
}

func (l *Ledger) writeIntents(run int64, intents []ledger.Intent) error {
	if len(intents) == 0 {
		return nil
	}
	s, id := &l.stmts, l.commit+1
	s.keys, s.texts = s.keys[:0], append(s.texts[:0], '[')
	for i := range intents {
		if i > 0 {
			s.texts = append(s.texts, ',')
		}
		s.keys = appendKeys(s.keys, intents[i].Keys)
		s.texts = intents[i].Contact.AppendJSON(s.texts)
	}
	s.texts = append(s.texts, ']')
	b := binder{stmt: s.asked}
	b.int(id)
	b.int(run)
	b.blob(s.keys)
	b.blob(s.texts)
	b.int(checksum([]int64{id, run}, s.keys, s.texts))
	return b.exec()
}

func (l *Ledger) writeOutcomes(run, first int64, outcomes []contact.Outcome, asked bool) error {
	if len(outcomes) == 0 {
		return nil
	}
	s, id := &l.stmts, l.commit+1
	s.keys = s.keys[:0]
	for i := range outcomes {
		o := &outcomes[i]
		s.keys = appendEnded(s.keys, ended{o.Keys, o.Kind, o.At.UnixMilli()})
		if err := l.writeOutcome(run, first+int64(i), o); err != nil {
			return err
		}
	}
	c := commitRow{id: id, run: run, first: first, commits: 1, asked: flag(asked), keys: s.keys}
	if l.packs(&c) {
		return l.pack(&c)
	}
	return s.writeEnded(&c)
}

func (s *statements) writeEnded(c *commitRow) error {
	b := binder{stmt: s.ended}
	for _, n := range [...]int64{c.id, c.run, c.first, c.commits, c.asked} {
		b.int(n)
	}
	b.blob(c.keys)
	b.int(c.sum())
	return b.exec()
}

func (l *Ledger) writeOutcome(run, id int64, o *contact.Outcome) error {
	s := &l.stmts
	s.texts = append(s.texts[:0], o.Failure...)
	failure := len(s.texts)
	s.texts = append(s.texts, o.Message...)
	message := len(s.texts)
	s.texts = o.Contact.AppendJSON(s.texts)
	charged := int64(0)
	if o.Charged {
		charged = 1
	}
	r := record{
		id: id, run: run, kind: int64(o.Kind), at: o.At.UnixMilli(), status: int64(o.Status), attempts: int64(o.Attempts),
		charged: charged, failure: s.texts[:failure], message: s.texts[failure:message], contact: s.texts[message:], body: o.Body,
	}
	b := binder{stmt: s.outcome}
	for _, n := range [...]int64{r.id, r.run, r.kind, r.at, r.status, r.attempts, r.charged} {
		b.int(n)
	}
	b.blob(r.failure)
	b.blob(r.message)
	b.blob(r.contact)
	if o.Kind.Answered() {
		b.blob(r.body)
	} else {
		b.null()
	}
	s.lastSum = r.sum()
	b.int(s.lastSum)
	return b.exec()
}

// A record is a row of outcome.
type record struct {
	id, run, kind, at, status, attempts, charged int64
	failure, message, contact, body              []byte
}

func (r *record) sum() int64 {
	return checksum([]int64{r.id, r.run, r.kind, r.at, r.status, r.attempts, r.charged}, r.failure, r.message, r.contact, r.body)
}

// A binder binds a statement's parameters in their order, and keeps the first error.
type binder struct {
	stmt *sqlite3.Stmt
	n    int
	err  error
}

func (b *binder) int(v int64)   { b.n++; b.keep(b.stmt.BindInt64(b.n, v)) }
func (b *binder) text(v []byte) { b.n++; b.keep(b.stmt.BindRawText(b.n, v)) }
func (b *binder) blob(v []byte) { b.n++; b.keep(b.stmt.BindBlob(b.n, v)) }
func (b *binder) null()         { b.n++; b.keep(b.stmt.BindNull(b.n)) }

// known binds a number that is null where it is -1.
func (b *binder) known(v int64) {
	if v < 0 {
		b.null()
		return
	}
	b.int(v)
}

func (b *binder) keep(err error) {
	if b.err == nil {
		b.err = err
	}
}

func (b *binder) exec() error {
	if b.err != nil {
		return b.err
	}
	return b.stmt.Exec()
}
