package sqlite

import (
	"slices"
	"time"

	"enrich/ledger"
	"enrich/ledger/internal/codec"
)

// eraseFromJob notes that a contact is removed from a job. One without an outcome may still be charged: that counts from now on.
func (e *erasure) eraseFromJob(open *openJob, job int64, i int) {
	pending := int64(0)
	if open != nil && !open.isDone(i) {
		pending = 1
		e.removed.InJobs++
		today := time.Now().UnixMilli() / dayMS
		s := e.cost[today]
		s.MaybeCharged++
		e.cost[today] = s
	}
	e.fromJobs[job] += pending
	if open != nil {
		e.erasedIDs[job] = append(e.erasedIDs[job], i)
	}
}

// forgetJobs removes what is left of a person in the tables of jobs: what could not be understood of the results of jobs that had
// the person or name the person, and the keys under which the person was submitted. A job that has nobody left to wait for ends.
func (e *erasure) forgetJobs(filter *ledger.Filter) error {
	if err := e.findInRaw(filter); err != nil {
		return err
	}
	return e.changeJobs(func(j *jobRow) (changed bool) {
		pending, ok := e.fromJobs[j.id]
		if !ok {
			return false
		}
		for _, i := range e.erasedIDs[j.id] {
			if len(j.ids) > 0 {
				clear(j.ids[i*codec.KeySize:][:codec.KeySize])
			}
		}
		e.removed.Raw += j.raw
		j.pending, j.raw = j.pending-pending, 0
		if pending > 0 && j.pending == 0 {
			j.state, j.ended = ledger.JobDone, time.Now().UnixMilli()
		}
		return true
	})
}

// findInRaw adds the jobs whose results, as far as they could not be understood, name a person.
func (e *erasure) findInRaw(filter *ledger.Filter) error {
	raw := ledger.NewRawMatcher(filter)
	for stmt, err := range e.rows("SELECT id, job, content, checksum FROM raw ORDER BY job, id") {
		if err != nil {
			return err
		}
		if job := stmt.ColumnInt64(1); raw.Matches(job, stmt.ColumnRawBlob(2)) {
			e.fromJobs[job] += 0 // the job is in the map, even if no contact was removed from it
		}
	}
	return nil
}

// pruneJobs removes what could not be understood of the results of jobs that ended before a moment. The rows of jobs stay: they
// name nobody, and their numbers have no gaps.
func (e *erasure) pruneJobs(cutoff int64) error {
	return e.changeJobs(func(j *jobRow) (changed bool) {
		if j.raw == 0 || !j.state.IsEnd() || j.ended >= cutoff {
			return false
		}
		e.removed.Raw += j.raw
		j.raw = 0
		return true
	})
}

// changeJobs rewrites the rows of the jobs that change changes, and removes what could not be understood of those that now have
// none of it.
func (e *erasure) changeJobs(change func(*jobRow) bool) error {
	var changed []jobRow
	for stmt, err := range e.rows(selectJobs + " ORDER BY id") {
		if err != nil {
			return err
		}
		j, err := readJob(stmt)
		if err != nil {
			return err
		}
		j.ids = slices.Clone(j.ids)
		if change(&j) {
			changed = append(changed, j)
		}
	}
	for i := range changed {
		j := &changed[i]
		if err := e.writeJob(updateJob, j); err != nil {
			return err
		}
		if j.raw == 0 {
			if err := e.exec("DELETE FROM raw WHERE job = ?", j.id); err != nil {
				return err
			}
		}
	}
	return nil
}
