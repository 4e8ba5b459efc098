// Package writer turns rows into the files that a run leaves: results, failures and pending rows, as CSV or JSONL.
//
// It guarantees that a row's own cells come out as they went in: a CSV cell byte for byte, a JSON object with every
// byte but the member "enrichment" as it was, numbers untouched. Only columns with exactly one of our names
// ([ResultColumns], [FailureColumns]) are replaced, and in JSON only the member "enrichment", so that an output can
// be enriched again.
//
// It does not judge: which row is a result, which a failure, and whether an answer is believed is the caller's. It
// does not check JSON: lines and answers are valid when they come here; where they are not, it may refuse them with
// an error, but never panics.
//
// Nothing here is safe for use by several goroutines at once.
package writer
