package sqlite

import (
	"context"
	"errors"
	"fmt"

	"enrich/ledger"
	"enrich/ledger/internal/codec"
)

// importedRow bounds the outcomes of a row of ended that an import writes.
const importedRow = 512

// Import makes all records of another ledger durable, in one transaction. The ledger must be new. After it, the ledger accepts
// nothing more until it is opened again.
func (l *Ledger) Import(ctx context.Context, from ledger.Exporter) error {
	l.db.Lock()
	defer l.db.Unlock()
	if err := l.ready(); err != nil {
		return err
	}
	if l.options.ReadOnly {
		return errors.New("import: the ledger is open read-only")
	}
	if len(l.runs) > 0 || l.commit > 0 || l.last > 0 || l.lastJob > 0 || l.lastErased > 0 {
		return fmt.Errorf("import: %w", ledger.ErrNotEmpty)
	}
	if err := l.stmts.prepare(l.conn); err != nil {
		return err
	}
	l.conn.SetInterrupt(ctx)
	defer l.conn.SetInterrupt(context.Background())
	if err := l.stmts.begin.Exec(); err != nil {
		return l.failUnlessInterrupted(ctx, err)
	}
	in := importer{Ledger: l}
	err := from.Export(ctx, in.add)
	if err == nil {
		err = in.finish()
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return errors.Join(fmt.Errorf("import: %w", cause(ctx, err)), l.rollBack())
	}
	l.mustReopen = true
	if err := l.stmts.commit.Exec(); err != nil {
		return l.fail(errors.Join(err, l.rollBack()))
	}
	l.commit, l.last, l.lastSum = in.commit, max(in.next-1, 0), 0
	if err := l.syncRecord(); err != nil {
		return l.fail(err)
	}
	return nil
}

// An importer writes the records of another ledger. Its own numbers of commits begin at 1.
type importer struct {
	*Ledger
	commit int64    // the last commit
	next   int64    // the number of the next outcome; 0: there was none yet
	runs   []runRow // they are written at the end: each names its first commit
	job    *jobRow  // it waits for its intents; nil: none
	// group are outcomes of one run and job that become one row of ended.
	group  commitRow
	first  int64 // the number of the first outcome
	packed codec.Intents
}

func (in *importer) add(e *ledger.Entry) error {
	if in.job != nil && (e.Intents == nil || e.Intents.Job != in.job.id) { // its intents were pruned
		if err := in.writeJob(0); err != nil {
			return err
		}
	}
	switch {
	case e.Run != nil:
		return in.addRun(e.Run)
	case e.Job != nil:
		return in.addJob(e.Job)
	case e.Intents != nil:
		return in.addIntents(e.Intents)
	case e.Outcome != nil:
		return in.addOutcome(e.Outcome)
	case e.Raw != nil:
		return in.insertRaw(e.Raw.ID, e.Raw.Job, e.Raw.Content)
	case e.Cost != nil:
		day := e.Cost.Day.UnixMilli() / dayMS
		return in.exec("INSERT INTO erased VALUES(?,?,?,?)", day, e.Cost.Charged, e.Cost.MaybeCharged, erasedSum(day, e.Cost.Spent))
	case e.Last != nil:
		return in.addLast(e.Last)
	}
	return errors.New("an entry of the export is empty")
}

func (in *importer) addRun(r *ledger.RunEntry) error {
	if r.ID != int64(len(in.runs))+1 {
		return fmt.Errorf("run %d follows run %d", r.ID, len(in.runs))
	}
	row := runRow{id: r.ID, Run: r.Run, closed: r.Closed, finished: -1, stopped: r.Stopped, exitCode: -1}
	row.Constants = append([]byte(nil), r.Constants...)
	if !r.Finished.IsZero() {
		row.finished, row.exitCode = r.Finished.UnixMilli(), int64(r.ExitCode)
	}
	in.runs = append(in.runs, row)
	return nil
}

func (in *importer) addJob(j *ledger.JobEntry) error {
	in.job = &jobRow{
		id: j.ID, run: j.Run, contacts: j.Contacts, pending: j.Pending, raw: j.Raw, state: j.State, apiID: j.APIID,
		submitted: j.Submitted.UnixMilli(), expires: -1, ended: -1,
	}
	if !j.Expires.IsZero() {
		in.job.expires = j.Expires.UnixMilli()
	}
	if !j.Ended.IsZero() {
		in.job.ended = j.Ended.UnixMilli()
	}
	for i := range j.IDs {
		in.job.ids = append(in.job.ids, j.IDs[i][:]...)
	}
	return nil
}

