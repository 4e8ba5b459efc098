// Package page reads the values of a column chunk of a Parquet file, one after another, in bounded memory.
//
// Pages may have hundreds of megabytes, and a file has a page of each column open at a time, because rows are read across
// the columns. So a page is unpacked into memory only if it fits into what [Memory] has left. Otherwise it is unpacked into
// a temporary file, from which it is read in small pieces, as an uncompressed page is from the input itself. Dictionaries are
// treated the same way.
//
// A damaged page is an error: its sizes, numbers, encodings and checksum are checked, and it can make nothing panic or grow.
// All encodings and codecs of the format are read, apart from levels in the encoding BIT_PACKED, and LZO.
//
// The package does not know what the values mean.
package page
