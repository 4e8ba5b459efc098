// Package ledger has the values and the rules of the durable record of what was asked and answered: what an intent, an
// outcome's state and a run are, which errors a store returns, and whom a deletion request is about. Package ledger/sqlite
// is the store.
package ledger
