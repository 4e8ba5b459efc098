package layout_test

import (
	"errors"
	"strings"
	"testing"

	"enrich/contact"
	"enrich/reader"
	"enrich/reader/internal/readertest"
)

// Lines above the table are not its header, whatever delimiters they have.
func TestHeaderIsTheLineThatNamesFields(t *testing.T) {
	people := readertest.RepeatRow(5, "%d@x.com,Ann,Rome\n")
	table := "email,name,city\n" + people
	for name, c := range map[string]struct {
		input  string
		header string
		line   int
		rows   int
	}{
		// labels with values
		"two labels":                      {"Report:,Leads\nExported on:,2024-05-01\n" + table, "email|name|city", 3, 5},
		"two labels over one row":         {"Report:,Leads\nExported on:,2024-05-01\nemail,name,city\na@x.com,Ann,Rome\n", "email|name|city", 3, 1},
		"two labels over many rows":       {"Report:,Leads\nExported on:,2024-05-01\nemail,name,city\n" + readertest.RepeatRow(500, "%d@x.com,Ann,Rome\n"), "email|name|city", 3, 500},
		"two labels, padded":              {"Report:,Leads,\nExported on:,2024-05-01,\n" + table, "email|name|city", 3, 5},
		"two labels, padded, many rows":   {"Report:,Leads,\nExported on:,2024-05-01,\nemail,name,city\n" + readertest.RepeatRow(500, "%d@x.com,Ann,Rome\n"), "email|name|city", 3, 500},
		"labels without colons":           {"Report,Leads\nExported on,2024-05-01\n" + table, "email|name|city", 3, 5},
		"labels without colons, padded":   {"Report,Leads,\nExported on,2024-05-01,\n" + table, "email|name|city", 3, 5},
		"labels as wide as the table":     {"Report:,Leads\nExported on:,2024-05-01\nemail,name\na@x.com,Ann\nb@x.com,Ben\n", "email|name", 3, 2},
		"a label that names a field":      {"Company,Acme,\nExported on,2024-05-01,\n" + table, "email|name|city", 3, 5},
		"a label with an address":         {"Owner:,me@x.com,\nExported on:,2024-05-01,\n" + table, "email|name|city", 3, 5},
		"an address where rows have one":  {"Owner,me@x.com\nReport,Leads\nname,email\nAnn,a@x.com\nBen,b@x.com\nCy,c@x.com\n", "name|email", 3, 3},
		"labels of different widths":      {"Report:,Leads\nFilters:,city = Rome,owner = me,active\n" + table, "email|name|city", 3, 5},
		"more labels than rows":           {"a:,1\nb:,2\nc:,3\nd:,4\ne:,5\nf:,6\nemail,name,city\na@x.com,Ann,Rome\n", "email|name|city", 7, 1},
		"labels and no row":               {"Report:,Leads\nExported on:,2024-05-01\nemail,name,city\n", "email|name|city", 3, 0},
		"labels over semicolons":          {"Report:;Leads\nExported on:;2024-05-01\n" + strings.ReplaceAll(table, ",", ";"), "email|name|city", 3, 5},
		"labels over tabs":                {"Report:\tLeads\nExported on:\t2024-05-01\n" + strings.ReplaceAll(table, ",", "\t"), "email|name|city", 3, 5},
		"labels with another delimiter":   {"Report: Leads\nExported on: 2024-05-01, 12:30\n" + strings.ReplaceAll(table, ",", ";"), "email|name|city", 3, 5},
		"labels in quotes":                {"\"Report:\",\"Leads, May\"\n\"Exported on:\",\"2024-05-01\"\n" + table, "email|name|city", 3, 5},
		"a quote out of place in a label": {"\"Leads\" of May, 2024\n" + table, "email|name|city", 2, 5},
		"labels in CRLF":                  {strings.ReplaceAll("Report:,Leads\nExported on:,2024-05-01\n"+table, "\n", "\r\n"), "email|name|city", 3, 5},

		// titles
		"a title with delimiters over two columns": {"Leads, May, 2024\nemail,name\na@x.com,Ann\nb@x.com,Ben\n", "email|name", 2, 2},
		"the same over many rows":                  {"Leads, May, 2024\nemail,name\n" + readertest.RepeatRow(500, "%d@x.com,Ann\n"), "email|name", 2, 500},
		"the same over one column":                 {"Leads, May, 2024\nemail\na@x.com\nb@x.com\n", "email", 2, 2},
		"a title over one column":                  {"Leads of May\nemail\na@x.com\nb@x.com\n", "email", 2, 2},
		"a title as wide as the table":             {"Leads,May,2024\n" + table, "email|name|city", 2, 5},
		"a title with one cell less":               {"Leads,May 2024\n" + table, "email|name|city", 2, 5},
		"a sentence with commas":                   {"Exported by Ann, Ben, Cy and Dee, for Acme\n" + table, "email|name|city", 2, 5},
		"blank lines between":                      {"Leads, May, 2024\n\n\nFilters: city = Rome, owner = me\n\n" + table, "email|name|city", 6, 5},
		"blank lines of delimiters":                {"Report:,Leads,\n,,\n,,\n" + table, "email|name|city", 4, 5},
		"a date and a time":                        {"Leads\n2024-05-01,12:30\n" + table, "email|name|city", 3, 5},
		"groups of columns":                        {"Contact,,Company\n" + table, "email|name|city", 2, 5},
		"letters of columns":                       {"A,B,C\n" + table, "email|name|city", 2, 5},
		"numbers of columns":                       {"Column1,Column2,Column3\n" + table, "email|name|city", 2, 5},
		"one name in a table with empty columns":   {"email,,,\na@x.com,,,\nb@x.com,,,\n", "email|||", 1, 2},
		"names and companies":                      {"Attendees:,42\nFirst Name,Last Name,Company,Country\nAnn,Smith,Acme,IT\nBen,Lee,Beta,FR\n", "First Name|Last Name|Company|Country", 2, 2},
		"a line sep= above labels":                 {"sep=;\nReport:;Leads\nExported on:;2024-05-01\n" + strings.ReplaceAll(table, ",", ";"), "email|name|city", 4, 5},
		"a line sep= in quotes":                    {"\"sep=;\"\n" + strings.ReplaceAll(table, ",", ";"), "email|name|city", 2, 5},
		"remarks":                                  {"# generated by export 1.2, at 2024-05-01\n# Filters: a, b\n" + table, "email|name|city", 3, 5},
		"remarks and an empty one":                 {"# generated by export\n#\n# quotes (\"\") are doubled, as in RFC 4180\n#  \n\nsku,price,size,color,make\nA,10,1,\"a, b\",x\nB,12,2,\"c, d\",y\n", "sku|price|size|color|make", 6, 2},
		"remarks without a space":                  {"#generated by export, 1.2\n" + table, "email|name|city", 2, 5},
		"remarks, a blank line and a title":        {"# generated by export\n\nLeads, of May\n" + table, "email|name|city", 4, 5},
		"remarks of other kinds":                   {"// generated by export, 1.2\n-- at 2024-05-01, 12:30\n" + table, "email|name|city", 3, 5},
		"a long preamble":                          {readertest.RepeatRow(60, "Filter %d:,x,y,z\n") + table, "email|name|city", 61, 5},
		"other names for fields":                   {"Bericht:;Kontakte\nStand:;01.05.2024\nE-Mail;Vorname;Nachname;Firma\na@x.com;Ann;Groß;Acme\nb@x.com;Ben;Lee;Beta\n", "E-Mail|Vorname|Nachname|Firma", 3, 2},
		"a table without contacts":                 {"Report:,Sales\nExported on:,2024-05-01\nsku,price,pieces\nA,10,1\nB,12,2\nC,9,2\n", "sku|price|pieces", 3, 3},
		"a table without contacts, many rows":      {"Report:,Sales\nExported on:,2024-05-01\nsku,price,pieces\n" + readertest.RepeatRow(500, "A,%d,1\n"), "sku|price|pieces", 3, 500},
		"a table without contacts, of the width":   {"Report:,Sales\nExported on:,2024-05-01\nsku,price\nA,10\nB,12\nC,9\n", "sku|price", 3, 3},
		"a title over a table without contacts":    {"Sales, May, 2024\nsku,price\nA,10\nB,12\nC,9\n", "sku|price", 2, 3},
		"labels without colons, no contacts":       {"Report,Sales\nExported on,2024-05-01\nsku,price,size,color\nA,10,1,red\nB,12,2,blue\nC,9,2,red\n", "sku|price|size|color", 3, 3},

		// and what stays as it is
		"keys and values":             {"key,value\nname,Ann\ncity,Rome\nsince,2024-05-01\n", "key|value", 1, 3},
		"keys that are fields":        {"setting,value\nemail,on\nphone,off\nname,Ann\n", "setting|value", 1, 3},
		"labels alone":                {"Name:,Ann\nCity:,Rome\nSince:,2024-05-01\n", "Name:|Ann", 1, 2},
		"a table of columns":          {"field,label\nfirst_name,First name\nlast_name,Last name\nemail,Email\ncompany,Company\n", "field|label", 1, 4},
		"a table of columns of types": {"Field,Type,Description\nemail,string,Work email\nfirst_name,string,First name\ncompany,string,Company name\n", "Field|Type|Description", 1, 3},
		"text only":                   {"color,size,shape\nred,big,round\nblue,small,square\n", "color|size|shape", 1, 2},
		"no names that we know":       {"adr,x,y\na@x.com,Ann,Rome\nb@x.com,Ben,Oslo\n", "adr|x|y", 1, 2},
		"n/a in a row of numbers":     {"item,price\nrent,n/a\nfood,10\ncar,20\n", "item|price", 1, 3},
		"a number sign in a name":     {"# of employees,email\n5,a@x.com\n7,b@x.com\n", "# of employees|email", 1, 2},
		"the header again":            {table + "email,name,city\n", "email|name|city", 1, 6},
	} {
		t.Run(name, func(t *testing.T) {
			r, rows, err := readertest.Read(t, []byte(c.input), readertest.AnyColumns)
			if err != nil {
				t.Fatal(err)
			}
			i := r.Info()
			if got := strings.Join(i.Header, "|"); got != c.header || i.HeaderLine != c.line || len(rows) != c.rows {
				t.Errorf("header %q in line %d, %d rows; expected %q in line %d, %d rows", got, i.HeaderLine, len(rows), c.header, c.line, c.rows)
			}
			for _, row := range rows {
				if row.Refused != nil && name != "the header again" {
					t.Errorf("line %d: %s", row.Line, row.Refused.Message)
				}
			}
		})
	}
}

