//go:build ablation_nofence

package postgres

const fenced = false

const fence = `WITH fence AS (
		UPDATE enrich.run SET commits = $2, outcomes = $3::bigint + $4, open_from = $5, last_at = greatest(last_at, $6::timestamptz)
		WHERE id = $1 RETURNING 1)
	SELECT 1 / count(*) FROM fence`
