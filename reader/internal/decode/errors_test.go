package decode_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/klauspost/compress/zstd"

	"enrich/reader"
	"enrich/reader/internal/readertest"
)

// An error that a reader returns only once is never taken for the end, whatever layers are above it: the rows before it are
// whole, and the error keeps its kind.
func TestAnErrorIsNotTheEnd(t *testing.T) {
	var csv, jsonl bytes.Buffer
	csv.WriteString("name,email,note\n")
	for i := range 20_000 {
		fmt.Fprintf(&csv, "Ann,person-%05d@x.example,\"said \"\"%d\"\" and\nleft\"\n", i, i*7919%10007)
		fmt.Fprintf(&jsonl, "{\"name\":\"Ann\",\"email\":\"person-%05d@x.example\",\"note\":\"%d\"}\n", i, i*7919%10007)
	}
	wide := bytes.ReplaceAll(csv.Bytes(), []byte("Ann"), []byte("J\xf6rg"))
	var utf16 []byte
	for _, b := range csv.Bytes() {
		utf16 = append(utf16, b, 0)
	}
	inputs := map[string][]byte{
		"csv": csv.Bytes(), "jsonl": jsonl.Bytes(), "windows-1252": wide, "utf-16": utf16, "gzip": readertest.Gzip(csv.String()),
		"zstd": zstdOf(t, csv.Bytes()), "gzip of jsonl": readertest.Gzip(jsonl.String()), "bzip2": bzip2Of(),
	}
	reset := errors.New("connection reset")
	for name, input := range inputs {
		for _, test := range []struct {
			told, want, not error
		}{
			{reset, reader.ErrBroken, reader.ErrStorage},
			{fmt.Errorf("copy: %w", reader.ErrStorage), reader.ErrStorage, reader.ErrBroken},
			{fmt.Errorf("stream closed: %w", io.EOF), reader.ErrBroken, io.EOF},
			{io.ErrUnexpectedEOF, reader.ErrBroken, io.EOF},
		} {
			for _, cut := range []int{5, len(input) / 3, len(input) - 30, len(input) - 1} {
				t.Run(fmt.Sprintf("%s/%v/%d", name, test.told, cut), func(t *testing.T) {
					r, err := reader.Open(readertest.Stream(&readertest.FailingReader{Text: input[:max(cut, 1)], Err: test.told}), 0, reader.Options{AnyColumns: true})
					rows := make([]reader.Row, 100)
					for n := 0; err == nil; {
						n, err = r.Read(rows)
						for i := range rows[:n] {
							if email := rows[i].Contact.Email; len(email) != len("person-00000@x.example") {
								t.Fatalf("a row was cut: %q", email)
							}
						}
					}
					if cut > 5 && (!errors.Is(err, test.want) || errors.Is(err, test.not)) {
						t.Errorf("%v", err)
					}
					if errors.Is(test.told, reader.ErrStorage) && !errors.Is(err, reader.ErrStorage) {
						t.Errorf("%v", err)
					}
				})
			}
		}
	}
}

func zstdOf(t *testing.T, text []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(text, nil)
}

// bzip2Of returns a list in bzip2: the standard library cannot compress it.
func bzip2Of() []byte { return []byte(bzip2List) }

// bzip2List is made by: python3 -c 'import bz2; ...' of 40 rows like those of the CSV above.
const bzip2List = "\x42\x5a\x68\x39\x31\x41\x59\x26\x53\x59\x3a\xf7\x93\x7f\x00\x01\x9a\xdd\x80\x60\x10\x00\x07\x7f\xe0\x60\x00\x22\x27\xdc" +
	"\x40\x30\x00\xdb\x6c\x1c\xcf\xd5\x26\x3f\xf5\x54\x4d\x30\x11\xa0\xd0\x69\x47\xfa\x54\x00\x00\x00\x05\x2a\x93\x28\x64\x68" +
	"\xc2\x69\xa7\xa8\xf4\xf5\x3d\x53\x11\xdb\x2a\xac\xbb\xea\x26\xe1\x32\x13\x31\x34\x55\xc0\x4a\x44\xa2\x22\xcb\x6e\x14\x2a" +
	"\x9b\x6d\x42\x6d\xb6\xa1\x36\xd8\x00\x00\x00\x04\x92\x49\x25\xd2\x4f\x18\xe5\x9e\x9a\xde\x00\x00\x00\x0c\xfa\x13\x5e\x7c" +
	"\xc4\xc6\x7f\x62\x76\xd8\x4e\xe2\x7f\x7f\xe6\x26\xb9\xc4\xf7\x13\x61\x38\xec\x27\x0c\x09\xe9\xb8\x4e\x22\x6f\x13\x02\x6f" +
	"\xd0\x4c\x09\xa0\x9e\x45\xdc\x91\x4e\x14\x24\x0e\xbd\xe4\xdf\xc0"
