// Package jobresults receives the results of a bulk job and reads them as a stream.
//
// It guarantees that results of any size take little memory: at most a few times that of the largest element, which is 1 MiB.
// They are kept in a temporary file without a name. Compression, encodings and byte order marks are removed as they are from
// the answer about a single contact, the API's key is removed, and an element gives the same answer as the same contact in a
// single answer.
//
// It tells results that cannot be read from a disk that failed and from a connection that broke. It does not know which contacts
// a job has.
package jobresults
