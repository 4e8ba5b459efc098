package sqlite

import (
	"context"
	"errors"
	"path/filepath"
	"slices"

	"github.com/ncruces/go-sqlite3"

	"enrich/contact"
	"enrich/internal/durable"
	"enrich/ledger"
	"enrich/ledger/internal/codec"
	"enrich/ledger/sqlite/internal/lockfile"
)

// Commit makes intents and outcomes of a run durable, together. When it returns without an error they are on the disk, and the
// states contain the outcomes. Every intent is claimed, because no other process can write, except those of contacts that are in
// an open job. It ignores ctx: an answer that was paid for is recorded, also if the run is stopping.
//
// After an error the ledger accepts nothing more, because what a failed sync left on the disk is unknown: every later call
// returns [ledger.ErrFailed].
func (l *Ledger) Commit(_ context.Context, run int64, intents []ledger.Intent, outcomes []contact.Outcome) (claimed []bool, err error) {
	l.db.Lock()
	defer l.db.Unlock()
	intents, claimed = l.claim(intents)
	if err := l.commitLocked(run, intents, outcomes); err != nil {
		return nil, err
	}
	return claimed, nil
}

// claim returns the intents that may be sent.
func (l *Ledger) claim(intents []ledger.Intent) (mine []ledger.Intent, claimed []bool) {
	for len(l.claimed) < len(intents) {
		l.claimed = append(l.claimed, true)
	}
	inJob := func(i ledger.Intent) bool { return l.states.InJob(i.Keys) }
	if len(l.jobs) == 0 || !slices.ContainsFunc(intents, inJob) {
		return intents, l.claimed[:len(intents)]
	}
	claimed = make([]bool, len(intents))
	for i := range intents {
		if claimed[i] = !inJob(intents[i]); claimed[i] {
			mine = append(mine, intents[i])
		}
	}
	return mine, claimed
}

func (l *Ledger) commitGroup(run int64, intents []ledger.Intent, outcomes []contact.Outcome) error {
	l.db.Lock()
	defer l.db.Unlock()
	return l.commitLocked(run, intents, outcomes)
}

func (l *Ledger) commitLocked(run int64, intents []ledger.Intent, outcomes []contact.Outcome) error {
	if err := l.ready(); err != nil {
		return err
	}
	if len(intents)+len(outcomes) == 0 {
		return nil
	}
	return l.apply(&change{run: run, intents: intents, outcomes: outcomes})
}

// A change is what one commit makes durable.
type change struct {
	run      int64
	intents  []ledger.Intent
	outcomes []contact.Outcome

	// job is the new row of the job to which all of it belongs; nil: none.
	job *jobRow
	raw [][]byte // what could not be understood of the job's results
}

func (c *change) jobID() int64 {
	if c.job == nil {
		return 0
	}
	return c.job.id
}

// hasAsked reports whether the commit has a row in table asked: if it has intents, and if it has no outcomes, because every commit
// has a row in one of the two tables.
func (c *change) hasAsked() bool { return len(c.intents) > 0 || len(c.outcomes) == 0 }

// apply makes a change durable, then visible.
func (l *Ledger) apply(c *change) error {
	first := l.last + 1
	if err := l.write(first, c); err != nil {
		return l.fail(err)
	}
	l.commit++
	l.last += int64(len(c.outcomes))
	if len(c.outcomes) > 0 {
		l.lastSum = l.stmts.lastSum
		l.noteRun(c.run, l.last)
	}
	l.states.Record(c.outcomes, ledger.Ref(first), c.run == l.current, c.job != nil)
	// The record comes after the sync and before the checkpoint: a kill here leaves it one commit behind.
	err := l.writeRecord()
	if err == nil {
		err = l.checkpoint()
	}
	if err != nil {
		return l.fail(err)
	}
	return nil
}

// renewRecord writes the record of a ledger that was found complete, or whose loss was accepted.
func (l *Ledger) renewRecord() error {
	found := l.lock.Found
	if found == (lockfile.Record{Known: true, Used: true, Commit: l.commit, Outcome: l.last, Checksum: l.lastSum}) {
		return nil
	}
	if !found.Known { // the lock file may be new
		if err := durable.SyncDir(filepath.Dir(l.path)); err != nil {
			return err
		}
	}
	return l.syncRecord()
}

// syncRecord is a writeRecord that always syncs.
func (l *Ledger) syncRecord() error {
	l.recordSynced = false
	return l.writeRecord()
}

