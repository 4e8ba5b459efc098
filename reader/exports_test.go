package reader_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"enrich/contact"
	"enrich/reader"
	"enrich/reader/internal/readertest"
)

// The headers are those that tools write into their exports; the rows are made up.
func TestExportsOfToolsAreMapped(t *testing.T) {
	for name, want := range map[string]string{
		"hubspot":          "email=Email, first_name=First Name, last_name=Last Name, company_name=Associated Company, company_domain=Website URL, linkedin_url=LinkedIn URL",
		"salesforce":       "email=Email, first_name=First Name, last_name=Last Name, company_name=Account Name, company_domain=Website",
		"salesforce-query": "email=Email, first_name=FirstName, last_name=LastName, company_name=Account.Name, company_domain=Account.Website",
		"apollo":           "email=Email, first_name=First Name, last_name=Last Name, company_name=Company, company_domain=Website, linkedin_url=Person Linkedin Url",
		"linkedin":         "email=Email Address, first_name=First Name, last_name=Last Name, company_name=Company, linkedin_url=URL",
		"google":           "email=E-mail 1 - Value, first_name=First Name, last_name=Last Name, company_name=Organization Name, company_domain=Website 1 - Value",
		"google-old":       "email=E-mail 1 - Value, first_name=Given Name, last_name=Family Name, company_name=Organization 1 - Name",
		"outlook":          "email=E-mail Address, first_name=First Name, last_name=Last Name, company_name=Company, company_domain=Web Page",
		"outlook-german":   "email=E-Mail-Adresse, first_name=Vorname, last_name=Nachname, company_name=Firma, company_domain=Webseite",
		"mailchimp":        "email=Email Address, first_name=First Name, last_name=Last Name, company_name=Company",
		"pipedrive":        "email=Person - Email - Work, first_name=Person - First name, last_name=Person - Last name, company_name=Person - Organization",
		"zoho":             "email=Email, first_name=First Name, last_name=Last Name, company_name=Account Name, company_domain=Website",
		"zoominfo":         "email=Email Address, first_name=First Name, last_name=Last Name, company_name=Company Name, company_domain=Website, linkedin_url=LinkedIn Contact Profile URL",
		"phantombuster":    "email=email, first_name=firstName, last_name=lastName, company_name=companyName, linkedin_url=linkedInProfileUrl",
	} {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("testdata", "map", name+".csv"))
			if err != nil {
				t.Fatal(err)
			}
			r, err := readertest.Open(text, reader.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = r.Close() }()
			var list []string
			for _, f := range contact.Fields() {
				if column, ok := r.Info().Mapping[f]; ok {
					list = append(list, fmt.Sprintf("%s=%s", f, column))
				}
			}
			if got := strings.Join(list, ", "); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
			rows, err := readertest.ReadAll(r)
			if err != nil || len(rows) == 0 || rows[0].Refused != nil {
				t.Errorf("%d rows, %v", len(rows), err)
			}
			for _, row := range rows {
				if err := row.Contact.Check(); err != nil && name != "phantombuster" {
					t.Errorf("line %d: %v", row.Line, err)
				}
			}
		})
	}
}

func TestFullNamesAreMappedOrNotSplit(t *testing.T) {
	o := reader.Options{NoSplitNames: true, Map: map[contact.Field]string{contact.FullName: "Wer"}}
	if err := o.Validate(); err == nil || !strings.Contains(err.Error(), "--no-split-names") {
		t.Errorf("two flags that contradict each other: %v", err)
	}
}

