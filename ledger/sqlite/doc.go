// Package sqlite is the ledger as one SQLite file that any program can read.
//
// It guarantees what package ledger says, for one process at a time. When [Ledger.Commit] returns, the log is synced (WAL,
// synchronous=FULL). The lock is on a byte of the file itself, so it is the same under every name of the file; the lock of a dead
// process is released. A file with several hard links is refused. Before each commit, before the end of a run is recorded and in
// [Ledger.CheckUnchanged], the files must be those that were opened, and not cut off. A log is checked before SQLite joins it with the
// file. A ledger is complete if nothing durable is missing from it; an incomplete one is refused (see below).
//
// It keeps no promise on a network file system, and refuses those it knows. Without the lock file it cannot detect
// damage to the last transactions of a log, because it looks like a power cut; or the loss, after a successful sync, of the
// last commit if it had only intents.
//
// # The file
//
// application_id is 0x656e7263 ("enrc"); user_version is the number of the newest migration. The tables of intents and outcomes are
// only appended to during a run. There is no index but the row numbers, because an index on a random key costs more than everything else.
//
//	run      id, started, first, url, input, version, constants, closed, finished, stopped, exit_code, checksum
//	asked    id (of the commit), run, keys, contacts, checksum, job   the intents of one commit
//	ended    id (of the commit), run, first, commits, asked, keys, checksum, job    the outcomes of one commit, as keys
//	outcome  id, run, kind, at, status, attempts, charged, failure, message, contact, body, checksum
//	pruned   id, at, commits, outcomes, checksum                      the last numbers that were assigned to what was pruned; one row for
//	                                                                  each erasure, also for one that forgot a person and pruned nothing
//	erased   day (since 1970, UTC), charged, lost, checksum           what removed outcomes had cost (from version 2 on)
//	log      id (1), needed                                           1: a log must follow (from version 4 on)
//	job      id, run, asked, contacts, pending, raw, state, api_id, submitted, expires, ended, ids, checksum    (from version 5 on)
//	raw      id, job, content, checksum                               what could not be understood of a job's results (from version 5 on)
//
// asked.keys has 32 bytes for each intent (both keys of its contact); asked.contacts has the contacts in the same order, as JSON.
// ended.keys has 40 bytes for each outcome: both keys, then at<<8|kind, big-endian; the outcome itself is row first+i. A row of
// ended may represent several commits (compaction). If an outcome was forgotten, its 32 or 40 bytes are zero and its contact is
// null. run.first is the first commit that can be the run's; closed is 1 when none of its intents is open. Keys follow the rules
// that contact.Identity had in the file's version; rekey.go has the step that makes them again. Opening reads only ended, so a
// ledger of millions opens in about a second. Times are milliseconds since 1970, UTC. Checksums are CRC-32C over a row's fields, each text
// after its length.
//
// The contacts of a bulk job are the intents of one commit, job.asked; all rows of asked and ended that belong to a job have its
// number, and each commit has a row in one of the two, if need be one without intents. job.contacts are as many as were submitted,
// job.pending those that have no outcome of the job; job.raw counts rows of raw. A row of job is changed in the same transaction
// as what it counts, and stays when its job has ended. Job numbers have no gaps, and SQLite remembers the last one, so a removed
// row is detected. Opening reads the intents of the jobs that have not ended. job.ids is empty, or has the request keys under which
// the contacts were submitted, 16 bytes each, if a migration changed them while the job was open: the results have those. Outcomes of
// a job can be of another run than its intents, but their keys are those of the run that submitted it.
//
// # What is durable, and how a loss is detected
//
// The newest commits are only in the log (-wal) until a checkpoint merges them into the file: every three seconds, every 2000
// pages, and when a run begins. A file without its log looks like an older ledger, so two things say what the newest commit is:
//
//   - The lock file records its number, the last outcome's number and that outcome's checksum, in its first line.
//   - Table log says whether a log must follow. A checkpoint is made between two transactions: the first sets needed to 1 and is
//     merged with everything before it; the second sets it to 0 and is in the log. So the file alone says 1; the file with its
//     log, a copy that SQLite makes of both, and a ledger whose log was merged at the end say 0.
//
// A kill or a power cut loses nothing at any line of a commit:
//
//	BEGIN … COMMIT     the log is synced: the commit is durable, the record is one behind; a ledger may be ahead of its record
//	write the record   a killed process has written it. It is not synced, but the first one after each checkpoint is: after
//	                   a power cut the record is still newer than the file without its log
//	needed = 1         synced; the record still matches
//	checkpoint         syncs the log, writes and syncs the file; the log stays until the next transaction restarts it
//	needed = 0         restarts the log. If that is torn, the file says 1 and has no log, and the record says that nothing
//	                   is missing
//
// Before something is erased, the record loses its checksum, because the outcome may be removed; numbers are not used again.
// Both are checked when a ledger is opened, before anything is written; the record is checked first. A copy without a lock file
// has only the row.
//
// SQLite's own page checksums (cksumvfs) are not used: another program that only looks at a ledger may join its log with it, and
// would write pages without them.
//
// Other programs should read the views, which have plain names and times as text: answers, failures, lost, runs, jobs, job_raw.
package sqlite
