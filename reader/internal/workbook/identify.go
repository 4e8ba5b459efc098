package workbook

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"

	"enrich/reader/internal/source"
)

// magicZIP and magicOLE are how the containers of office documents begin.
const (
	magicZIP = "PK\x03\x04"
	magicOLE = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
)

// HeadSize is how many bytes [Detect] looks at.
const HeadSize = 8 << 10

// Detect reports whether a file that begins with head may be a workbook, or another office document that [Open] names.
func Detect(head []byte) bool {
	return bytes.HasPrefix(head, []byte(magicOLE)) || bytes.HasPrefix(head, []byte(magicZIP)) && isOffice(head)
}

// isOffice reports whether an archive that begins with head is an office document, by the names of its first files. Others are
// refused as archives by the next format.
func isOffice(head []byte) bool {
	const nameAt = 30 // of the first file
	if len(head) > nameAt && bytes.HasPrefix(head[nameAt:], []byte("mimetype")) {
		return true // OpenDocument, and before it OpenOffice
	}
	for _, name := range []string{"[Content_Types].xml", "_rels/", "docProps/", "xl/", `xl\`, "word/", "ppt/", "Index/", "Index.zip", "buildVersionHistory.plist", "customXml/"} {
		if bytes.Contains(head, []byte(name)) {
			return true
		}
	}
	return false
}

// How each format that is not supported can be exported.
const (
	saveAs    = "; open it and save it as .xlsx or CSV"
	inNumbers = "; open it in Numbers and choose File > Export To > Excel or CSV"
)

// notWorkbook says what an archive is that is not a workbook.
func (c *container) notWorkbook() error {
	kind := ""
	if f := c.parts["mimetype"]; f != nil && f.UncompressedSize64 < 200 {
		if in, err := f.Open(); err == nil {
			text, _ := io.ReadAll(io.LimitReader(in, 200)) // an error leaves it unknown
			kind = string(text)
			_ = in.Close() // it was only read
		}
	}
	switch {
	case c.has("xl/workbook.bin"):
		return source.NotTable("this is a binary Excel workbook (.xlsb)" + saveAs)
	case strings.Contains(kind, "spreadsheet"), strings.Contains(kind, "vnd.sun.xml.calc"):
		return source.NotTable("this is an OpenDocument spreadsheet (.ods)" + saveAs)
	case strings.Contains(kind, "opendocument"):
		return source.NotTable("this is an OpenDocument file that is not a spreadsheet; export its table as .xlsx or CSV")
	case c.has("index/document.iwa"), c.has("index.zip"), c.has("index.xml") && c.has("buildversionhistory.plist"):
		return source.NotTable("this is a Numbers document (.numbers)" + inNumbers)
	case c.has("word/document.xml"):
		return source.NotTable("this is a Word document; copy its table into a spreadsheet and save that as .xlsx or CSV")
	case c.has("ppt/presentation.xml"):
		return source.NotTable("this is a presentation; copy its table into a spreadsheet and save that as .xlsx or CSV")
	}
	return source.NotTable("this is a ZIP archive, not a workbook; unpack it, and name the file in it")
}

// notArchive says what is wrong with an archive that cannot be opened.
func notArchive(err error) error {
	if errors.Is(err, source.ErrBroken) || errors.Is(err, source.ErrStorage) {
		return err
	}
	if errors.Is(err, errDirectory) {
		return source.NotTable("this is not a workbook: " + err.Error())
	}
	return fmt.Errorf("%w: the workbook is truncated or damaged; copy or download it again", source.ErrBroken)
}

// notOLE says what a file in the container of older Office documents is. An encrypted workbook is one, too.
func notOLE(in io.ReaderAt, size int64) error {
	streams, err := oleStreams(in, size)
	if errors.Is(err, source.ErrBroken) || errors.Is(err, source.ErrStorage) {
		return err
	}
	has := func(names ...string) bool {
		for _, name := range names {
			if streams[name] {
				return true
			}
		}
		return false
	}
	switch {
	case has("EncryptedPackage", "EncryptionInfo"):
		return source.NotTable("the workbook is encrypted; open it with its password and save it without one (File > Info > Protect Workbook)")
	case has("Workbook", "Book"):
		return source.NotTable("this is an Excel 97-2003 workbook (.xls)" + saveAs)
	case has("WordDocument"):
		return source.NotTable("this is a Word 97-2003 document; copy its table into a spreadsheet and save that as .xlsx or CSV")
	case has("PowerPoint Document"):
		return source.NotTable("this is a PowerPoint 97-2003 presentation; copy its table into a spreadsheet and save that as .xlsx or CSV")
	}
	return source.NotTable("this is an Excel 97-2003 workbook (.xls) or another old Office document, or an encrypted one" + saveAs)
}

// maxDirectorySectors is how much of the directory of an OLE container is read.
const maxDirectorySectors = 64

// oleStreams returns the names of the streams in an OLE container ([MS-CFB]), as far as its directory can be followed by the
// first sector of its allocation table.
func oleStreams(in io.ReaderAt, size int64) (map[string]bool, error) {
	names := map[string]bool{}
	header := make([]byte, 512)
	if _, err := in.ReadAt(header, 0); err != nil {
		return names, err
	}
	shift := binary.LittleEndian.Uint16(header[30:])
	if shift < 9 || shift > 12 {
		return names, nil
	}
	sector := int64(1) << shift
	at := func(n uint32) int64 { return (int64(n) + 1) * sector }
	table, entries := binary.LittleEndian.Uint32(header[76:]), make([]byte, sector)
	next, allocation := binary.LittleEndian.Uint32(header[48:]), make([]byte, sector)
	if _, err := in.ReadAt(allocation, at(table)); err != nil && at(table) < size {
		return names, err
	}
	for range maxDirectorySectors {
		if at(next)+sector > size {
			break
		}
		if _, err := in.ReadAt(entries, at(next)); err != nil && err != io.EOF {
			return names, err
		}
		for e := entries; len(e) >= 128; e = e[128:] {
			names[oleName(e)] = true
		}
		if int64(next)*4+4 > sector {
			break
		}
		next = binary.LittleEndian.Uint32(allocation[next*4:])
	}
	return names, nil
}

// oleName returns the name of a directory entry: at most 32 UTF-16 units, and their length in bytes with a zero.
func oleName(entry []byte) string {
	n := min(int(binary.LittleEndian.Uint16(entry[64:])), 64)
	units := make([]uint16, 0, 32)
	for i := 0; i+3 < n; i += 2 {
		units = append(units, binary.LittleEndian.Uint16(entry[i:]))
	}
	return string(utf16.Decode(units))
}
