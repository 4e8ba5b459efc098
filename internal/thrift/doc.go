// Package thrift reads and writes the Thrift compact protocol, in which Parquet keeps its metadata.
//
// Reading takes constant memory, whatever a file says about itself: a list is never allocated by its declared size, strings
// have a limit, and nesting has one. A malformed input is an error, never a panic.
//
// It knows no schema: the caller says what each field is.
package thrift
