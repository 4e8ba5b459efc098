package decode_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"github.com/klauspost/compress/zstd"

	"enrich/reader"
	"enrich/reader/internal/readertest"
)

func utf16Bytes(s string, order binary.AppendByteOrder) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = order.AppendUint16(b, u)
	}
	return b
}

func TestEncodingIsDetectedByContent(t *testing.T) {
	const table = "email,name\na@x.example,Jürgen €\n"
	const want = "a@x.example|Jürgen €"
	late := strings.Repeat("b@x.example,plain\n", 200000)
	for name, c := range map[string]struct {
		input    []byte
		encoding string
	}{
		"utf-8":                        {[]byte(table), "utf-8"},
		"utf-8 with BOM":               {[]byte("\ufeff" + table), "utf-8"},
		"utf-16le with BOM":            {utf16Bytes("\ufeff"+table, binary.LittleEndian), "utf-16le"},
		"utf-16be with BOM":            {utf16Bytes("\ufeff"+table, binary.BigEndian), "utf-16be"},
		"utf-16le":                     {utf16Bytes(table, binary.LittleEndian), "utf-16le"},
		"utf-16be":                     {utf16Bytes(table, binary.BigEndian), "utf-16be"},
		"windows-1252":                 {[]byte("email,name\na@x.example,J\xfcrgen \x80\n"), "windows-1252"},
		"windows-1252 after megabytes": {[]byte("email,name\n" + late + "a@x.example,J\xfcrgen \x80\n"), "windows-1252"},
		"utf-8 after megabytes":        {[]byte("email,name\n" + late + "a@x.example,Jürgen €\n"), "utf-8"},
	} {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && len(c.input) > 1<<20 {
				t.Skip("-short leaves out large texts: others are read beside the goroutine that hashes the input")
			}
			r, rows, err := readertest.Read(t, c.input, reader.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got := readertest.Cells(rows[len(rows)-1:]); got != want || r.Info().Encoding != c.encoding {
				t.Errorf("got %q in %s, expected %q in %s", got, r.Info().Encoding, want, c.encoding)
			}
			if got := r.Info().Header[0]; got != "email" {
				t.Errorf("header begins with %q", got)
			}
		})
	}
}

func TestUndecodableRowIsRefusedAndKept(t *testing.T) {
	for name, c := range map[string]struct {
		input []byte
		want  string
	}{
		"a malformed row in utf-8": {[]byte("email,name\na@x.example,Jürgen\nb@x.example,M\xfcller\nc@x.example,Zoë\n"), "b@x.example|M\xfcller"},
		"half a pair in utf-16":    {append(utf16Bytes("\ufeffemail,name\na@x.example,é\nb@x.example,", binary.LittleEndian), 0x3d, 0xd8, '\n', 0), "b@x.example|\xed\xa0\xbd"},
		"no character in the page": {[]byte("email,name\na@x.example,J\xfcrgen Mei\xdfner\nb@x.example," + strings.Repeat("\xe9", 2) + strings.Repeat("\xfc ", 60) + "\x81\n"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, rows, err := readertest.Read(t, c.input, reader.Options{})
			if err != nil {
				t.Fatal(err)
			}
			row := rows[1]
			if row.Refused == nil || row.Refused.Kind != "invalid" {
				t.Fatalf("not refused: %q", row.Cells)
			}
			if got := strings.Join(row.Cells, "|"); c.want != "" && got != c.want {
				t.Errorf("got %q, expected %q", got, c.want)
			}
			if strings.Contains(strings.Join(row.Cells, ""), "\ufffd") {
				t.Errorf("a U+FFFD that was not in the file: %q", row.Cells)
			}
		})
	}
}

func TestUnknownEncodingIsRefused(t *testing.T) {
	words := map[string]string{"windows-1251": `"Иван"`, "windows-1250": `"Stanisław"`, "macintosh": `"Jürgen"`}
	for name, text := range map[string]string{
		"windows-1251": "email,name\na@x.example,\xc8\xe2\xe0\xed\nb@x.example,\xcf\xe5\xf2\xf0\xee\xe2\n",
		"windows-1250": "email,name\na@x.example,Stanis\xb3aw\nb@x.example,Pa\xbfdziernik\nc@x.example,W\xb9sik\n",
		"macintosh":    "email,name\na@x.example,J\x9frgen\nb@x.example,M\x9fller\nc@x.example,Fr\x8ed\x8eric\n",
	} {
		_, _, err := readertest.Read(t, []byte(text), reader.Options{})
		// What can be known is said: the delimiter, and how a word reads in each of the likely encodings.
		if !errors.Is(err, reader.ErrEncoding) || !strings.Contains(err.Error(), "--encoding") ||
			!strings.Contains(err.Error(), `separated by ","`) || !strings.Contains(err.Error(), "line 2 has ") || !strings.Contains(err.Error(), words[name]+" in "+name) {
			t.Errorf("%s: got %v", name, err)
		}
		_, rows, err := readertest.Read(t, []byte(text), reader.Options{Encoding: name})
		if err != nil || rows[0].Refused != nil {
			t.Errorf("%s, named: %v", name, err)
		}
		t.Log(name, readertest.Cells(rows))
	}
}

