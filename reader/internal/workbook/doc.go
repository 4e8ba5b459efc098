// Package workbook reads a sheet of an Excel workbook (.xlsx, .xlsm, .xltx, .xltm) as rows.
//
// # Text
//
// Cells are text as people mean it: numbers in full, dates as ISO 8601, percentages, booleans and errors as shown (see package
// numfmt). A formula is its saved value. A range that is merged downwards has its value in each of its rows; a range that is
// merged across has it in its first column. Hidden rows and columns are read
// like others; hidden rows are counted.
//
// # Rows
//
// A row without any value is not a row, and a column without any is not a column. All other cells are kept, also those outside
// the table, so that no row has too many or too few cells. Rows come in the order of their numbers.
//
// # Which sheet
//
// --sheet names it. Otherwise it is the only visible sheet with a table from which somebody can be looked up or, if there is no
// such sheet, the only one with a table. If several could be meant, that is an error that lists them. Hidden sheets are read
// only if they are named.
//
// # Memory
//
// Rows are streamed. The sheet is read twice: a first time to learn which columns have values and which ranges are merged, both
// of which a file says too late or wrongly. In memory are a row (2 MiB at most), 16 MiB of the texts that cells share, and 4 bytes
// for each such text; the rest of the texts is in a temporary file. All counts and sizes have bounds (see the constants), which
// are above what Excel can write: what exceeds them is refused.
//
// The streaming reader of excelize/v2 2.11.1 does not keep this: 200,000 rows of six columns take 156 MiB and five times the CPU time
// (doc/workbooks.md), a reader that is not a file is read into memory, and a cell is either shown by its format or without it.
package workbook
