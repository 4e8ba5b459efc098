// Package member makes a run a member of the team of runs that share a ledger in PostgreSQL, while it runs. What the runs commit
// is in package postgres; this package has what they share besides: the caps and budgets, the account's rate, pause and stop, the
// proof of the key, the division of an input's rows, and the knowledge which runs are alive.
//
// Everything goes through a lease. Every 250 ms a run sends one transaction, which changes its beat, tells what it has used, and
// takes what it needs until the next one: calls and credits in blocks, and slots of the rate. The transaction is one round trip,
// so no lock is held while a client is slow or stopped. It states totals and a number that increases, so one that is repeated, or
// that the server executes late, does no harm.
//
// # What it guarantees
//
//   - Calls and credits of all runs of a work never exceed the caps, nor those of all runs of a base URL a budget of one of them
//     (see [Budget]), whichever runs are killed when.
//   - The calls of all runs keep the distance of the rate, except for a tolerance of 1 % of the rate's time ([Limiter]).
//   - A run whose lease was not renewed for 2 s makes no new call.
//   - A run is declared dead only after this run has looked at its unchanged beat for that run's timeout and 30 s, without
//     interruption. Its open claims become lost in the same transaction, and only the run that did this reports them.
//   - No clock of a machine is compared with another, or with the database's. Days of budgets are the database's, in UTC.
//
// # What it does not
//
// A call that was about to be sent when the process was stopped (SIGSTOP, a sleeping laptop) may be sent when it continues: its
// contact was reported as lost. Connections must not go through a pooler in transaction mode: without its session a stop is
// seen with the next lease instead of at once.
package member
