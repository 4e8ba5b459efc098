package mapping

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"enrich/contact"
)

// values are what the columns of testdata/lists.txt have in two rows, by their letters.
var values = map[string][2]string{
	"@": {"ann.lee@northwind.example", "bo.berg@contoso.example"}, "@p": {"ann@home.example", "bo@home.example"}, "@o": {"info@northwind.example", "office@contoso.example"},
	"F": {"Ann", "Bo"}, "L": {"Lee", "Berg"}, "N": {"Ann Lee", "Bo Berg"}, "C": {"Northwind Traders", "Contoso"},
	"W": {"https://www.northwind.example", "http://contoso.example/about"}, "D": {"northwind.example", "contoso.example"},
	"I": {"https://www.linkedin.com/in/ann-lee", "https://www.linkedin.com/in/bo-berg"}, "CI": {"https://www.linkedin.com/company/northwind", "https://www.linkedin.com/company/contoso"},
	"P": {"+1 800 555 1234", "+49 30 123456"}, "T": {"VP Sales", "Open"}, "X": {"003xx01", "003xx02"}, "": {},
}

// An export is an entry of testdata/lists.txt.
type export struct {
	name, want string
	header     []string
	rows       [][]string
}

func exports(t *testing.T) []export {
	t.Helper()
	text, err := os.ReadFile("testdata/lists.txt")
	if err != nil {
		t.Fatal(err)
	}
	var all []export
	for entry := range strings.SplitSeq(strings.TrimSpace(string(text)), "\n\n") {
		if strings.HasPrefix(entry, "#") {
			continue
		}
		line, want, _ := strings.Cut(entry, "\n")
		cells := strings.Split(line, "|")
		l := export{name: cells[0], want: want, rows: make([][]string, 2)}
		for _, cell := range cells[1:] {
			name, letter := cell, ""
			if at := strings.LastIndexByte(cell, '~'); at >= 0 {
				name, letter = cell[:at], cell[at+1:]
			}
			sample, ok := values[letter]
			if !ok {
				t.Fatalf("%s: %q has no values", l.name, cell)
			}
			l.header = append(l.header, name)
			l.rows[0], l.rows[1] = append(l.rows[0], sample[0]), append(l.rows[1], sample[1])
		}
		all = append(all, l)
	}
	return all
}

// describe returns a mapping as testdata/lists.txt has it.
func (l export) describe(mapping map[contact.Field]int) string {
	var fields []string
	for _, f := range contact.InputFields() {
		if at, ok := mapping[f]; ok {
			fields = append(fields, fmt.Sprintf("%s=%s", f, l.header[at]))
		}
	}
	return strings.Join(fields, "|")
}

func TestLists(t *testing.T) {
	for _, l := range exports(t) {
		t.Run(l.name, func(t *testing.T) {
			mapping, err := Columns(l.header, l.rows, Options{})
			_, first := Columns(l.header, l.rows, Options{FirstNames: true})
			got := "= " + l.describe(mapping)
			switch {
			case errors.Is(err, ErrNoColumn):
				got = "! no column"
			case err != nil:
				got = "! two columns fit"
			case first != nil:
				got = "+" + got[1:]
			}
			if got != l.want {
				t.Errorf("got  %s\nwant %s (%v)", got, l.want, err)
			}
		})
	}
}

// TestAddedNamesChangeNoMappedList: a list that can be looked up by the names in aliases.txt is mapped by them alone. Another mapping is
// another request, which would be paid for again. Only a full name may be added.
func TestAddedNamesChangeNoMappedList(t *testing.T) {
	all := exports(t)
	var names []string
	for _, l := range all {
		names = append(names, l.header...)
	}
	for _, known := range loadNames().fields {
		names = append(names, slices.Sorted(maps.Keys(known))...)
	}
	check := func(t rapid.TB, header []string, rows [][]string, o Options) {
		before := o
		before.FirstNames = true
		first, errFirst := Columns(header, rows, before)
		now, err := Columns(header, rows, o)
		if errors.Is(errFirst, ErrNoColumn) {
			return
		}
		if (errFirst == nil) != (err == nil) {
			t.Fatalf("%q: %v, before %v", header, err, errFirst)
		}
		if _, had := first[contact.FullName]; !had {
			delete(now, contact.FullName)
		}
		if !maps.Equal(first, now) {
			t.Fatalf("%q: mapped %v, before %v", header, now, first)
		}
	}
	for _, l := range all {
		check(t, l.header, l.rows, Options{})
	}
	letters := slices.Sorted(maps.Keys(values))
	rapid.Check(t, func(t *rapid.T) {
		header := rapid.SliceOfN(rapid.SampledFrom(names), 1, 7).Draw(t, "header")
		rows := make([][]string, 2)
		for range header {
			sample := values[rapid.SampledFrom(letters).Draw(t, "letter")]
			rows[0], rows[1] = append(rows[0], sample[0]), append(rows[1], sample[1])
		}
		check(t, header, rows, Options{NoSplitNames: rapid.Bool().Draw(t, "whole")})
	})
}

