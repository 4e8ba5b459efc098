package libreoffice_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"enrich/internal/libreoffice"
)

// Files are converted in one start, there and back, and numbers are detected as a person expects.
func TestConvert(t *testing.T) {
	dir := t.TempDir()
	var files []string
	for _, name := range []string{"one.csv", "two.csv"} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("name,share\n"+name+",12.50%\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, path)
	}
	workbooks := libreoffice.Convert(t, libreoffice.Conversion{In: libreoffice.FromCSV, Out: libreoffice.XLSX}, files...)
	for i, file := range files {
		if b := libreoffice.Read(t, workbooks, file, "xlsx"); !strings.HasPrefix(string(b), "PK") {
			t.Errorf("%s is not a workbook: %.20q", file, b)
		}
		files[i] = filepath.Join(workbooks, strings.TrimSuffix(filepath.Base(file), ".csv")+".xlsx")
	}
	texts := libreoffice.Convert(t, libreoffice.Conversion{Out: libreoffice.CSV}, files...)
	if got := string(libreoffice.Read(t, texts, "two.csv", "csv")); got != "name,share\ntwo.csv,12.50%\n" {
		t.Errorf("%q", got)
	}
}