// Names are split in CSV and JSON alike, and never for a row that can be sent without.
func TestNamesAreSplitInRows(t *testing.T) {
	const table = "Full Name,Company,Email\nAnn Lee,X,\n\"Lee, Bo\",X,bo@x.example\nAcme Inc,X,\nCy,X,\n\"Lee, Dr. Di\",X,n/a\n"
	const lines = `{"full_name":"Ann Lee","company":"X"}` + "\n" + `{"full_name":"Lee, Bo","company":"X","email":"bo@x.example"}` + "\n" +
		`{"full_name":"Acme Inc","company":"X"}` + "\n" + `{"full_name":"Cy","company":"X"}` + "\n" + `{"full_name":"Lee, Dr. Di","company":"X","email":"n/a"}`
	want := []string{"Ann Lee", " ", " ", " ", "Di Lee"}
	for format, text := range map[string]string{"csv": table, "jsonl": lines} {
		cleaning := &contact.Cleaning{}
		r, err := readertest.Open([]byte(text), reader.Options{Cleaning: cleaning})
		if err != nil {
			t.Fatal(err)
		}
		rows := make([]reader.Row, 16)
		n, err := r.Read(rows)
		if err != nil || n != len(want) {
			t.Fatalf("%s: %d rows, %v", format, n, err)
		}
		for i, row := range rows[:n] {
			if got := row.Contact.FirstName + " " + row.Contact.LastName; got != want[i] {
				t.Errorf("%s: row %d is of %q, expected %q", format, i+1, got, want[i])
			}
		}
		if cells := rows[0].Cells; format == "csv" && cells[0] != "Ann Lee" {
			t.Errorf("the cells were changed: %q", cells)
		}
		kinds := cleaning.Kinds()
		if len(kinds) != 2 || kinds[0].Kind != "emptied" || kinds[1].Kind != "name" || kinds[1].Cells != 2 || kinds[1].Examples[0].Cell != "Ann Lee" {
			t.Errorf("%s: %+v", format, kinds)
		}
	}
}

// What cleaning changed is counted once, also in a row that might belong to a footer, and not in a footer.
func TestCleaningIsCountedOnce(t *testing.T) {
	const rows = "Email,First Name,Last Name,Company\n,,, Acme \nann@x.example,Ann,Lee,X\n,,,Foo \nbo@x.example,Bo,Ray,Y\n\n Total: 2 ,,,\n"
	lines := strings.Split(strings.ReplaceAll(strings.TrimSpace(rows), ",", "|"), "\n")
	workbook := readertest.Workbook(readertest.Part{"Leads", strings.ReplaceAll(readertest.SheetRows(lines...), "<t>", `<t xml:space="preserve">`)})
	for format, input := range map[string][]byte{"csv": []byte(rows), "xlsx": workbook} {
		cleaning := &contact.Cleaning{}
		_, all, err := readertest.Read(t, input, reader.Options{Cleaning: cleaning})
		if kinds := cleaning.Kinds(); err != nil || len(all) != 4 || len(kinds) != 1 || kinds[0].Cells != 2 {
			t.Errorf("%s: %d rows, %+v, %v", format, len(all), kinds, err)
		}
	}
}

