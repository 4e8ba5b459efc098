package decode_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"enrich/reader"
	"enrich/reader/internal/readertest"
)

func noiseOf(n int) string {
	random := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	return string(b)
}

func TestOtherFilesAreRefusedWithAdvice(t *testing.T) {
	for name, c := range map[string]struct {
		input string
		is    error
		says  string
	}{
		"nothing":        {"", reader.ErrEmpty, "no row"},
		"white space":    {" \n\n\t\n", reader.ErrEmpty, "no row"},
		"cut workbook":   {"PK\x03\x04\x14\x00\x06\x00[Content_Types].xml", reader.ErrBroken, "truncated"},
		"old workbook":   {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00", reader.ErrNoTable, "save it as .xlsx or CSV"},
		"packed":         {string(readertest.Gzip(string(readertest.Workbook()))), reader.ErrNoTable, "unpack it"},
		"locked archive": {"PK\x03\x04\x14\x00\x01\x00leads.csv", reader.ErrNoTable, "encrypted"},
		"archive":        {"PK\x03\x04\x14\x00\x00\x00leads.csv", reader.ErrNoTable, "unpack"},
		"PDF":            {"%PDF-1.7\n%\xe2\xe3", reader.ErrNoTable, "PDF"},
		"table .xls":     {"<table><tr><th>email</th></tr>", reader.ErrNoTable, "save it as .xlsx or CSV"},
		"Excel's page":   {"<html xmlns:x=\"urn:schemas-microsoft-com:office:excel\"><head>", reader.ErrNoTable, "save it as .xlsx or CSV"},
		"Excel 2003 XML": {"<?xml version=\"1.0\"?>\n<Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\">", reader.ErrNoTable, "Excel 2003 XML spreadsheet"},
		"flat ODS":       {"<?xml version=\"1.0\"?>\n\n<office:document xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\">", reader.ErrNoTable, ".fods"},
		"LDIF":           {"dn: cn=Ann Lee,mail=a@x.example\nobjectclass: person\ncn: Ann Lee\nmail: a@x.example\n", reader.ErrNoTable, "LDIF"},
		"web page":       {"\n <!DOCTYPE html><html>", reader.ErrNoTable, "web page"},
		"picture":        {"\x89PNG\r\n\x1a\n", reader.ErrNoTable, "picture"},
		"noise":          {noiseOf(5000), reader.ErrNoTable, ""},
		"PDF in gzip":    {string(readertest.Gzip("%PDF-1.7\n")), reader.ErrNoTable, "PDF"},
		"gzip in gzip":   {string(readertest.Gzip(string(readertest.Gzip("a,b\n1,2\n")))), reader.ErrNoTable, ""},
		"encrypted":      {"-----BEGIN PGP MESSAGE-----\n", reader.ErrNoTable, "decrypt"},
	} {
		_, _, err := readertest.Read(t, []byte(c.input), reader.Options{})
		if !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, expected %v with %q", name, err, c.is, c.says)
		}
	}
}

func TestEndlessRowsAreBounded(t *testing.T) {
	for name, head := range map[string]string{
		"one bare cell":         "email,name\na@x.example,Ann\nb@x.example,",
		"one quoted cell":       "email,name\na@x.example,Ann\nb@x.example,\"",
		"cell without a header": "",
	} {
		r, err := readertest.Open([]byte(head+strings.Repeat("x", 8<<20)), readertest.AnyColumns)
		var rows []reader.Row
		if err == nil {
			rows, err = readertest.ReadAll(r)
		}
		if err == nil {
			t.Errorf("%s: no error, %d rows", name, len(rows))
		}
		if head != "" && (!errors.Is(err, reader.ErrBroken) || !strings.Contains(err.Error(), "line 3")) {
			t.Errorf("%s: %v", name, err)
		}
		if head != "" && readertest.Cells(rows) != "a@x.example|Ann" {
			t.Errorf("%s: rows before are %q", name, readertest.Cells(rows))
		}
	}
	_, rows, err := readertest.Read(t, []byte("email,name\na@x.example,Ann\n"+strings.Repeat(",", 1<<20)+"\nb@x.example,Ben\n"), reader.Options{})
	if err != nil || len(rows) != 3 || rows[1].Refused == nil || rows[2].Refused != nil {
		t.Errorf("a million cells: %d rows, %v", len(rows), err)
	}
	_, rows, err = readertest.Read(t, []byte("email,name\na@x.example,Ann\nb@x.example,"+strings.Repeat("x", 1<<20+1)+"\nc@x.example,Cy\n"), reader.Options{})
	if err != nil || len(rows) != 3 || rows[1].Refused == nil || rows[2].Refused != nil {
		t.Errorf("a cell above the cap: %d rows, %v", len(rows), err)
	}
}
