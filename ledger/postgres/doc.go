// Package postgres is the ledger as a schema of a PostgreSQL database, which many machines share.
//
// It guarantees what package ledger says, for any number of processes. When [Ledger.Commit] returns, its transaction is
// committed, and a synchronous standby has it, if the server has one. A server that cannot promise that is refused when the ledger
// is opened (fsync, full_page_writes, synchronous_commit, a standby, a pooler in transaction mode, another protocol's server).
// The promises are kept if a process is killed, if the database is killed and restarted, and if the primary is lost and a
// synchronous standby is promoted. If a commit that was acknowledged is lost all the same, the run's next commit detects it and
// fails.
//
// It does not know when a process is dead, nor the rate, the caps and the stop of the account: see Member. It does not promise
// that the commits of two runs have their outcomes in the order of their ids.
//
// # Three rules
//
// The fence: every transaction of a run begins with a change of its row in table run, which fails if the run was taken over, or if
// the row is not as the run left it. The fence also makes the transaction wait for the standby.
//
// The redo: if the connection breaks before the reply, the transaction is done again, whole. The number of the commit in the run's
// row says whether the first try was committed. A redo never takes a claim of an earlier commit for its own.
//
// Nothing that was only read is acted on before a later commit of the same process: a commit can be visible before it is safe.
//
// # The tables
//
// internal/schema/1.sql has them with their columns. intent and outcome are only appended to. contact has the state of each
// contact, for lookups, and its claim: a contact with a claim is not sent by another run. It is made from the two others, and
// Verify compares them.
//
// A run has three kinds of numbers: its own number (run.id); that of each commit, from 1 without gaps, which the fence counts
// (run.commits); and that of each outcome, from 1 without gaps (outcome.n, run.outcomes). outcome.id is the number of an outcome
// in the ledger, and its [ledger.Ref]; aborted transactions leave gaps. run.open_from is the oldest commit that may have an open
// claim, so the claims of a dead run are found without an index: at most 2 × workers are open.
//
// Texts that cannot be text of PostgreSQL (invalid UTF-8, NUL) are stored without these characters, except an answer: it is then
// in column raw, byte for byte.
//
// The keys of a commit are sorted: two transactions that claim the same contacts take them in one order, so they do not deadlock.
package postgres