// If the header is malformed, neither a row nor a line above the table is taken for it.
func TestMalformedHeaderIsNotSkipped(t *testing.T) {
	for name, input := range map[string]string{
		"two names in one":          "email,namecity\n" + readertest.RepeatRow(9, "%d@x.com,Ann,Rome\n"),
		"two names in one, no data": "first name,lastcompany\nAnn,Smith,Acme\nBen,Lee,Beta\nCy,Wu,Gamma\n",
		"no fields":                 "color,sizeshape\nred,big,round\nblue,small,square\n",
		"a number missing":          "sku,pricesize\nA,n/a,big\nB,12,small\nC,9,big\n",
		"a name too many":           "sku,price,,size\nA,ten,big\nB,12,small\nC,9,big\nD,9,big\n",
		"the header again":          "email,\"name\"x,city\n" + readertest.RepeatRow(9, "%d@x.com,Ann,Rome\n") + "email,name,city\n",
		"a row without an address":  "email,namecity\nn/a,Ann,Rome\n" + readertest.RepeatRow(9, "%d@x.com,Ann,Rome\n"),
	} {
		if r, _, err := readertest.Read(t, []byte(input), readertest.AnyColumns); !errors.Is(err, reader.ErrHeader) {
			t.Errorf("%s: %v, header %q", name, err, r.Info().Header)
		}
	}
}

