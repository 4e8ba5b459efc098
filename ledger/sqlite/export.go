package sqlite

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"enrich/contact"
	"enrich/internal/jsonscan"
	"enrich/ledger"
	"enrich/ledger/internal/codec"
)

var (
	_ ledger.Exporter = (*Ledger)(nil)
	_ ledger.Importer = (*Ledger)(nil)
)

// Export calls do with every record, in the order of [ledger.Exporter]. A ledger of an earlier version must be opened for writing
// first, which migrates it.
func (l *Ledger) Export(ctx context.Context, do func(*ledger.Entry) error) error {
	l.db.Lock()
	defer l.db.Unlock()
	if l.conn == nil {
		return do(&ledger.Entry{Last: &ledger.LastEntry{}})
	}
	if l.version < len(migrations) {
		return fmt.Errorf("the ledger has schema version %d: only version %d can be copied", l.version, len(migrations))
	}
	l.conn.SetInterrupt(ctx)
	defer l.conn.SetInterrupt(context.Background())
	e := export{Ledger: l, do: do}
	for _, step := range []func() error{e.exportRuns, e.exportJobs, e.exportCommits, e.exportRaw, e.exportCosts} {
		if err := step(); err != nil {
			return cause(ctx, damaged(err))
		}
	}
	return do(&ledger.Entry{Last: &ledger.LastEntry{Outcome: l.last, Erased: l.LastErased()}})
}

// An export is one in progress.
type export struct {
	*Ledger
	do func(*ledger.Entry) error
}

func (e *export) exportRuns() error {
	for i := range e.runs {
		r := &e.runs[i]
		run := ledger.RunEntry{ID: r.id, Run: r.Run, Closed: r.closed, Finished: momentOrZero(r.finished), Stopped: r.stopped, ExitCode: int(r.exitCode)}
		if r.finished < 0 {
			run.ExitCode = 0
		}
		if err := e.do(&ledger.Entry{Run: &run}); err != nil {
			return err
		}
	}
	return nil
}

// momentOrZero returns the zero time for -1.
func momentOrZero(ms int64) time.Time {
	if ms < 0 {
		return time.Time{}
	}
	return moment(ms)
}

func (e *export) exportJobs() error {
	for stmt, err := range e.rows(selectJobs + " ORDER BY id") {
		if err != nil {
			return err
		}
		j, err := readJob(stmt)
		if err != nil {
			return err
		}
		job := ledger.JobEntry{
			ID: j.id, Run: j.run, State: j.state, APIID: j.apiID, Submitted: moment(j.submitted), Expires: momentOrZero(j.expires),
			Ended: momentOrZero(j.ended), Contacts: j.contacts, Pending: j.pending, Raw: j.raw,
		}
		if !j.state.IsEnd() {
			for ids := bytes.Clone(j.ids); len(ids) > 0; ids = ids[codec.KeySize:] {
				job.IDs = append(job.IDs, contact.Key(ids[:codec.KeySize]))
			}
		}
		if err := e.do(&ledger.Entry{Job: &job}); err != nil {
			return err
		}
		for stmt, err := range e.rows(e.selectAsked()+" WHERE id = ?", j.asked) { // none: they were pruned
			if err != nil {
				return err
			}
			c, err := readAsked(stmt)
			if err == nil && c.job == j.id {
				err = e.exportIntents(&c)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// exportCommits exports the intents that are not of jobs, and all outcomes.
func (e *export) exportCommits() error {
	return e.walk(e.pruned+1, func(c *commitRow) error {
		switch {
		case c.contacts == nil:
			return e.exportOutcomes(c)
		case c.job != 0:
			return nil
		}
		return e.exportIntents(c)
	})
}

func (e *export) exportIntents(c *commitRow) error {
	entry := ledger.IntentsEntry{Run: c.run, Job: c.job}
	keys := c.keys
	for text := range jsonscan.Elements(c.contacts) {
		if len(keys) < codec.KeysSize {
			return fmt.Errorf("%w: commit %d has more contacts than keys", ledger.ErrDamaged, c.id)
		}
		var intent ledger.Intent
		if intent.Keys = codec.ReadKeys(keys); intent.Keys != (contact.Keys{}) { // else it was erased
			intent.Contact = contact.ParseJSON(text)
		}
		entry.Intents = append(entry.Intents, intent)
		keys = keys[codec.KeysSize:]
	}
	if len(keys) > 0 {
		return fmt.Errorf("%w: commit %d has more keys than contacts", ledger.ErrDamaged, c.id)
	}
	return e.do(&ledger.Entry{Intents: &entry})
}

func (e *export) exportOutcomes(c *commitRow) error {
	var entry ledger.OutcomeEntry
	next := c.first
	for stmt, err := range e.rows(recordColumns+" WHERE id BETWEEN ? AND ? ORDER BY id", c.first, c.first+c.count()-1) {
		if err != nil {
			return err
		}
		var r record
		if !r.read(stmt) {
			return r.damaged()
		}
		if err := c.checkErased(next, r.id); err != nil {
			return err
		}
		next = r.id + 1
		r.outcome(&entry.Outcome)
		entry.ID, entry.Job, entry.Contact, entry.Keys = r.id, c.job, contact.ParseJSON(r.contact), c.ended(r.id).keys
		if err := e.do(&ledger.Entry{Outcome: &entry}); err != nil {
			return err
		}
	}
	return c.checkErased(next, c.first+c.count())
}

// checkErased checks that the outcomes from a number up to another are not there because they were erased.
func (c *commitRow) checkErased(from, to int64) error {
	for ; from < to; from++ {
		if c.ended(from).kind != 0 {
			return fmt.Errorf("%w: outcome %d is missing", ledger.ErrDamaged, from)
		}
	}
	return nil
}

func (e *export) exportRaw() error {
	for stmt, err := range e.rows("SELECT id, job, content, checksum FROM raw ORDER BY id") {
		if err != nil {
			return err
		}
		raw := ledger.RawEntry{ID: stmt.ColumnInt64(0), Job: stmt.ColumnInt64(1), Content: stmt.ColumnRawBlob(2)}
		if rawSum(raw.ID, raw.Job, raw.Content) != stmt.ColumnInt64(3) {
			return fmt.Errorf("%w: raw result %d: checksum mismatch", ledger.ErrDamaged, raw.ID)
		}
		if err := e.do(&ledger.Entry{Raw: &raw}); err != nil {
			return err
		}
	}
	return nil
}

func (e *export) exportCosts() error {
	for stmt, err := range e.rows("SELECT day, charged, lost, checksum FROM erased ORDER BY day") {
		if err != nil {
			return err
		}
		spent, err := readErased(stmt)
		if err != nil {
			return err
		}
		cost := ledger.CostEntry{Day: moment(stmt.ColumnInt64(0) * dayMS), Spent: spent}
		if err := e.do(&ledger.Entry{Cost: &cost}); err != nil {
			return err
		}
	}
	return nil
}
