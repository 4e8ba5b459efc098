package delimited

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"enrich/contact"
	"enrich/reader/internal/dialect"
	"enrich/reader/internal/layout"
	"enrich/reader/internal/source"
)

// headers are of one column to four, one is that of a failures file, and one is missing.
var headers = []string{"email\n", "id,email\n", "id,email,notes\n", "id,email,enrich_error_kind\n", "id,email,name,notes\n", ""}

// FuzzPlainRows compares the rows that Read returns with those of the slow path alone.
func FuzzPlainRows(f *testing.F) {
	for _, s := range []string{
		"1,a@x.example,Ann,\n2,b@x.example,\"Bo \"\"B\"\"\",\"two\nlines\"\n3,c,Cy,\"torn", "1,2,ragged\r\n3,4,x\r\n\r\n,,\r\nTotal,,\r\n", "id,email,notes\n\xff,2,3\n\u00e4,2,3\n",
		"1,\"x\"y,3\n4,5,6\n7,8,9\n", "  \n\t\n\"\"\nann@x.example\n", "1,2,3\n,,\n,,\n4,5,6\n\nTotal,,\n",
		"10,20,30\n\nTotal,,\n", "1,\"x\"y,3\n10,20,30\n4,pipe 5\",6\n7,8,9\n",
	} {
		for i := range headers {
			f.Add(s, uint8(i), uint8(3))
		}
	}
	f.Fuzz(func(t *testing.T, rows string, header, batch uint8) {
		named := headers[int(header)%len(headers)]
		compareReaders(t, named+rows, layout.Options{NoHeader: named == ""}, 1+int(batch))
	})
}

// The rows are those of the slow path alone, also across the windows of a text, and wherever footers and malformed rows are.
func TestPlainRowsAreReadAsOthersAre(t *testing.T) {
	lines := []string{
		"1,ann@x.example,Ann,met at the fair", "2,bo@x.example,\u0141,\"said \"\"no\"\"\"", ",,,", "Total,,,", "", "  ", "id,email,name,notes", "3,\xff,Cy,",
		"4,d@x.example,Di,\"two\nlines\"", "5,e@x.example,Ed,\"x\"y", "6,f@x.example", ",g@x.example,,", ",,,h", "7,h@x.example,Hy,i,j", "8,\"i@x.example\" ,Iz,", "9,5\" pipe,4\" pipe,", "10,k@x.example,pipe 5\",",
	}
	for seed := range uint64(30) {
		random := rand.New(rand.NewPCG(seed, 1))
		var b strings.Builder
		b.WriteString("id,email,name,notes\n")
		for b.Len() < 3*source.BlockSize/2 {
			line := lines[random.IntN(len(lines))*random.IntN(2)] // half of them are plain
			b.WriteString(line + []string{"\n", "\r\n"}[seed%2])
		}
		compareReaders(t, b.String(), layout.Options{}, 1+random.IntN(300))
	}
}

// compareReaders compares what Read returns of a text with the slow path.
func compareReaders(t *testing.T, text string, o layout.Options, batch int) {
	t.Helper()
	fast, slow := openRows(text, o), openRows(text, o)
	if fast == nil {
		return
	}
	rows := make([]source.Row, batch)
	for {
		n, err := fast.Read(rows)
		for i := range rows[:n] {
			var expected source.Row
			if failed := slow.readSlowly(&expected); failed != nil {
				t.Fatalf("%.200q: a row %q, expected %v", text, rows[i].Cells, failed)
			}
			if got, expected := describeRow(&rows[i]), describeRow(&expected); got != expected {
				t.Fatalf("%.200q:\n%s, expected\n%s", text, got, expected)
			}
		}
		if err != nil {
			if failed := slow.readSlowly(&source.Row{}); fmt.Sprint(failed) != fmt.Sprint(err) || fast.Skipped() != slow.Skipped() {
				t.Fatalf("%.200q: %v, footer %v; expected %v, footer %v", text, err, fast.Skipped(), failed, slow.Skipped())
			}
			return
		}
	}
}

// openRows opens a text that is not read in blocks of one size; nil if it is not a table.
func openRows(text string, o layout.Options) *Reader {
	open := func() (source.Window, error) {
		w := source.NewWindow(iotest.HalfReader(strings.NewReader(text)), source.BlockSize)
		w.Block()
		return w, nil
	}
	w, _ := open()
	r, err := Open(w, Options{Dialect: dialect.Options{Delimiter: ",", Quote: "\""}, Layout: o, Reopen: open})
	if err != nil {
		return nil
	}
	emailOf := func(cells []string) contact.Contact { return contact.Contact{Email: cells[len(cells)-1]} }
	r.Bind(func(c *contact.Contact, cells []string) { *c = emailOf(cells) }, func(cells []string) bool {
		c := emailOf(cells)
		return c.Check() == nil
	})
	return r
}

// readSlowly is Read for one row, without plainRows.
func (r *Reader) readSlowly(row *source.Row) error {
	r.cells, r.rewritten = r.cells[:0], r.rewritten[:0]
	err := r.next(row, true)
	if err == nil && row.Refused == nil {
		r.contact(&row.Contact, row.Cells)
	}
	return err
}

// describeRow returns all that is in a row.
func describeRow(row *source.Row) string {
	return fmt.Sprintf("%d %q %q %+v %v", row.Line, row.Cells, row.Contact.Email, row.Refused, row.Raw)
}
