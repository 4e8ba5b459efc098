// Package client asks the Selling.com Enrichment API about one contact at a time, and does what is right with
// whatever comes back.
//
// It guarantees that a request that may have been charged is never repeated by itself (no redirect is followed, no
// request is resent by the transport, no lost call is asked again here), that an account's pause, rate and stop hold
// for every worker at once, that until an answer has proved the key calls go one at a time in the order of [Client.Queue],
// and that the key leaves in the Authorization header and nowhere else.
//
// It does not know what was asked before, nor what may be spent: that is the ledger's and the pipeline's. Nobody has
// seen a live answer of this API: what the documents leave open is decided so that it costs least (policy.go).
package client
