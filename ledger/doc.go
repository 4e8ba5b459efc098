// Package ledger is the durable record of what was asked and answered: one SQLite file, open to everybody.
//
// It guarantees that what [Ledger.Commit] returned for is on the disk (WAL, synchronous=FULL: an intent before its
// request is written, an outcome before its permit is given back); that one process at a time writes to it, and a lock
// of a dead one never blocks; that an intent without an outcome, found when it is opened, becomes a lost call that is
// named; that after a failed write or sync nothing more is taken; and that what is damaged is refused and not touched:
// every row carries a checksum that is looked at whenever it is read.
//
// It does not decide what is asked: how old an answer may be and how often a lost contact is asked again are the
// pipeline's rules. It keeps no promise on a network file system, and refuses one by name.
//
// # The file
//
// application_id is 0x656e7263 ("enrc"), user_version the number of the newest migration in it. Three tables are only
// appended to during a run; no index but the row numbers is kept, because one on a random key costs more than all else.
//
//	run      id, started, finished, url, input, version, constants, stopped, exit_code, closed
//	asked    id (of the commit), run, keys, contacts, checksum        the intents of one commit
//	ended    id (of the commit), run, first, keys, checksum           the outcomes of one commit, as keys
//	outcome  id, run, kind, at, status, attempts, charged, failure, message, contact, body, checksum
//
// asked.keys holds 32 bytes an intent (both keys of its contact), asked.contacts their JSON in the same order. ended.keys
// holds 40 bytes an outcome: both keys, then at<<8|kind, big-endian; the outcome itself is the row first+i. Opening
// reads ended alone: that is what makes a ledger of millions open at once. Times are milliseconds since 1970, UTC.
// Checksums are CRC-32C over a row's fields, each behind its length.
//
// Readers should use the views, which have plain names and times as text: answers, failures, lost, runs.
package ledger
