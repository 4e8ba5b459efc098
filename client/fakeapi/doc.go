// Package fakeapi is a stand-in for the Selling.com Enrichment API on a loopback port, with faults to order: the peer
// of the demo, the tests and the benchmarks.
//
// It guarantees that its count is exact, because the count is the judge of what was paid: a call counts once its
// request's body was read, before anything of the answer is written. The same contact gets the same answer in every
// run, whatever the order of the calls, so that a test can say what it expects. It listens on loopback only. Where an
// answer is spoilt or never arrives, the contact is charged as if it had: the worst case is what a client must survive.
//
// It does not know more of the API than the documents say, which is less than a real one does; and it is no place for
// a real key, although it keeps none.
//
// # Faults by address
//
// What stands after a plus sign in an address orders what happens to it, one after the other where there are several:
//
//	ann+500@x.example        always a 500
//	ann+500x2@x.example      twice a 500, then good
//	ann+500x2+429x1+nomatch@x.example
//
// [Kinds] lists what can be ordered. A tag that is none of them is part of a name, as in real addresses.
package fakeapi