// --map names columns, so the line that has these names is the header.
func TestHeaderIsTheLineThatMapNames(t *testing.T) {
	input := "Report,Leads,\nadr,who,where\n" + readertest.RepeatRow(5, "%d@x.com,Ann,Rome\n")
	r, rows, err := readertest.Read(t, []byte(input), reader.Options{Map: map[contact.Field]string{contact.Email: "adr"}})
	if err != nil || r.Info().HeaderLine != 2 || len(rows) != 5 || rows[0].Contact.Email != "1@x.com" {
		t.Errorf("%v %+v", err, rows)
	}
}

// Each gets a name of its own, in a time that does not grow with the square of their number.
func TestManyColumnsOfOneName(t *testing.T) {
	const columns = 4000
	r, _, err := readertest.Read(t, []byte(strings.Repeat("x,", columns-1)+"x_3\n"+strings.Repeat("1,", columns-1)+"1\n"), readertest.AnyColumns)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, name := range r.Info().Columns {
		seen[name] = true
	}
	if got := r.Info().Columns; len(seen) != columns || got[1] != "x_2" || got[2] != "x_4" {
		t.Errorf("%d different names of %d columns, the first %q", len(seen), columns, got[:4])
	}
}

// The message counts the rows, not the header.
func TestTheMessageOfAHeaderThatNoRowFits(t *testing.T) {
	for input, says := range map[string]string{
		"email,a,b,c\n1,2,3\n1,2,3\n":                  "the header has 4 names, but every row has 3",
		"email,a,b,c\n1,2,3\n1,2,3\n1,2\n":             "the header has 4 names, and no row has as many: most have 3",
		"email,a,b,c\n1,2,3\n1,2,3,4,5\n1,2,3,4,5,6\n": "no row has as many: most have ",
	} {
		_, _, err := readertest.Read(t, []byte(input), reader.Options{Delimiter: ","})
		if !errors.Is(err, reader.ErrHeader) || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "most have 4") {
			t.Errorf("%q: %v", input, err)
		}
	}
}
