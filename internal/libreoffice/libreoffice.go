// Package libreoffice converts spreadsheets by LibreOffice for tests: an independent program that writes what enrich reads and
// reads what enrich writes.
//
// LibreOffice is installed if it is missing (see package debian). One start takes some seconds, so a test converts all its
// files in one call. Only tests import this package.
package libreoffice

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"enrich/internal/debian"
)

// Filters for --convert-to and --infilter.
const (
	// XLSX writes a workbook.
	XLSX = "xlsx:Calc MS Excel 2007 XML"
	// ODS writes an OpenDocument spreadsheet.
	ODS = "ods:calc8"
	// XLS writes an Excel 97 workbook.
	XLS = "xls:MS Excel 97"
	// CSV writes the first sheet as UTF-8 with commas, each cell as it is shown. Its options are separator, quote, charset, first
	// line, column formats, language, quote all text, numbers as such, as shown, formulas, trim, sheet.
	CSV = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,true"
	// FromCSV reads UTF-8 with commas as a person does: numbers, dates and percentages are detected (English, USA).
	FromCSV = "CSV:44,34,76,1,,1033,false,true"
)

// A Conversion says how files are converted.
type Conversion struct {
	// In is the filter that reads the files; "" if LibreOffice detects their format.
	In string
	// Out is the filter that writes them.
	Out string
}

// Convert converts files in one start of LibreOffice. It returns the directory of the results, which have the names of the
// files with the extension of the new format. A file that cannot be read has no result.
func Convert(t testing.TB, c Conversion, files ...string) (dir string) {
	t.Helper()
	program := debian.Program(t, "libreoffice-calc-nogui", "soffice", "libreoffice")
	dir = t.TempDir()
	args := []string{"--headless", "--norestore", "--nolockcheck", "-env:UserInstallation=file://" + filepath.ToSlash(filepath.Join(t.TempDir(), "profile"))}
	if c.In != "" {
		args = append(args, "--infilter="+c.In)
	}
	args = append(args, "--convert-to", c.Out, "--outdir", dir)
	ctx, cancel := debian.UntilDeadline(t)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, append(args, files...)...)
	inGroup(cmd)
	cmd.WaitDelay = 10 * time.Second // its children may have its output open
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v: %s", program, err, out.Bytes())
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) == 0 {
		t.Fatalf("LibreOffice converted nothing: %v: %s", err, out.Bytes())
	}
	return dir
}

// Read returns the bytes of a result: the one of a file, with another extension ("xlsx", "csv").
func Read(t testing.TB, dir, file, ext string) []byte {
	t.Helper()
	base := filepath.Base(file)
	b, err := os.ReadFile(filepath.Join(dir, strings.TrimSuffix(base, filepath.Ext(base))+"."+ext))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
