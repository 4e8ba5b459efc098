// Package columnar reads the rows of Parquet files.
//
// It guarantees that rows come in the file's order, with the text of each cell as DuckDB prints it, and that memory does not
// grow with the file, its row groups or its pages (see internal/page). A column that is a list, map or struct is one cell. A null
// is an empty cell.
//
// A file that cannot be read at all is refused before the first row: truncated, damaged, encrypted, or of a kind that is not
// supported. Damage that only shows later ends the input early; the rows before it are good. A row is refused if its text is too
// long or is not UTF-8.
//
// VARIANT, GEOMETRY and GEOGRAPHY columns are read as the structs and bytes that they are stored as.
package columnar
