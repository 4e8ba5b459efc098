// Package ledger has the values and rules of the durable record of what was sent and answered. Package ledger/sqlite is a store
// of it; package ledger/ledgertest has the tests that every store must pass.
//
// # What a store guarantees
//
//   - An intent is durable before its request is sent, and an outcome before its permit is returned: when Commit returns, both
//     survive a kill and a power cut.
//   - At most one process may send a contact: only an intent that Commit reports as claimed is sent.
//   - An intent whose process died before the outcome was recorded becomes a lost outcome, once. It may have been charged.
//   - A contact is in at most one bulk job that has not ended, and is not sent otherwise until it has its outcome. A job whose name
//     at the API is durable survives its run, and any run may record its results. If the run died before that, each contact of the
//     job becomes a lost outcome, once.
//   - The state of a contact is its latest answer or, if it has none, its latest outcome. Lost counts the calls that were lost
//     since that answer.
//   - After a failed write nothing more is accepted, because what it left is unknown ([ErrFailed]).
//   - What is damaged or incomplete is refused and not changed ([ErrDamaged], [ErrIncomplete]): each record has a checksum that
//     is checked when it is read, and numbers have no gaps.
//   - Forget and Prune remove the bytes too. A removed outcome's number is not used again, and its cost still counts.
//
// A store does not decide what is sent. How old an answer may be, and how often a lost contact is sent again, are rules of the
// pipeline.
package ledger
