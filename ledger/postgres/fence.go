//go:build !ablation_nofence

package postgres

// fenced: a run that was taken over, or whose commits the database has lost, commits nothing. With the tag ablation_nofence it does.
const fenced = true

// fence begins every commit. It changes the row of the run, or fails with a division by zero if the run was taken over, or if the
// row is not as the run left it.
const fence = `WITH fence AS (
		UPDATE enrich.run SET commits = $2, outcomes = outcomes + $4, open_from = $5, last_at = greatest(last_at, $6::timestamptz)
		WHERE id = $1 AND state = 0 AND commits = $2::bigint - 1 AND outcomes = $3::bigint RETURNING 1)
	SELECT 1 / count(*) FROM fence`
