package decode

import (
	"bytes"

	"enrich/reader/internal/source"
)

// A signature is how files of a kind begin that is not a table, and what to do about it.
type signature struct {
	at     int // offset in the file
	begins string
	advice string
}

const (
	saveAsCSV = "; open it in the program that made it and save or export it as CSV"
	picture   = "this is a picture; name a CSV, JSONL, .xlsx or Parquet file"
	program   = "this is a program; name a CSV, JSONL, .xlsx or Parquet file"
	encrypted = "this file is encrypted; decrypt it first"
	archive   = "this is an archive; unpack it, and name the file in it"
)

// signatures returns those of the files that people have beside tables.
func signatures() []signature {
	return []signature{
		{0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "this is an Excel 97-2003 workbook (.xls) or another Office document, not text; open it and save it as .xlsx or CSV"},
		{0, "%PDF-", "this is a PDF document; export its data as CSV"},
		{0, "\x89PNG\r\n", picture},
		{0, "\xff\xd8\xff", picture},
		{0, "GIF8", picture},
		{0, "II*\x00", picture},
		{0, "MM\x00*", picture},
		{0, "\x00\x00\x00", "this is a picture, a film or another binary file; name a CSV, JSONL, .xlsx or Parquet file"},
		{0, "{\\rtf", "this is a text document (RTF)" + saveAsCSV},
		{0, "SQLite format 3\x00", "this is an SQLite database; export the table as CSV"},
		{0, "PAR1", "this is a Parquet file in an archive; unpack it first"},
		{0, "ARROW1", "this is an Arrow file; export it as CSV"},
		{0, "Obj\x01", "this is an Avro file; export it as CSV or JSONL"},
		{0, "7z\xbc\xaf\x27\x1c", archive},
		{0, "Rar!\x1a\x07", archive},
		{0, "\xfd7zXZ\x00", archive},
		{0, "\x04\x22\x4d\x18", archive},
		{0, "\x1f\x9d", archive},
		{257, "ustar", archive},
		{0, "age-encryption.org/", encrypted},
		{0, "-----BEGIN AGE ENCRYPTED FILE", encrypted},
		{0, "-----BEGIN PGP MESSAGE", encrypted},
		{0, "Salted__", encrypted},
		{0, "\x7fELF", program},
		{0, "MZ\x90\x00", program},
		{0, "BEGIN:VCARD", "this is a file of vCards; export the address book as CSV"},
	}
}

// refuseRaw says why bytes, as they are in the file or in an archive, are not a table; nil if they may be one.
func refuseRaw(block []byte) error {
	if bytes.HasPrefix(block, []byte("PK\x03\x04")) {
		return source.NotTable(zipAdvice(block))
	}
	for _, s := range signatures() {
		if len(block) >= s.at && bytes.HasPrefix(block[s.at:], []byte(s.begins)) {
			return source.NotTable(s.advice)
		}
	}
	if bytes.HasPrefix(block, []byte("\xff\xfe\x00\x00")) || bytes.HasPrefix(block, []byte("\x00\x00\xfe\xff")) {
		return source.NotTable("the text is UTF-32; save it as UTF-8")
	}
	return nil
}

// zipAdvice tells an office document, of which package workbook knows more, from other ZIP archives. The first entry's flags say
// whether it is encrypted.
func zipAdvice(block []byte) string {
	switch {
	case len(block) > 6 && block[6]&1 != 0:
		return "this is an encrypted ZIP archive; unpack it, and name the file in it"
	case bytes.Contains(block, []byte("xl/")), bytes.Contains(block, []byte("[Content_Types].xml")):
		return "this is an Excel workbook, not text; if it is packed, unpack it, and leave out --input-format"
	case bytes.Contains(block, []byte("opendocument")):
		return "this is an OpenDocument file, not text; open it and save it as .xlsx or CSV"
	case bytes.Contains(block, []byte("Index/")):
		return "this is a Numbers document, not text; open it in Numbers and choose File > Export To > Excel or CSV"
	}
	return "this is a ZIP archive; unpack it, and name the file in it"
}

// refuseText says why decoded text is not a table.
func refuseText(block []byte) error {
	start := bytes.ToLower(block[:min(len(block), 512)])
	start = bytes.TrimSpace(start)
	switch {
	case bytes.HasPrefix(start, []byte("<!doctype html")), bytes.HasPrefix(start, []byte("<html")),
		bytes.HasPrefix(start, []byte("<head")), bytes.HasPrefix(start, []byte("<table")):
		if bytes.Contains(start, []byte("<table")) || bytes.Contains(start, []byte("office:excel")) {
			return source.NotTable("this is a web page with a table, which some programs call .xls; open it in a spreadsheet program and save it as .xlsx or CSV")
		}
		return source.NotTable("this is a web page; if it was downloaded, the link may need a login; export the data as CSV")
	case bytes.HasPrefix(start, []byte("<?xml")) && bytes.Contains(start, []byte("urn:schemas-microsoft-com:office:spreadsheet")):
		return source.NotTable("this is an Excel 2003 XML spreadsheet (.xml, .xls); open it and save it as .xlsx or CSV")
	case bytes.HasPrefix(start, []byte("<?xml")) && bytes.Contains(start, []byte("<office:document")):
		return source.NotTable("this is a flat OpenDocument file (.fods); open it and save it as .xlsx or CSV")
	case bytes.HasPrefix(start, []byte("<?xml")), bytes.HasPrefix(start, []byte("<svg")):
		return source.NotTable("this is an XML document" + saveAsCSV)
	case bytes.HasPrefix(start, []byte("dn: ")) && bytes.Contains(start, []byte("objectclass: ")):
		return source.NotTable("this is an address book in LDIF; export it as CSV")
	case isNoise(block):
		return source.NotTable("this is not text: it has too many control characters; name a CSV, JSONL, .xlsx or Parquet file")
	}
	return nil
}

// isNoise reports whether there are too many control characters for text: more than one in two hundred.
func isNoise(block []byte) bool {
	n := 0
	for _, b := range block {
		if isControl(b) {
			n++
		}
	}
	return n > 2+len(block)/200
}

// isControl leaves out what text has: tabs, line ends, form feeds, and the separators from 0x1c to 0x1f.
func isControl(b byte) bool {
	return b < '\t' || b > '\r' && b < 0x1c || b == 0x7f
}
