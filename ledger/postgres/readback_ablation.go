//go:build ablation_redo

package postgres

const readRefused = `SELECT (SELECT array_agg(n) FROM generate_series(0, length(keys) / 32 - 1) AS n WHERE NOT EXISTS (
		SELECT FROM enrich.contact WHERE key = encode(substr(keys, n * 32 + 1, 16), 'hex')::uuid AND claim = $1))
	FROM enrich.intent WHERE run = $1 AND commit = $2`