// TestTheFirstNamesAreFixed: a name that is added to aliases.txt changes the requests of lists that were answered before.
func TestTheFirstNamesAreFixed(t *testing.T) {
	a := loadAliases()
	sum := sha256.New()
	for _, f := range contact.InputFields() {
		for _, key := range slices.Sorted(maps.Keys(a.fields[f])) {
			_, _ = fmt.Fprintln(sum, f, key, a.fields[f][key])
		}
	}
	_, _ = fmt.Fprintln(sum, a.questions)
	if got := fmt.Sprintf("%x", sum.Sum(nil)[:8]); got != "aee5f5bf1894f180" {
		t.Errorf("the names in aliases.txt have changed (%s): add names to names.txt, so that answered lists are not sent again", got)
	}
}

func TestPeopleAreNotMixed(t *testing.T) {
	for name, tt := range map[string]struct{ table, want, says string }{
		"two kinds":            {"Speaker Email|Visitor Email\na@x.com|b@x.com", "", `"Speaker Email" and "Visitor Email"`},
		"an address of others": {"Speaker First Name|Speaker Last Name|Visitor Email|Company\nAnn|Lee|b@x.com|X", "", `people`},
		"a second contact":     {"Contact 2 Email|Company\na@x.com|X", "", "no column"},
		"an owner":             {"Owner First Name|Owner Last Name|Owner Email|Company\nAnn|Lee|a@us.com|X", "", "no column"},
		"a manager":            {"Manager Email|Account Executive Email|Assistant Email\na@us.com|b@us.com|c@us.com", "", "no column"},
		"a buyer":              {"Buyer Email|Attendee Surname|Attendee Email Address\na@x.com|Lee|b@x.com", "email=Attendee Email Address last_name=", ""},
		"a customer's name":    {"Customer Name|Customer Company\nNorthwind Traders|Contoso", "", "no column"},
		"a flag":               {"Contact Email Status|Employee Email\nok|yes", "", "no column"},
		"plain before people":  {"Last Name *|First Name *|Company *|Speaker Email\nLee|Ann|X|s@x.com", "first_name=First Name * last_name=Last Name * company_name=Company *", ""},
		"dates of contact":     {"First Contact|Last Contact|Company\nMay|June|X", "", "no column"},
		"dates with letters":   {"Lead First|Lead Last|Company\n5 May 2024|6 June 2024|X", "", "no column"},
		"products":             {"이름|회사\n모델 3|X\n아이폰 15|Y", "", "no column"},
		"phone numbers":        {"电邮|电话\n+86 10|+86 11", "", "no column"},
	} {
		got, err := mappedInput(tt.table, Options{})
		if err == nil && (tt.says != "" || !strings.HasPrefix(got, tt.want)) || err != nil && (tt.says == "" || !strings.Contains(err.Error(), tt.says)) {
			t.Errorf("%s: got %s, %v\nwant %s %s", name, got, err, tt.want, tt.says)
		}
	}
}

func TestNamesInTwoLanguages(t *testing.T) {
	for table, want := range map[string]string{
		"姓名 Name|公司 Company|邮箱 Email\n王 小明|X|a@x.com":                           "email=邮箱 Email company_name=公司 Company full_name=姓名 Name",
		"姓名Name|公司Company|邮箱Email\n王 小明|X|a@x.com":                              "email=邮箱Email company_name=公司Company full_name=姓名Name",
		"Nom / Last name|Prénom / First name|Courriel / Email\nLee|Ann|a@x.com": "email=Courriel / Email first_name=Prénom / First name last_name=Nom / Last name",
		"Фамилия (Last Name)|Имя (First Name)|Компания (Company)\nLee|Ann|X":    "first_name=Имя (First Name) last_name=Фамилия (Last Name) company_name=Компания (Company)",
		"会社名【Company】|メール【Email】\nX|a@x.com":                                    "email=メール【Email】 company_name=会社名【Company】",
		"Email / Phone|Company / Contact\na@x.com|X":                            "",
		"Phone / Surname|Company / Organisation|Email (old)\nAnn|X|a@x.com":     "",
	} {
		if got, err := mappedInput(table, Options{}); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %s, %v, expected %s", table, got, err, want)
		}
	}
	for name, want := range map[string][]string{
		"メール【Email】": {"メール", "email"}, "a/b|c": {"a", "b", "c"}, "E-Mail": {"email"}, "": nil, "(Email)": {"email"}, "Ф. Name": {"ф", "name"},
		"Email\nAdresse": {"email", "adresse"}, "E-mail (required)": {"email"},
	} {
		if got := partsOf(name); !slices.Equal(got, want) {
			t.Errorf("%q: parts %q", name, got)
		}
	}
}

