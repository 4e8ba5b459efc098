// Package reader reads a file as rows, in order and in memory that does not grow with the number of rows: CSV in any dialect; JSON
// objects, one a line, one after another or in an array; a sheet of an Excel workbook; and Parquet.
//
// # Layers
//
// [Open] stacks layers, each chosen by content and never by a name:
//
//	bytes → hashed and counted → unpacked (gzip, zstd, bzip2) → decoded to UTF-8 → parsed → rows with contacts
//
// internal/decode hashes bytes, in a goroutine that ends with the input or at Close, and turns them into text. internal/delimited
// and internal/jsonrows parse text into rows; internal/dialect detects delimiters and quotes, internal/layout finds the header row
// and the footer. internal/mapping decides which column is which field. A table in formats.go lists the formats.
//
// Workbooks and Parquet files are not text, and have their tables of contents at the end. internal/workbook and internal/columnar
// read them by random access, after all bytes were read and hashed once; their documentation says how.
//
// Open waits for the first block of a text (128 KiB, or the end) or for the whole of such a file, detects by it what the options
// leave open, and reads no row. What follows is about text.
//
// # Text
//
// A byte order mark, UTF-16's zero bytes or --encoding say what the text is. Otherwise it is ASCII until the first byte that
// is not, even if that is megabytes into the file. The next 64 KiB decide between UTF-8 (at least as many characters as
// bytes that are not valid), Windows-1250 (at least three words that only Czech, Slovak or Hungarian have, and hardly any that they do
// not have) and Windows-1252. Text that can be none of them is refused, with advice to name its encoding; if it
// comes after the first block, only its rows are refused. A byte that cannot be decoded stays in the text, and its row is
// refused as invalid. So a U+FFFD in a cell was in the file, and every pass reads the same bytes the same way.
//
// # Rows
//
// A cell is the input's text, byte for byte, including line ends: without the quotes around it, with doubled or escaped
// quotes as one, and without the one space that belongs to a padded delimiter (", "). A malformed row is refused and never
// reshaped. None of its text is lost, and the rows after it are good:
//
//   - A row with more or fewer cells than the header is ragged. Its cells stay in place; the rest is in Refusal.Extra.
//   - A row with a quote out of place is ragged: text after a closing quote, a quote that is never closed, quotes that open
//     inside a cell and close in a later one. The cells before the quote are whole; the rest is cut at each delimiter. The row
//     ends where a later line is certainly a row again.
//   - A row that a failures file calls ragged is refused until its enrich_error_kind is emptied.
//   - Invalid are a repeated header, bytes that are not text, and a cell above 1 MiB. Of a row above 2 MiB only the beginning
//     is kept, so that memory does not grow with it.
//
// A quoted cell ends at the next quote that a delimiter, a line end or the end of the input follows, however far away it is:
// the input is read ahead to find it.
//
// Cells are views of the buffer that the text is read into, so a row costs no allocation. They are valid until the next Read.
// Builds with the race detector overwrite text that is no longer valid, so that every test finds code that keeps it.
//
// Blank lines, lines above the header ([Info].Above), a line "sep=;" and a report's footer ([Reader.Skipped]) are not rows.
// The header is the line that names the columns of the rows below it: a line that names fields of a contact wins over labels
// and titles above it. A malformed header, or one that fits no row of the first block, is ErrHeader. A cell above 2 MiB
// without quotes ends the reading with ErrBroken, as does a truncated archive or a read error. The rows before it are good,
// the row that it cuts is not returned, and [Reader.Sum] covers all that can be read. A quote that is never closed, with no row
// after it, is ErrBroken too: the text may be cut off in the cell. Its row is returned as ragged if it has less than 2 MiB.
//
// # Limits
//
// A second table in the same file is read as rows of the first, and refused if its width differs. Tables aligned by blanks,
// UTF-32 and encodings of several bytes a character are not read. Short Central European texts, and Turkish and Baltic code pages,
// cannot always be told from Windows-1252: name them.
package reader