// writeJob writes the job that waits; asked is the commit with its intents.
func (in *importer) writeJob(asked int64) error {
	job := in.job
	in.job = nil
	job.asked = asked
	return in.Ledger.writeJob(insertJob, job)
}

// noteFirstCommit records the first commit of a run.
func (in *importer) noteFirstCommit(run int64) error {
	if run < 1 || run > int64(len(in.runs)) {
		return fmt.Errorf("commit %d is of run %d, which does not exist", in.commit, run)
	}
	if r := &in.runs[run-1]; r.first == 0 {
		r.first = in.commit
	}
	return nil
}

func (in *importer) addIntents(e *ledger.IntentsEntry) error {
	if err := in.flush(); err != nil {
		return err
	}
	in.packed.Reset()
	for i := range e.Intents {
		in.packed.Add(&e.Intents[i].Contact, e.Intents[i].Keys)
	}
	keys, contacts := in.packed.Packed()
	in.commit++
	if err := in.noteFirstCommit(e.Run); err != nil {
		return err
	}
	if err := in.stmts.writeAsked(&commitRow{id: in.commit, run: e.Run, keys: keys, contacts: contacts, job: e.Job}); err != nil {
		return err
	}
	if in.job != nil {
		return in.writeJob(in.commit)
	}
	return nil
}

// addOutcome writes an outcome. The places of numbers that are not there are those of erased outcomes.
func (in *importer) addOutcome(o *ledger.OutcomeEntry) error {
	if in.next == 0 {
		in.next, in.first = o.ID, o.ID
	}
	if o.ID < in.next {
		return fmt.Errorf("outcome %d follows outcome %d", o.ID, in.next-1)
	}
	for in.next < o.ID {
		if err := in.append(o.Run, o.Job, ended{}); err != nil {
			return err
		}
	}
	if err := in.append(o.Run, o.Job, ended{o.Keys, o.Kind, o.At.UnixMilli()}); err != nil {
		return err
	}
	return in.writeOutcome(o.Run, o.ID, &o.Outcome)
}

// append adds the next outcome to the group, or begins another one.
func (in *importer) append(run, job int64, e ended) error {
	if in.group.run != run || in.group.job != job || in.group.count() == importedRow {
		if err := in.flush(); err != nil {
			return err
		}
	}
	if len(in.group.keys) == 0 {
		in.group = commitRow{run: run, job: job, first: in.next, commits: 1, keys: in.group.keys}
	}
	in.group.keys = appendEnded(in.group.keys, e)
	in.next++
	return nil
}

// flush writes the group.
func (in *importer) flush() error {
	if len(in.group.keys) == 0 {
		return nil
	}
	in.commit++
	in.group.id = in.commit
	if err := in.noteFirstCommit(in.group.run); err != nil {
		return err
	}
	err := in.stmts.writeEnded(&in.group)
	in.group.keys = in.group.keys[:0]
	return err
}

// addLast fills the places after the last outcome, and records what was pruned before the first one, and when.
func (in *importer) addLast(last *ledger.LastEntry) error {
	pruned := int64(0)
	if in.next == 0 { // no outcome is left
		in.next, pruned = last.Outcome+1, last.Outcome
	} else {
		pruned = in.first - 1
	}
	for in.next <= last.Outcome {
		if err := in.append(in.group.run, in.group.job, ended{}); err != nil {
			return err
		}
	}
	if pruned == 0 && last.Erased.IsZero() {
		return nil
	}
	at := int64(0)
	if !last.Erased.IsZero() {
		at = last.Erased.UnixMilli()
	}
	row := []int64{1, at, 0, pruned}
	return in.exec("INSERT INTO pruned VALUES(?,?,?,?,?)", append(row, checksum(row))...)
}

// finish writes what had to wait.
func (in *importer) finish() error {
	if in.job != nil {
		if err := in.writeJob(0); err != nil {
			return err
		}
	}
	if err := in.flush(); err != nil {
		return err
	}
	for i := range in.runs {
		r := &in.runs[i]
		if r.first == 0 {
			r.first = in.commit + 1
		}
		if err := in.writeRunRow(insertRun, r); err != nil {
			return err
		}
	}
	return nil
}
