// Package reader turns a file into rows, in order and in constant memory: CSV of any dialect, JSON lines, JSON objects
// behind one another or in an array.
//
// # Layers
//
// [Open] puts readers over one another, each chosen by content and never by a name:
//
//	raw bytes → hashed and counted → unpacked (gzip, zstd, bzip2) → UTF-8 text → rows
//
// A quote, an escape and a space behind the delimiter belong to the dialect only if they do something: an apostrophe that
// protects no delimiter, line end or quote is text, and text inside quotes says nothing about the delimiter (see sniff.go).
//
// It waits for the first block (128 KiB of text, or the end), finds by it what the options leave open, and reads no row.
// Rows then come as soon as they are there.
//
// # Text
//
// A byte order mark, UTF-16 by its zero bytes and --encoding say what the text is. Where nothing does, it is ASCII until the
// first byte that is not, be it megabytes in: the 64 KiB from there decide between UTF-8 (more characters that are
// valid than bytes that are not) and Windows-1252; text that can be neither is refused, with the advice to name its
// encoding, and further into a file its rows are. What cannot be decoded (a spoiled row in UTF-8, half a surrogate pair,
// an empty place of a code page) stays in the text as bytes that are no UTF-8, and their row is refused as invalid, with
// its bytes. So a U+FFFD in a cell stood in the file, and the same bytes are read alike in every pass.
//
// # Rows
//
// It guarantees that a cell comes out as it is in the text, byte for byte, line ends and all: without the quotes around it, doubled
// or escaped quotes as one, and without the one space that belongs to a padded delimiter (", "). What is not sound is
// refused and not reshaped, nothing of it is lost, and what follows is good:
//
//   - a row with more or fewer cells than the header is ragged; its cells stay in place, the rest is in Refusal.Extra;
//   - a quote out of place makes a row ragged too: text behind a closing quote, a quote that never closes, quotes that open
//     inside a cell and close in a later one. Its cells before the quote are told apart, the rest is cut at each delimiter
//     as it stands. It ends where the next line is plainly a row again (see spoiled.go);
//   - a row that a failures file of ours calls ragged is refused again until its enrich_error_kind is emptied;
//   - invalid are the header once more, bytes that are no text, and a cell above 1 MiB. Of a row above 2 MiB only the
//     beginning is kept, so that memory does not grow with it.
//
// A quoted cell ends at the next quote if a delimiter, a line end or the end of the input follows, however far that is: the
// input is read ahead to find it (lookahead.go).
//
// Cells are not copied out of the text that they are read from, so that a row costs no allocation; they are good until the next
// Read. Where the race detector is on, what is no longer good is overwritten, so that every test looks for those who keep it.
//
// Blank lines are not rows, nor are lines above the header ([Info.Above]) or a line "sep=;". The header is the line that names
// the columns of the rows below it: one that names fields of a contact wins over labels and titles above it (see
// header_line.go). A header that is spoiled, or that no row
// of the first block fits, is ErrHeader. A bare cell above 2 MiB ends the reading as ErrBroken, as does a cut archive or a read
// error: rows before it are good, the row that it tears is none, and [Reader.Sum] goes on to the end of what can be read.
//
// # What it does not
//
// A second table in the same file is read as rows of the first, refused where its width differs. Tables aligned by blanks, UTF-32
// and encodings of several bytes a character are not read. Central European, Turkish and Baltic code pages cannot always
// be told from Windows-1252: name them. A Reader is for one goroutine, but [Reader.BytesRead] is for any.
package reader
