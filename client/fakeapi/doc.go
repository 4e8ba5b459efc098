// Package fakeapi is a stand-in for the Selling.com Enrichment API on a loopback port. Faults can be ordered from it. The demo, the
// tests and the benchmarks use it.
//
// It guarantees:
//
//   - Its counts are exact, because they decide what was paid. A call counts once the body of its request was read, before its
//     answer is written.
//   - A contact gets the same answer in every run, in whatever order calls arrive, so that a test can say what it expects.
//   - If an answer is damaged or never arrives, the contact is charged as if it had arrived: the worst case for a client.
//   - All contacts of a job are charged when the job is accepted, whether or not the client is told or asks for the results.
//   - It listens on loopback only.
//
// It knows only what the API's documents say. Do not use a real key with it, although it stores none.
//
// A job is a state that only the clock changes, so no goroutine works on one: see [Bulk], [Options.Now] and [InProcess].
//
// # Faults by address
//
// Tags after a plus sign in an address order what happens to its calls, one after the other:
//
//	ann+500@x.example        always a 500
//	ann+500x2@x.example      twice a 500, then a normal answer
//	ann+500x2+429x1+nomatch@x.example
//
// [Kinds] lists what can be ordered. A tag that is not in the list is part of the name, as in real addresses. In a job, a tag for what
// a contact looks like, such as nomatch or odd, applies to its element of the results, and 400, 413 or 422 refuses the whole submission.
package fakeapi
