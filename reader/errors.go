package reader

import (
	"enrich/reader/internal/mapping"
	"enrich/reader/internal/source"
)

// Errors of [Open] and [Reader.Read]. Each is wrapped in one sentence that says what to do. All but ErrBroken mean that
// the input cannot be read as rows at all, and nothing of it should be.
var (
	// ErrEmpty: there is nothing in the input, or nothing but a header.
	ErrEmpty = source.ErrEmpty
	// ErrNoTable: it is no table: a workbook, a PDF, a web page, a picture, noise, an encrypted archive.
	ErrNoTable = source.ErrNoTable
	// ErrEncoding: its text is in an encoding that nobody can know.
	ErrEncoding = source.ErrEncoding
	// ErrNoColumn: no column says by what to ask.
	ErrNoColumn = mapping.ErrNoColumn
	// ErrAmbiguous: two columns are equally good for one field.
	ErrAmbiguous = mapping.ErrAmbiguous
	// ErrHeader: the header is spoiled, is data, or no row fits it.
	ErrHeader = mapping.ErrHeader
	// ErrMap: --map names a field or a column that is not there.
	ErrMap = mapping.ErrMap
	// ErrBroken: the input ended early in the middle. The rows before it are good, and were returned.
	ErrBroken = source.ErrBroken
	// ErrStorage: a temporary copy of the input cannot be written or read. [Open] does not return it by itself: the reader
	// that it is given wraps it. Such an error says nothing about the input, and is never ErrBroken.
	ErrStorage = source.ErrStorage
)