func TestSpareColumns(t *testing.T) {
	for name, tt := range map[string]struct{ table, want string }{
		"an address":       {"Employee Name|Employee Email|Company\nAnn Lee|a@x.com|X", "email=Employee Email"},
		"of plain names":   {"First Name|Last Name|Company|Employee Email\nAnn|Lee|X|a@x.com", "email=Employee Email"},
		"of other people":  {"Attendee First Name|Attendee Last Name|Company|Speaker Email\nAnn|Lee|X|a@x.com", ""},
		"of the same":      {"Client Email|Client First Name|Client Last Name\na@x.com|Ann|Lee", "first_name=Client First Name|last_name=Client Last Name"},
		"of a buyer":       {"First Name|Last Name|Company|Buyer Email\nAnn|Lee|X|a@x.com", ""},
		"not first names":  {"Speaker Email|Speaker Company|Visitor First Name|Visitor Last Name|Room\na@x.com|X|Bo|Berg|1", ""},
		"a company":        {"Email|Nom contact|Société 2|Razón social\na@x.com|Lee|Y|X", "last_name=Nom contact|company_name=Razón social"},
		"nothing":          {"Email|First Name|Notes\na@x.com|Ann|x", ""},
		"used already":     {"Email|이름|회사\na@x.com|김민수|X", ""},
		"mapped by others": {"Speaker Email|Speaker Company\na@x.com|X", ""},
	} {
		var rows [][]string
		for line := range strings.SplitSeq(tt.table, "\n") {
			rows = append(rows, strings.Split(line, "|"))
		}
		mapping, err := Columns(rows[0], rows[1:], Options{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		l := export{header: rows[0]}
		if got := l.describe(Spare(rows[0], rows[1:], Options{}, mapping)); got != tt.want {
			t.Errorf("%s: got %q, expected %q", name, got, tt.want)
		}
	}
}

func TestFamilyFirstByName(t *testing.T) {
	for key := range loadAliases().fields[contact.FullName] {
		if meansFamilyFirst(key) {
			t.Errorf("%q was split as it is before", key)
		}
	}
	for name, want := range map[string]bool{
		"姓名": true, "氏名（必須）": true, "担当者 氏名": true, "이름": true, "ФИО": true, "Ф.И.О.": true, "Full Name": false, "الاسم": false, "Имя и фамилия": false, "姓名 Name": true, "Name (氏名)": true, "名前/Name": true, "Name": false,
		strings.Repeat("x", 300) + "姓名": false,
	} {
		if meansFamilyFirst(name) != want {
			t.Errorf("%q: expected %v", name, want)
		}
	}
}

// TestRowsThatCouldBeSentAreSentAsBefore: the contact of a row decides whether it was answered. Spare columns and added full names change
// only rows that could not be sent.
func TestRowsThatCouldBeSentAreSentAsBefore(t *testing.T) {
	all := exports(t)
	changed := 0
	for _, l := range all { // the same rows each time: whether the check saw a change must not depend on what rapid draws
		rows := slices.Clone(l.rows)
		for at := range l.header {
			row := slices.Clone(l.rows[0])
			row[at] = ""
			rows = append(rows, row)
		}
		changed += checkSentAsBefore(t, l.header, rows)
	}
	if changed == 0 {
		t.Error("no row was sent because of an added name")
	}
	rapid.Check(t, func(t *rapid.T) {
		one, other := rapid.SampledFrom(all).Draw(t, "list"), rapid.SampledFrom(all).Draw(t, "other")
		n := rapid.IntRange(0, len(other.header)).Draw(t, "columns of it")
		header := slices.Concat(one.header, other.header[:n])
		samples := make([][]string, 4)
		for i := range samples {
			samples[i] = slices.Concat(one.rows[i%2], other.rows[i%2][:n])
			for at := range samples[i] {
				if rapid.IntRange(0, 2).Draw(t, "blank") == 0 {
					samples[i][at] = ""
				}
			}
		}
		checkSentAsBefore(t, header, samples)
	})
}

// checkSentAsBefore compares the contacts of rows with and without the added names, and returns how many differ.
func checkSentAsBefore(t rapid.TB, header []string, rows [][]string) (changed int) {
	first, err := Columns(header, rows, Options{FirstNames: true})
	if err != nil {
		return 0
	}
	now, err := Columns(header, rows, Options{})
	if err != nil {
		t.Fatal(err)
	}
	before, after := NewBinder(first, len(header), nil), NewBinder(now, len(header), nil)
	after.Use(Spare(header, rows, Options{}, now))
	after.SetFamilyFirst(IsFamilyFirst(now, Options{}, func(column int) string { return header[column] }))
	for _, row := range rows {
		var a, b contact.Contact
		before.Fill(&a, row)
		if after.Fill(&b, row); a.Check() == nil && a != b {
			t.Fatalf("%q %q: sent as %+v, before as %+v", header, row, b, a)
		}
		if a != b {
			changed++
		}
	}
	return changed
}

func FuzzAddedNames(f *testing.F) {
	f.Add("First Name|Last Name|Company|Employee Email\nAnn|Lee|X|a@x.com\n|||b@x.com")
	f.Add("姓名 Name|公司|邮箱\n王 小明|X|\n李 娜||a@x.com")
	f.Add("Email|Contact First|Contact Last|Site / URL\n|Ann|Lee|x.com\na@x.com|Bo|Ray|y.com")
	f.Fuzz(func(t *testing.T, table string) {
		var rows [][]string
		for line := range strings.SplitSeq(table, "\n") {
			rows = append(rows, strings.Split(line, "|"))
		}
		checkSentAsBefore(t, rows[0], rows[1:])
	})
}
