CREATE TABLE asked(
		id INTEGER PRIMARY KEY,
		run INTEGER NOT NULL,
		keys BLOB NOT NULL,
		contacts TEXT NOT NULL,
		checksum INTEGER NOT NULL
	, job INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE ended(
		id INTEGER PRIMARY KEY,
		run INTEGER NOT NULL,
		first INTEGER NOT NULL,
		commits INTEGER NOT NULL,
		asked INTEGER NOT NULL,
		keys BLOB NOT NULL,
		checksum INTEGER NOT NULL
	, job INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE erased(
		day INTEGER PRIMARY KEY,
		charged INTEGER NOT NULL,
		lost INTEGER NOT NULL,
		checksum INTEGER NOT NULL
	) STRICT;
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
CREATE TABLE log(
		id INTEGER PRIMARY KEY,
		needed INTEGER NOT NULL
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
CREATE TABLE raw(
		id INTEGER PRIMARY KEY,
		job INTEGER NOT NULL,
		content BLOB NOT NULL,
		checksum INTEGER NOT NULL
	) STRICT;
CREATE TABLE run(
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
CREATE TABLE sqlite_sequence(name,seq);
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
CREATE VIEW job_raw AS SELECT id, job, content FROM raw;
CREATE VIEW jobs AS SELECT
		id AS job, run, nullif(api_id, '') AS api_job_id, state, contacts, pending,
		strftime('%Y-%m-%dT%H:%M:%SZ', submitted / 1000, 'unixepoch') AS submitted_at,
		strftime('%Y-%m-%dT%H:%M:%SZ', expires / 1000, 'unixepoch') AS expires_at,
		strftime('%Y-%m-%dT%H:%M:%SZ', ended / 1000, 'unixepoch') AS ended_at
		FROM job;
CREATE VIEW lost AS SELECT
		id, run, strftime('%Y-%m-%dT%H:%M:%SZ', at / 1000, 'unixepoch') AS at,
		contact ->> 'email' AS email, nullif(status, 0) AS http_status, attempts, message, contact
		FROM outcome WHERE kind = 4;
CREATE VIEW runs AS SELECT
		id, strftime('%Y-%m-%dT%H:%M:%SZ', started / 1000, 'unixepoch') AS started,
		strftime('%Y-%m-%dT%H:%M:%SZ', finished / 1000, 'unixepoch') AS finished,
		url, input, version, stopped, exit_code,
		(SELECT count(*) FROM outcome WHERE outcome.run = run.id AND kind IN (1, 2)) AS answers
		FROM run;
