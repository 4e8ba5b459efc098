package sqlite

// checkJobs checks that the row of each job says what its commits say.
func (v *verification) checkJobs() error {
	if v.version < jobVersion {
		return nil
	}
	next := int64(1)
	for stmt, err := range v.rows(selectJobs + " ORDER BY id") {
		if err != nil {
			return err
		}
		j, err := readJob(stmt)
		switch {
		case err != nil:
			v.problem("%v", err)
		case j.id != next:
			v.problem("job %d is missing", next)
		default:
			v.checkJob(&j)
		}
		next = j.id + 1
	}
	if next != v.lastJob+1 {
		v.problem("job %d is missing", next)
	}
	return nil
}

func (v *verification) checkJob(j *jobRow) {
	v.result.Jobs++
	open := v.jobs[j.id]
	if open == nil {
		open = newOpenIntents()
	}
	switch {
	case j.state.IsEnd():
		for _, o := range open.lost(0) {
			v.problem("job %d: a contact has no outcome: %s", j.id, o.Contact.AppendJSON(nil))
		}
	case int64(open.n) != j.pending:
		v.problem("job %d: %d contacts have no outcome, but it should be %d", j.id, open.n, j.pending)
	}
	if j.state.IsEnd() != (j.ended >= 0) || j.state.IsEnd() && j.pending != 0 {
		v.problem("job %d has the state %s, which does not match its other columns", j.id, j.state)
	}
}

// checkRaw checks what could not be understood of the results of jobs, and that none of it is missing.
func (v *verification) checkRaw() error {
	if v.version < jobVersion {
		return nil
	}
	for stmt, err := range v.rows("SELECT id, job, content, checksum FROM raw ORDER BY id") {
		if err != nil {
			return err
		}
		if id, job := stmt.ColumnInt64(0), stmt.ColumnInt64(1); rawSum(id, job, stmt.ColumnRawBlob(2)) != stmt.ColumnInt64(3) {
			v.problem("raw result %d of job %d: checksum mismatch", id, job)
		}
	}
	const differs = `SELECT job.id, job.raw, coalesce(n, 0) FROM job LEFT JOIN (SELECT job, count(*) AS n FROM raw GROUP BY job) AS kept
		ON kept.job = job.id WHERE job.raw <> coalesce(n, 0)`
	for stmt, err := range v.rows(differs) {
		if err != nil {
			return err
		}
		v.problem("job %d has %d raw results, but it should be %d", stmt.ColumnInt64(0), stmt.ColumnInt64(2), stmt.ColumnInt64(1))
	}
	return nil
}
