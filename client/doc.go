// Package client calls the Selling.com Enrichment API: one request per contact, or bulk jobs of many, retried if that is safe.
//
// It guarantees that
//   - a request that may have been charged is never repeated by the client itself: no redirect is followed, the transport
//     resends nothing, and a lost call ends its question, a lost submission its job;
//   - a stop, a pause, an outage or the rate holds back every worker at once;
//   - until a response verifies the key, calls go one at a time, in the order of [Client.Queue];
//   - the key is sent in the Authorization header and nowhere else, and is removed from whatever comes back.
//
// It does not know files, what was sent before, or what may be spent: the pipeline and the ledger do.
//
// What happens to each call, step by step:
//
//	reply     call.go          what came back, and how far the request got (delivery.go)
//	decision  statuspolicy.go  what a response means; outcome.go: what a call without a response means
//	feedback  feedback.go      what it means for the whole account: a 429 pauses it, a 401 stops the run
//	result    outcome.go       what it means for the row; or question.go: the row is sent again, after a delay (backoff.go)
//
// A bulk job takes the same steps: jobs.go and jobcall.go instead of question.go, jobpolicy.go instead of statuspolicy.go. Its
// results are stored in a temporary file and read as a stream (jobresults.go). Its requests share the account's pause, breaker and
// stop with all others.
//
// account.go decides when the next call may be sent. No live answer of the API has been seen yet: what its documentation
// leaves open is read in the way that risks the fewest credits.
package client