// A column by a name that was added is used only for rows that cannot be sent without it: the others are the requests that were
// answered before.
func TestSpareColumnsAreForRowsThatNeedThem(t *testing.T) {
	const table = "First Name,Last Name,Company,Employee Email,Site du client\nAnn,Lee,X,ann@x.example,x.example\nBo,,Y,bo@y.example,\n,,,cy@z.example,\n,,Z,none,\nDi,Ray,,n/a,w.example\n"
	const lines = `{"First Name":"Ann","Last Name":"Lee","Company":"X","Employee Email":"ann@x.example"}` + "\n" + `{"First Name":"Bo","Company":"Y","Employee Email":"bo@y.example"}` + "\n" +
		`{"Employee Email":"cy@z.example"}` + "\n" + `{"Company":"Z","Employee Email":"none"}` + "\n" + `{"First Name":"Di","Last Name":"Ray","Employee Email":"n/a"}`
	want := []contact.Contact{
		{FirstName: "Ann", LastName: "Lee", CompanyName: "X"},
		{FirstName: "Bo", CompanyName: "Y", Email: "bo@y.example"},
		{Email: "cy@z.example"},
		{CompanyName: "Z"},
		{FirstName: "Di", LastName: "Ray"},
	}
	cells := strings.Split(strings.TrimSpace(strings.ReplaceAll(table, ",", "|")), "\n")
	for format, input := range map[string][]byte{
		"csv": []byte(table), "jsonl": []byte(lines), "xlsx": readertest.Workbook(readertest.Part{"Leads", readertest.SheetRows(cells...)}),
	} {
		r, rows, err := readertest.Read(t, input, reader.Options{})
		if err != nil || len(rows) != len(want) {
			t.Fatalf("%s: %d rows, %v", format, len(rows), err)
		}
		info := r.Info()
		if spare := info.Spare[contact.Email]; len(info.Spare) != 1 || spare != "Employee Email" || info.Mapping[contact.Email] != "" {
			t.Errorf("%s: spare are %v, mapped %v", format, info.Spare, info.Mapping)
		}
		for i, row := range rows {
			if row.Contact != want[i] {
				t.Errorf("%s: row %d is %+v, expected %+v", format, i+1, row.Contact, want[i])
			}
		}
	}
	rows, err := readertest.Open([]byte(table), reader.Options{Map: map[contact.Field]string{contact.Email: "Employee Email"}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	if info := rows.Info(); len(info.Spare) != 0 || info.Mapping[contact.Email] != "Employee Email" {
		t.Errorf("with --map: spare are %v, mapped %v", info.Spare, info.Mapping)
	}
}

// Names that begin with the family name are divided so in all formats, and shown as the cell has them.
func TestNamesOfFamilyFirstColumns(t *testing.T) {
	const table = "姓名,公司\n王 小明,X\n李娜,Y\n"
	const lines = `{"姓名":"王 小明","公司":"X"}` + "\n" + `{"姓名":"李娜","公司":"Y"}`
	cells := strings.Split(strings.TrimSpace(strings.ReplaceAll(table, ",", "|")), "\n")
	for format, input := range map[string][]byte{
		"csv": []byte(table), "jsonl": []byte(lines), "xlsx": readertest.Workbook(readertest.Part{"Leads", readertest.SheetRows(cells...)}),
	} {
		cleaning := &contact.Cleaning{}
		_, rows, err := readertest.Read(t, input, reader.Options{Cleaning: cleaning})
		if err != nil || len(rows) != 2 || rows[0].Contact.LastName != "王" || rows[0].Contact.FirstName != "小明" || rows[1].Contact.LastName != "" {
			t.Errorf("%s: %+v, %v", format, rows, err)
		}
		if kinds := cleaning.Kinds(); len(kinds) != 1 || kinds[0].Examples[0].Cell != "王 小明" {
			t.Errorf("%s: cleaned %+v", format, kinds)
		}
	}
}

// A sheet that can be looked up by the names known first is read rather than one that needs those that were added.
func TestSheetsByAddedNames(t *testing.T) {
	sheet := func(name string, rows ...string) readertest.Part {
		return readertest.Part{name, readertest.SheetRows(rows...)}
	}
	leads, speakers := sheet("Leads", "Email|Company", "a@x.example|X"), sheet("Speakers", "Speaker Email|Room", "s@x.example|1")
	pivot, greek := sheet("Pivot", "Company|Count", "X|3", "Y|4"), sheet("Greek", "Όνομα|Επώνυμο|Εταιρεία", "Άννα|Λη|Χ")
	for want, parts := range map[string][]readertest.Part{
		"Leads": {speakers, leads}, "Greek": {pivot, greek}, "Speakers": {pivot, speakers},
	} {
		r, _, err := readertest.Read(t, readertest.Workbook(parts...), reader.Options{})
		if err != nil || r.Info().Sheet != want {
			t.Errorf("expected %s: %v", want, err)
		}
	}
	if _, _, err := readertest.Read(t, readertest.Workbook(greek, speakers), reader.Options{}); !errors.Is(err, reader.ErrSheet) {
		t.Errorf("two sheets that can be meant: %v", err)
	}
}

// A header by which the list can be looked up stays the header, also above one of names that were added.
func TestTheHeaderStays(t *testing.T) {
	const table = "Full Name,Company,Page\nΟνοματεπώνυμο,Εταιρεία,Ιστοσελίδα\nAnn Lee,X,x.example\nBo Ray,Y,y.example\n"
	r, rows, err := readertest.Read(t, []byte(table), reader.Options{})
	if err != nil || r.Info().HeaderLine != 1 || len(rows) != 3 || rows[1].Contact.LastName != "Lee" {
		t.Errorf("%+v, %v", rows, err)
	}
}

// A title above a header is skipped also if all names were added.
func TestTitlesAboveAddedNames(t *testing.T) {
	const table = "Λίστα;2024;;\n;;;\nΌνομα;Επώνυμο;Εταιρεία;Σημειώσεις\nΆννα;Λη;Χ;-\nΜπο;Μπεργκ;Υ;-\n"
	r, rows, err := readertest.Read(t, []byte(table), reader.Options{})
	if err != nil || len(rows) != 2 || r.Info().HeaderLine != 3 || rows[0].Contact != (contact.Contact{FirstName: "Άννα", LastName: "Λη", CompanyName: "Χ"}) {
		t.Errorf("%+v, %v", rows, err)
	}
}
