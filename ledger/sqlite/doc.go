// Package sqlite is the durable record of what was asked and answered: one SQLite file, open to everybody.
//
// It guarantees that what [Ledger.Commit] returned for is on the disk (WAL, synchronous=FULL: an intent before its
// request is written, an outcome before its permit is given back); that one process at a time writes to it, and a lock
// of a dead one never blocks; that an intent without an outcome, found when it is opened, becomes a lost call that is
// named; that after a failed write or sync nothing more is taken; and that what is damaged is refused and not touched:
// every row carries a checksum that is looked at whenever it is read, commits and outcomes are numbered without gaps,
// and a log is looked through before SQLite joins it to the file.
//
// One process at a time: the lock is on a byte of the file itself, so that it holds under every name of the file. A file with
// several hard links is refused. Before each commit, before the end of a run is recorded and in [Ledger.Intact], the files must
// be those that were opened, and not cut.
//
// Complete: a ledger that lacks what was durable in it once is refused (see below).
//
// It does not decide what is asked: how old an answer may be and how often a lost contact is asked again are the
// pipeline's rules. It keeps no promise on a network file system, and refuses one by name. Without the lock
// file it cannot see damage that looks like a power cut: of the last transactions in a log. It cannot see an intent of the last
// commit that a disk took back without a trace, if the record was not synced after it.
//
// # The file
//
// application_id is 0x656e7263 ("enrc"), user_version the number of the newest migration in it. Three tables are only
// appended to during a run; no index but the row numbers is kept, because one on a random key costs more than all else.
//
//	run      id, started, first, url, input, version, constants, closed, finished, stopped, exit_code, checksum
//	asked    id (of the commit), run, keys, contacts, checksum        the intents of one commit
//	ended    id (of the commit), run, first, keys, checksum           the outcomes of one commit, as keys
//	outcome  id, run, kind, at, status, attempts, charged, failure, message, contact, body, checksum
//	pruned   id, at, commits, outcomes, checksum                      the last numbers that were given to what was pruned; one row for each
//	                                                                  erasure, also for one that forgot a person and pruned nothing
//	erased   day (since 1970, UTC), charged, lost, checksum           what outcomes that were removed had cost (from version 2 on)
//	log      id (1), needed                                           1: more is in the log (from version 4 on)
//
// asked.keys holds 32 bytes an intent (both keys of its contact), asked.contacts their JSON in the same order. ended.keys
// holds 40 bytes an outcome: both keys, then at<<8|kind, big-endian; the outcome itself is the row first+i. Where one was
// forgotten the 32 or 40 bytes are zero and the contact is null. run.first is the first commit that can be the run's;
// closed is 1 when none of its intents is open. Keys follow the rules that contact.Identity had in the file's version; a step
// that makes them again is in rekey.go. Opening reads ended alone: that is what makes a ledger of millions open
// at once. Times are milliseconds since 1970, UTC. Checksums are CRC-32C over a row's fields, each text behind its length.
//
// # What is durable, and who knows of it
//
// The newest commits are in the log (-wal) until a checkpoint merges them into the file: every three seconds, every 2000 pages,
// and when a run begins. A file without its log looks like an older ledger, so two things say what the newest commit is:
//
//   - The lock file records its number, the last outcome's number and that outcome's checksum, in its first line.
//   - The row of log says whether a log must follow. A checkpoint is made between two transactions: the first sets needed to 1
//     and is merged with all before it, the second sets it to 0 and is in the log. So the file alone says 1; file and log
//     together, a copy that SQLite makes of both, and a ledger whose log was merged at its end say 0.
//
// A kill or a power cut costs nothing at any line of a commit:
//
//	BEGIN … COMMIT     the log is synced: the commit is durable, the record is one behind; a ledger may be ahead of its record
//	write the record   a killed process has written it. It is not synced, but the first one after each checkpoint is: after
//	                   a power cut the record is still newer than the file without its log
//	needed = 1         synced; the record still fits
//	checkpoint         syncs the log, writes and syncs the file; the log stays until the next transaction begins it anew
//	needed = 0         begins the log anew. If that is torn, the file says 1 and has no log, and the record says that nothing
//	                   is missing
//
// Before something is erased the record loses its checksum, because the outcome may go; the numbers are never given again.
// Both are looked at when a ledger is opened, before anything is written; the record comes first. A copy without a lock file
// has only the row.
//
// SQLite's own page checksums (cksumvfs) are not used: another program that only looks at a ledger may join its log to
// it, and would write pages without them.
//
// Readers should use the views, which have plain names and times as text: answers, failures, lost, runs.
package sqlite
