package reader

import (
	"enrich/reader/internal/mapping"
	"enrich/reader/internal/source"
)

// Errors of [Open] and [Source.Read]. Each is wrapped in one sentence that says what to do. All but ErrBroken and ErrStorage
// mean that the input cannot be read as rows at all.
var (
	// ErrEmpty: the input is empty, or has only a header.
	ErrEmpty = source.ErrEmpty
	// ErrNoTable: the input is not a table: a workbook of an old format, a PDF, a web page, a picture, noise, an encrypted archive.
	ErrNoTable = source.ErrNoTable
	// ErrEncoding: the encoding of the input's text cannot be known.
	ErrEncoding = source.ErrEncoding
	// ErrNoColumn: the columns found are not enough to look anybody up.
	ErrNoColumn = mapping.ErrNoColumn
	// ErrAmbiguous: two columns are equally good for one field.
	ErrAmbiguous = mapping.ErrAmbiguous
	// ErrHeader: the header is malformed, is data, or fits no row.
	ErrHeader = mapping.ErrHeader
	// ErrMap: --map names a field or a column that does not exist.
	ErrMap = mapping.ErrMap
	// ErrSheet: --sheet names no sheet of the workbook, or several sheets could be meant.
	ErrSheet = source.ErrSheet
	// ErrBroken: the input ended early. The rows before that point are good, and were returned.
	ErrBroken = source.ErrBroken
	// ErrStorage: a temporary file cannot be written or read: the copy of the input, or what of it has no room in memory. Such an
	// error says nothing about the input, and is never ErrBroken.
	ErrStorage = source.ErrStorage
)
