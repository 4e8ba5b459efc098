package sqlite

import (
	"errors"
	"fmt"

	"github.com/ncruces/go-sqlite3"

	"enrich/ledger/sqlite/internal/dbfile"
)

// migrations bring a ledger from one version to the next; user_version is the number of those done. A released step is never
// changed: its result is in people's files.
var migrations = [...]string{
	`CREATE TABLE run(
		id INTEGER PRIMARY KEY,
		started INTEGER NOT NULL,
		first INTEGER NOT NULL,
		url TEXT NOT NULL,
		input TEXT NOT NULL,
		version TEXT NOT NULL,
		constants TEXT NOT NULL,
		closed INTEGER NOT NULL,
		finished INTEGER,
		stopped TEXT,
		exit_code INTEGER,
		checksum INTEGER NOT NULL
	) STRICT;
	CREATE TABLE asked(
		id INTEGER PRIMARY KEY,
		run INTEGER NOT NULL,
		keys BLOB NOT NULL,
		contacts TEXT NOT NULL,
		checksum INTEGER NOT NULL
	) STRICT;
	CREATE TABLE ended(
		id INTEGER PRIMARY KEY,
		run INTEGER NOT NULL,
		first INTEGER NOT NULL,
		commits INTEGER NOT NULL,
		asked INTEGER NOT NULL,
		keys BLOB NOT NULL,
		checksum INTEGER NOT NULL
	) STRICT;
	CREATE TABLE outcome(
		id INTEGER PRIMARY KEY,
		run INTEGER NOT NULL,
		kind INTEGER NOT NULL,
		at INTEGER NOT NULL,
		status INTEGER NOT NULL,
		attempts INTEGER NOT NULL,
		charged INTEGER NOT NULL,
		failure TEXT NOT NULL,
		message TEXT NOT NULL,
		contact TEXT NOT NULL,
		body TEXT,
		checksum INTEGER NOT NULL
	) STRICT;
	CREATE TABLE pruned(
		id INTEGER PRIMARY KEY,
		at INTEGER NOT NULL,
		commits INTEGER NOT NULL,
		outcomes INTEGER NOT NULL,
		checksum INTEGER NOT NULL
	) STRICT;
	CREATE VIEW answers AS SELECT
		id, run, CASE kind WHEN 1 THEN 'matched' ELSE 'no_match' END AS status,
		strftime('%Y-%m-%dT%H:%M:%SZ', at / 1000, 'unixepoch') AS at,
		contact ->> 'email' AS email, charged AS credit_charged, message, contact, body AS answer
		FROM outcome WHERE kind IN (1, 2);
	CREATE VIEW failures AS SELECT
		id, run, CASE kind WHEN 3 THEN 'refused' ELSE 'lost' END AS status, failure AS kind,
		strftime('%Y-%m-%dT%H:%M:%SZ', at / 1000, 'unixepoch') AS at,
		contact ->> 'email' AS email, nullif(outcome.status, 0) AS http_status, attempts, message, contact
		FROM outcome WHERE kind IN (3, 4);
	CREATE VIEW lost AS SELECT
		id, run, strftime('%Y-%m-%dT%H:%M:%SZ', at / 1000, 'unixepoch') AS at,
		contact ->> 'email' AS email, nullif(status, 0) AS http_status, attempts, message, contact
		FROM outcome WHERE kind = 4;
	CREATE VIEW runs AS SELECT
		id, strftime('%Y-%m-%dT%H:%M:%SZ', started / 1000, 'unixepoch') AS started,
		strftime('%Y-%m-%dT%H:%M:%SZ', finished / 1000, 'unixepoch') AS finished,
		url, input, version, stopped, exit_code,
		(SELECT count(*) FROM outcome WHERE outcome.run = run.id AND kind IN (1, 2)) AS answers
		FROM run;`,
	`CREATE TABLE erased(
		day INTEGER PRIMARY KEY,
		charged INTEGER NOT NULL,
		lost INTEGER NOT NULL,
		checksum INTEGER NOT NULL
	) STRICT;`,
	rekeyStep,
	`CREATE TABLE log(
		id INTEGER PRIMARY KEY,
		needed INTEGER NOT NULL
	) STRICT;
	INSERT INTO log VALUES(1, 0);`,
	`ALTER TABLE asked ADD COLUMN job INTEGER NOT NULL DEFAULT 0;
	ALTER TABLE ended ADD COLUMN job INTEGER NOT NULL DEFAULT 0;
	CREATE TABLE job(
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		run INTEGER NOT NULL,
		asked INTEGER NOT NULL,
		contacts INTEGER NOT NULL,
		pending INTEGER NOT NULL,
		raw INTEGER NOT NULL,
		state TEXT NOT NULL,
		api_id TEXT NOT NULL,
		submitted INTEGER NOT NULL,
		expires INTEGER,
		ended INTEGER,
		ids BLOB NOT NULL,
		checksum INTEGER NOT NULL
	) STRICT;
	CREATE TABLE raw(
		id INTEGER PRIMARY KEY,
		job INTEGER NOT NULL,
		content BLOB NOT NULL,
		checksum INTEGER NOT NULL
	) STRICT;
	CREATE VIEW jobs AS SELECT
		id AS job, run, nullif(api_id, '') AS api_job_id, state, contacts, pending,
		strftime('%Y-%m-%dT%H:%M:%SZ', submitted / 1000, 'unixepoch') AS submitted_at,
		strftime('%Y-%m-%dT%H:%M:%SZ', expires / 1000, 'unixepoch') AS expires_at,
		strftime('%Y-%m-%dT%H:%M:%SZ', ended / 1000, 'unixepoch') AS ended_at
		FROM job;
	CREATE VIEW job_raw AS SELECT id, job, content FROM raw;`,
	rekeyStep, // LinkedIn URLs whose query tells one profile from another
}

// logVersion is the first version that has table log; jobVersion the first one that has bulk jobs.
const (
	logVersion = 4
	jobVersion = 5
)

// migrate brings the open file from a version to the newest one, each step in a transaction. A new file has version 0.
func migrate(db *sqlite3.Conn, steps []string, version int) error {
	for ; version < len(steps); version++ {
		if err := migrateStep(db, steps[version], version+1); err != nil {
			if !db.GetAutocommit() {
				err = errors.Join(err, db.Exec("ROLLBACK"))
			}
			return fmt.Errorf("migrate to version %d: %w", version+1, err)
		}
	}
	return nil
}

// migrateStep brings the file to a version in one transaction: a killed process leaves the old version or the new one.
func migrateStep(db *sqlite3.Conn, step string, version int) error {
	if err := db.Exec("BEGIN IMMEDIATE; " + step); err != nil {
		return err
	}
	if step == rekeyStep {
		if err := rekey(db, version-1); err != nil {
			return err
		}
	}
	return db.Exec(fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT", dbfile.ApplicationID, version))
}
