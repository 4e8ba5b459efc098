// Package schedule has the part of the shared rate that is on one machine.
//
// The rate of an account is a virtual schedule in the database (GCRA): a row says when the next free slot is, and a machine
// takes slots from it ahead of their time. Each slot allows one call. [Slots] are those that this machine has taken. A slot may
// be used from its time on, for as long as the tolerance; then it is discarded, and its call is never made up for. So however
// late a machine wakes, the calls of all machines are never closer together than the schedule, except for the tolerance.
//
// Slots have times of the database's clock. [Clock] converts them.
package schedule
