// Package file reads the metadata of a Parquet file: its schema, and where the column chunks of each row group are.
//
// A file may have thousands of row groups with thousands of columns each, so the metadata of one row group is in memory at a
// time. Nothing that a file says about itself is believed without a check: sizes and offsets are within the file, the
// schema is a tree of bounded depth and size, and each chunk has the type of its column.
//
// The tree of columns ([Node]) has the shape that DuckDB gives it, with lists, maps and structs. The package reads no values.
package file
