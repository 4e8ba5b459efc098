package sqlite

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"enrich/contact"
	"enrich/internal/jsonscan"
	"enrich/ledger"
	"enrich/ledger/internal/codec"
)

// maxMessages bounds the problems that are described.
const maxMessages = 20

// Verify reads the whole ledger. It checks every page (SQLite's own check), every checksum, that every key is that of its
// contact, API and constants, and that every intent of a run or a job that has ended has an outcome. A problem is not an error; an
// error means that the verification could not be completed.
func (l *Ledger) Verify(ctx context.Context) (ledger.Verification, error) {
	l.db.Lock()
	defer l.db.Unlock()
	if l.conn == nil {
		return ledger.Verification{}, nil
	}
	l.conn.SetInterrupt(ctx)
	defer l.conn.SetInterrupt(context.Background())
	v := newVerification(l)
	err := damaged(v.run())
	switch {
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	case errors.Is(err, ledger.ErrDamaged): // pages that SQLite cannot read are a problem like any other
		v.problem("%v", err)
		err = nil
	}
	return v.result, err
}

type verification struct {
	*Ledger
	result ledger.Verification
	open   map[int64]*openIntents // by run
	jobs   map[int64]*openIntents // by job
}

func newVerification(l *Ledger) *verification {
	return &verification{Ledger: l, open: map[int64]*openIntents{}, jobs: map[int64]*openIntents{}}
}

func (v *verification) problem(format string, args ...any) {
	v.result.Problems++
	if len(v.result.Messages) < maxMessages {
		v.result.Messages = append(v.result.Messages, fmt.Sprintf(format, args...))
	}
}

func (v *verification) run() error {
	for stmt, err := range v.rows("PRAGMA integrity_check(20)") {
		if err != nil {
			return err
		}
		if text := stmt.ColumnText(0); text != "ok" {
			v.problem("SQLite: %s", text)
		}
	}
	if _, err := v.erasedSince(0); err != nil {
		v.problem("%v", err)
	}
	runs, err := v.readRuns()
	if err != nil {
		v.problem("%v", err)
	}
	for i := range runs {
		v.open[runs[i].id] = newOpenIntents()
	}
	if err := v.walk(v.pruned+1, v.checkCommit); err != nil {
		v.problem("%v", err)
	}
	for i := range runs {
		if r := &runs[i]; r.closed {
			v.checkClosed(r.id)
		}
	}
	return errors.Join(v.checkJobs(), v.checkRaw())
}

// checkCommit checks the outcomes or the intents of one commit.
func (v *verification) checkCommit(row *commitRow) error {
	if !v.hasRun(row.run) {
		v.problem("commit %d is of run %d, which does not exist", row.id, row.run)
		return nil
	}
	open, identity := v.open[row.run], row.run
	if row.job != 0 {
		if open = v.jobs[row.job]; open == nil {
			open = newOpenIntents()
			v.jobs[row.job] = open
		}
		var err error
		if identity, err = v.identityRun(row); err != nil {
			return err
		}
	}
	if row.contacts != nil {
		v.checkIntents(row, identity)
		return open.addCommit(row)
	}
	open.end(row)
	return v.checkOutcomes(row, identity)
}

// checkIntents checks that each intent has the key of its contact, by the API and the constants of a run.
func (v *verification) checkIntents(row *commitRow, identity int64) {
	for i, asked := range slices.Collect(jsonscan.Elements(row.contacts)) {
		if (i+1)*codec.KeysSize > len(row.keys) {
			return // addCommit reports it
		}
		k := codec.ReadKeys(row.keys[i*codec.KeysSize:])
		if k == (contact.Keys{}) { // forgotten
			continue
		}
		v.result.Intents++
		if v.keysOf(identity, asked) != k {
			v.problem("commit %d: intent %d: key does not match contact", row.id, i+1)
		}
	}
}

// checkOutcomes checks the outcomes of one commit, and that they are what the commit says.
func (v *verification) checkOutcomes(row *commitRow, identity int64) error {
	present := make([]bool, row.count())
	for stmt, err := range v.rows(recordColumns+" WHERE id BETWEEN ? AND ?", row.first, row.first+row.count()-1) {
		if err != nil {
			return err
		}
		var r record
		valid := r.read(stmt)
		v.result.Outcomes++
		present[r.id-row.first] = true
		e := row.ended(r.id)
		switch {
		case !valid:
			v.problem("outcome %d: checksum mismatch", r.id)
		case r.run != row.run || r.kind != int64(e.kind) || r.at != e.at:
			v.problem("outcome %d does not match its commit", r.id)
		case v.keysOf(identity, r.contact) != e.keys:
			v.problem("outcome %d: key does not match contact", r.id)
		}
	}
	for i, ok := range present {
		if id := row.first + int64(i); !ok && row.ended(id).kind != 0 {
			v.problem("outcome %d is missing", id)
		}
	}
	return nil
}

// checkClosed reports intents without an outcome in a run that is recorded as closed.
func (v *verification) checkClosed(run int64) {
	for _, o := range v.open[run].lost(0) {
		v.problem("run %d: an intent has no outcome: %s", run, o.Contact.AppendJSON(nil))
	}
}
