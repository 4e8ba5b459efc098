// Package xlsx writes a workbook (Office Open XML, ECMA-376) of one sheet: a header and rows of text.
//
// It guarantees:
//
//   - Every cell is text, and a reader gets the text that was written: leading zeros, signs and long numbers stay, and nothing
//     is a formula. What XML cannot contain (control characters, U+FFFE, U+FFFF, half a surrogate pair) is written as _xHHHH_, the
//     escape of ECMA-376, and text that looks like such an escape is escaped itself. Only bytes that are not UTF-8 are lost:
//     each becomes U+FFFD.
//   - Nothing is cut. What a workbook cannot contain is an error that wraps [ErrLimit]: see the constants.
//   - The same rows give the same bytes: nothing depends on the time or the machine.
//   - Memory does not depend on the number of rows. There are no temporary files: the file is written from start to end, so it
//     may be a pipe.
//
// The header is frozen, bold and has filters. A column is as wide as the widest of its first cells. Spreadsheets do not mark
// the cells as numbers stored as text.
//
// It does not write several sheets, other types of cells, formulas or styles of the caller. It does not close or sync the file.
package xlsx