func TestArchivesAreUnpackedByContent(t *testing.T) {
	const table = "email,name\na@x.example,Ann\n"
	var z bytes.Buffer
	w, _ := zstd.NewWriter(&z)
	_, _ = w.Write([]byte(table))
	_ = w.Close()
	bz := []byte("BZh91AY&SY")
	for name, input := range map[string][]byte{
		"gzip": readertest.Gzip(table), "gzip of two members": readertest.Gzip(table[:15], table[15:]), "zstd": z.Bytes(),
		"gzip with zeros behind": append(readertest.Gzip(table), 0, 0, 0),
	} {
		r, rows, err := readertest.Read(t, input, reader.Options{})
		if err != nil || readertest.Cells(rows) != "a@x.example|Ann" {
			t.Errorf("%s: %q, %v", name, readertest.Cells(rows), err)
			continue
		}
		if sum, n := r.Sum(); sum != sha256.Sum256(input) || n != int64(len(input)) {
			t.Errorf("%s: the sum is not that of the file's bytes", name)
		}
	}
	if _, _, err := readertest.Read(t, bz, reader.Options{}); !errors.Is(err, reader.ErrBroken) {
		t.Errorf("cut bzip2: %v", err)
	}
}

// The rows before the cut are good, the row that it cuts is not returned, and the sum covers all bytes.
func TestTruncatedArchiveIsErrBroken(t *testing.T) {
	var b strings.Builder
	b.WriteString("email,name\n")
	for i := range 20000 {
		b.WriteString(strings.Repeat(string(rune('a'+i%26)), 1+i*7919%31) + "@x.example,Ann \"the\" Smith\n")
	}
	whole := readertest.Gzip(b.String())
	lines := strings.Split(b.String(), "\n")[1:]
	for _, size := range []int{len(whole) - 1, len(whole) - 9, len(whole) / 2, len(whole) / 3} {
		r, rows, err := readertest.Read(t, whole[:size], reader.Options{})
		if !errors.Is(err, reader.ErrBroken) || !strings.Contains(err.Error(), "gzip archive is truncated") {
			t.Fatalf("%d of %d: %v", size, len(whole), err)
		}
		for i, row := range rows {
			if got := strings.Join(row.Cells, ","); row.Refused != nil || got != lines[i] {
				t.Fatalf("row %d: got %q, expected %q", i, got, lines[i])
			}
		}
		if sum, _ := r.Sum(); sum != sha256.Sum256(whole[:size]) {
			t.Error("the sum lacks bytes")
		}
	}
}

func TestReadErrorIsErrBroken(t *testing.T) {
	cause := errors.New("disk on fire")
	in := io.MultiReader(strings.NewReader("email\na@x.example\nb@x.exa"), iotest.ErrReader(cause))
	r, err := reader.Open(readertest.Stream(in), 0, reader.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := readertest.ReadAll(r)
	if !errors.Is(err, reader.ErrBroken) || !errors.Is(err, cause) {
		t.Errorf("got %v", err)
	}
	if readertest.Cells(rows) != "a@x.example" {
		t.Errorf("got %q: the cut row must not be returned", readertest.Cells(rows))
	}
	if _, again := r.Read(make([]reader.Row, 1)); !errors.Is(again, reader.ErrBroken) {
		t.Errorf("read again: %v", again)
	}
}

// An input that arrives byte by byte is read like one that arrives at once.
func TestSmallReadsMakeNoDifference(t *testing.T) {
	for _, input := range [][]byte{
		[]byte("email,name\r\na@x.example,\"Ann\r\n\"\"B\"\"\"\r\nb@x.example,Zoë,x\r\n\"c\"d,e\r\nf@x.example,g"),
		readertest.Gzip("email,name\na@x.example,", "J\xfcrgen\n"),
		utf16Bytes("\ufeffemail,name\na@x.example,😀\n", binary.BigEndian),
	} {
		_, want, werr := readertest.Read(t, input, readertest.AnyColumns)
		r, err := reader.Open(readertest.Stream(iotest.OneByteReader(bytes.NewReader(input))), 0, readertest.AnyColumns)
		if err != nil {
			t.Fatal(err)
		}
		got, err := readertest.ReadAll(r)
		if readertest.Cells(got) != readertest.Cells(want) || (err == nil) != (werr == nil) {
			t.Errorf("got %q %v, expected %q %v", readertest.Cells(got), err, readertest.Cells(want), werr)
		}
	}
}
