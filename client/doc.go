// Package client calls the Selling.com Enrichment API: one request per contact, retried if that is safe.
//
// It guarantees that
//   - a request that may have been charged is never repeated by the client itself: no redirect is followed, the transport
//     resends nothing, and a lost call ends its question;
//   - a stop, a pause, an outage or the rate holds back every worker at once;
//   - until a response proves the key, calls go one at a time, in the order of [Client.Queue];
//   - the key is sent in the Authorization header and nowhere else, and is removed from whatever comes back.
//
// It does not know files, what was sent before, or what may be spent: the pipeline and the ledger do.
//
// Where to look: statuspolicy.go decides what each HTTP status means, outcome.go what a call without an answer means;
// account.go decides when a call may be sent, and feedback.go what the account learns from it. No live answer of the API has
// been seen yet: what its documentation leaves open is decided so that it costs least.
package client
