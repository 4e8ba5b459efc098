package postgres

import (
	"context"

	"enrich/ledger/postgres/internal/wire"
)

// checkJobs checks that the row of each job says what its intents, its contacts and its raw results say.
func (v *verification) checkJobs(ctx context.Context) error {
	jobs, err := v.readJobs(ctx)
	if err != nil {
		return err
	}
	for i, j := range jobs {
		v.result.Jobs++
		if err := j.check(); err != nil {
			v.problem("%v", err)
		}
		if j.id != int64(i)+1 {
			v.problem("job %d is missing", i+1)
			break
		}
		if j.state.IsEnd() != (j.ended != nil) || j.state.IsEnd() && j.pending != 0 {
			v.problem("job %d has the state %s, which does not match its other columns", j.id, j.state)
		}
	}
	for _, check := range []struct{ query, what string }{
		{`SELECT j.id, j.contacts::bigint, coalesce(octet_length(i.keys) / 32, -1)::bigint FROM enrich.job AS j
			LEFT JOIN enrich.intent AS i ON i.run = j.run AND i.commit = j.commit AND i.job = j.id`, "contacts"},
		{`SELECT j.id, j.pending::bigint, coalesce(n, 0) FROM enrich.job AS j LEFT JOIN (SELECT -claim AS job, count(*) AS n FROM enrich.contact
			WHERE claim < 0 GROUP BY claim) AS c ON c.job = j.id`, "contacts without an outcome"},
		{`SELECT j.id, j.raw::bigint, coalesce(n, 0) FROM enrich.job AS j LEFT JOIN (SELECT job, count(*) AS n FROM enrich.raw GROUP BY job) AS r
			ON r.job = j.id`, "raw results"},
	} {
		err := v.conn.Lookup(ctx, "SELECT * FROM ("+check.query+") AS counted (job, expected, found) WHERE expected <> found ORDER BY job", func(values [][]byte) error {
			row := wire.NewRow(values)
			job, expected, found := row.Int8(), row.Int8(), row.Int8()
			v.problem("job %d has %d %s, but it should be %d", job, found, check.what, expected)
			return row.Err()
		})
		if err != nil {
			return err
		}
	}
	return v.checkRaw(ctx)
}

func (v *verification) readJobs(ctx context.Context) (jobs []*jobRow, err error) {
	rows, err := v.conn.Query(ctx, selectJobs+" ORDER BY j.id")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		j := &jobRow{}
		if err := j.read(rows); err != nil {
			return nil, err
		}
		jobs = append(jobs, j)
	}
	return jobs, rows.Err()
}

// checkRaw checks the raw results, and that every claim of a job is of one that is open.
func (v *verification) checkRaw(ctx context.Context) error {
	err := v.conn.Lookup(ctx, "SELECT id, job, crc, content FROM enrich.raw ORDER BY id", func(values [][]byte) error {
		row := wire.NewRow(values)
		id, job, crc, content := row.Int8(), row.Int8(), row.Int4(), row.Bytes()
		if crc != rawSum(job, content) {
			v.problem("raw result %d of job %d: checksum mismatch", id, job)
		}
		return row.Err()
	})
	if err != nil {
		return err
	}
	const claims = "SELECT DISTINCT -claim FROM enrich.contact AS c WHERE claim < 0 AND NOT EXISTS (SELECT FROM enrich.job AS j WHERE j.id = -c.claim) ORDER BY 1"
	return v.conn.Lookup(ctx, claims, func(values [][]byte) error {
		row := wire.NewRow(values)
		v.problem("a contact is in job %d, which does not exist", row.Int8())
		return row.Err()
	})
}