// writeRecord records the newest commit in the lock file. It syncs the first record after a checkpoint.
func (l *Ledger) writeRecord() error {
	sync := !l.recordSynced
	l.recordSynced = true
	return l.lock.Write(lockfile.Record{Commit: l.commit, Outcome: l.last, Checksum: l.lastSum}, sync)
}

// write is one transaction. SQLite syncs in COMMIT. first is the number of the first outcome.
func (l *Ledger) write(first int64, c *change) (err error) {
	s := &l.stmts
	if err := s.prepare(l.conn); err != nil {
		return err
	}
	if err := s.begin.Exec(); err != nil {
		return err
	}
	defer func() {
		if err != nil && !l.conn.GetAutocommit() {
			_ = s.rollback.Exec() // the first error is returned
		}
	}()
	if err := l.writeIntents(c); err != nil {
		return err
	}
	if err := l.writeOutcomes(first, c); err != nil {
		return err
	}
	if c.job != nil {
		if err := l.writeJobChange(c); err != nil {
			return err
		}
	}
	if l.logNeeded {
		if err := l.setLogNeeded(false); err != nil {
			return err
		}
	}
	return s.commit.Exec()
}

func (l *Ledger) writeIntents(change *change) error {
	if !change.hasAsked() {
		return nil
	}
	s, intents := &l.stmts, change.intents
	s.intents.Reset()
	for i := range intents {
		s.intents.Add(&intents[i].Contact, intents[i].Keys)
	}
	keys, contacts := s.intents.Packed()
	return s.writeAsked(&commitRow{id: l.commit + 1, run: change.run, keys: keys, contacts: contacts, job: change.jobID()})
}

func (s *statements) writeAsked(c *commitRow) error {
	b := binder{stmt: s.asked}
	b.int(c.id)
	b.int(c.run)
	b.bytes(c.keys)
	b.blob(c.contacts)
	b.int(c.sum())
	b.int(c.job)
	return b.exec()
}

func (l *Ledger) writeOutcomes(first int64, change *change) error {
	outcomes := change.outcomes
	if len(outcomes) == 0 {
		return nil
	}
	s := &l.stmts
	s.keys = s.keys[:0]
	for i := range outcomes {
		o := &outcomes[i]
		s.keys = appendEnded(s.keys, ended{o.Keys, o.Kind, o.At.UnixMilli()})
		if err := l.writeOutcome(change.run, first+int64(i), o); err != nil {
			return err
		}
	}
	c := commitRow{
		id: l.commit + 1, run: change.run, first: first, commits: 1, asked: flag(change.hasAsked()), keys: s.keys, job: change.jobID(),
	}
	if l.compaction.due(&c, l.options.compactAfter) {
		return l.compact(&c)
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
	b.int(c.job)
	return b.exec()
}

func (l *Ledger) writeOutcome(run, id int64, o *contact.Outcome) error {
	s := &l.stmts
	s.texts = append(s.texts[:0], o.Failure...)
	failure := len(s.texts)
	s.texts = append(s.texts, o.Message...)
	message := len(s.texts)
	s.texts = o.Contact.AppendJSON(s.texts)
	r := record{
		id: id, run: run, kind: int64(o.Kind), at: o.At.UnixMilli(), status: int64(o.Status), attempts: int64(o.Attempts),
		charged: flag(o.Charged), failure: s.texts[:failure], message: s.texts[failure:message], contact: s.texts[message:], body: o.Body,
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

// statements are prepared once. Those for rows bind texts as blobs and cast them, which saves a copy.
type statements struct {
	begin, commit, rollback *sqlite3.Stmt
	asked, ended, outcome   *sqlite3.Stmt
	read                    *sqlite3.Stmt
	intents                 codec.Intents // reused, and so are these:
	keys, texts             []byte
	lastSum                 int64 // the checksum of the last outcome of this transaction
}

func (s *statements) prepare(conn *sqlite3.Conn) error {
	var all error
	for query, stmt := range map[string]**sqlite3.Stmt{
		"BEGIN IMMEDIATE": &s.begin,
		"COMMIT":          &s.commit,
		"ROLLBACK":        &s.rollback,
		"INSERT INTO asked VALUES(?,?,?,CAST(? AS TEXT),?,?)":                                                         &s.asked,
		"INSERT INTO ended VALUES(?,?,?,?,?,?,?,?)":                                                                   &s.ended,
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
