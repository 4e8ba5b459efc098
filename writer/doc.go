// Package writer writes the output files of a run: results, failures and pending rows, in each format of [format].
//
// It guarantees that a row's own cells come out as they went in: a CSV cell byte for byte; a cell of a workbook with the same text,
// in which only bytes that are not UTF-8 become U+FFFD; a JSON object with every byte as it was, except for the member
// "enrichment". What does not fit a format is an error ([ErrTooLarge]); nothing is cut. Only columns with exactly the names that
// enrich adds ([ResultColumns], [FailureColumns]) are replaced, and in JSON only the member "enrichment", so that an output can be
// enriched again.
//
// It does not decide which row is a result or a failure. It does not check JSON: rows and answers must be valid. If they are
// not, it may return an error, but never panics. It does not create, sync or rename files: see package publish.
//
// To add a format: implement encoder in a new file and add it to encoders.
//
// Nothing here is safe for use by several goroutines.
package writer
