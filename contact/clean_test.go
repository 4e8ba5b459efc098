package contact_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"enrich/contact"
)

// formats are format characters of many kinds, and what fonts do not draw either.
const formats = "\u200b\u200c\u200d\u200e\u200f\ufeff\u202a\u202e\u2060\u2066\u2069\u00ad\u180e\u061c\U000e0001\U000e0061\U000e007f\u034f\u3164\u115f\ufe0f"

// blanks are spaces of many kinds.
const blanks = " \t\n\v\f\r\u0085\u00a0\u1680\u2000\u2003\u2009\u200a\u2028\u2029\u202f\u205f\u3000\u2800"

// TestFormatCharactersMakeNoNewContact: without cleaning, one person was paid for up to eight times.
func TestFormatCharactersMakeNoNewContact(t *testing.T) {
	id := contact.NewIdentity("https://api.example", nil)
	person := contact.Contact{
		Email: "ann@x.example", FirstName: "Ann", LastName: "Lee", CompanyName: "Acme Inc", CompanyDomain: "x.example",
		LinkedInURL: "https://linkedin.com/in/ann",
	}
	want := id.Keys(person.Cleaned())
	for _, f := range contact.Fields() {
		for _, r := range formats + blanks {
			for where, cell := range map[string]string{
				"before": string(r) + person.Get(f), "behind": person.Get(f) + string(r), "both": string(r) + person.Get(f) + "\u200b" + string(r),
			} {
				c := person
				c.Set(f, cell)
				if got := c.Cleaned(); got != person || id.Keys(got) != want {
					t.Errorf("%U %s %s: sent as %q", r, where, f, got.Get(f))
				}
			}
		}
		for _, r := range formats {
			c := person
			value := person.Get(f)
			c.Set(f, value[:2]+string(r)+value[2:])
			got := c.Cleaned()
			if id.Keys(got) != want {
				t.Errorf("%U inside %s is another contact: %q", r, f, got.Get(f))
			}
			if name := f == contact.FirstName || f == contact.LastName || f == contact.CompanyName; !name && got != person {
				t.Errorf("%U inside %s is sent: %q", r, f, got.Get(f))
			}
		}
	}
	for _, cell := range []string{"ann\u00a0@x.example", "ann@\u3000x.example", "ann@x.exa\u2009mple"} {
		if got := (contact.Contact{Email: cell}).Cleaned().Email; got != "ann@x.example" {
			t.Errorf("%q is sent as %q", cell, got)
		}
	}
	if path := contact.LinkedInPath("//www.linkedin.com/in/ann/%E2%80%8B"); path != "/in/ann" {
		t.Errorf("an escaped format character is in the path %q", path)
	}
}

func TestPlaceholdersAreEmpty(t *testing.T) {
	anywhere := []string{
		"n/a", "#n/a", "-", "--", "—", ".", "?", `\n`, "(blank)", "(none)", "[null]", "#ref!", "#value!", "#name?", "#null!", "#div/0!", `\N`,
		"N/A", "#N/A", "#REF!", "(Blank)", "[NULL]", " - ", "\ufeff#N/A\u00a0", "#NUM!", "#NV", "#WERT!", "#N/D", "---", "–", "…", "??", "(null)", "<NULL>", "#SPILL!", "#ERROR!",
	}
	elsewhere := []string{"na", "NA", "null", "NULL", "none", "nil", "unknown", "NaN", "undefined", "None\u200b"}
	for _, f := range contact.Fields() {
		name := f == contact.FirstName || f == contact.LastName || f == contact.CompanyName
		c := contact.Contact{}
		for _, cell := range anywhere {
			c.Set(f, cell)
			if got := c.Cleaned(); got != (contact.Contact{}) {
				t.Errorf("%s %q is sent as %q", f, cell, got.Get(f))
			}
		}
		for _, cell := range elsewhere {
			c.Set(f, cell)
			cleaned := c.Cleaned()
			if got := cleaned.Get(f); (got == "") == name {
				t.Errorf("%s %q is sent as %q", f, cell, got)
			}
		}
		for _, cell := range []string{"Nantes", "Nguyen", "A-", "-a", "Nonesuch", "(Ann)", "n-ab", "O", "0"} {
			c.Set(f, cell)
			if cleaned := c.Cleaned(); cleaned.Get(f) == "" {
				t.Errorf("%s %q is taken for a placeholder", f, cell)
			}
		}
	}
	if got := (contact.Contact{CompanyDomain: "https://n/a"}).Cleaned().CompanyDomain; got != "" {
		t.Errorf("a placeholder behind a scheme is sent as %q", got)
	}
}

// TestNullAndNaArePeople: as names they are empty only together, and only without an address.
func TestNullAndNaArePeople(t *testing.T) {
	for cells, want := range map[[4]string]string{ // address, first, last, company
		{"", "Ann", "Null", "X"}:        " Ann Null X",
		{"", "Na", "Lee", "X"}:          " Na Lee X",
		{"", "null", "NULL", "X"}:       "   X",
		{"", "na", "None", "NaN"}:       "   ",
		{"-", "nan", "na", "X"}:         "   X",
		{"a@x.example", "na", "na", ""}: "a@x.example na na ",
		{"", "null", "-", "X"}:          " null  X",
	} {
		c := contact.Contact{Email: cells[0], FirstName: cells[1], LastName: cells[2], CompanyName: cells[3]}.Cleaned()
		if got := fmt.Sprintf("%s %s %s %s", c.Email, c.FirstName, c.LastName, c.CompanyName); got != want {
			t.Errorf("%q: got %q, expected %q", cells, got, want)
		}
	}
}

func TestTheAddressInsideIsSent(t *testing.T) {
	for _, cell := range []string{
		"Ann Lee <ann@x.example>", "<ann@x.example>", "mailto:ann@x.example", "MAILTO:ann@x.example?subject=Hi%20there", `"ann@x.example"`, "'ann@x.example'",
		"“ann@x.example”", "ann@x.example.", "ann@x.example,", "ann@x.example;", "ann@x.example ;", "<mailto:ann@x.example>;", `"Lee, Ann" <ann@x.example>`, "Lee, Ann <ann@x.example>",
		"ann@x.example <ann@x.example>", "'Ann@X.example' <ann@x.example>", "ann@x.example (work)", "Ann (Sales) <ann@x.example>", "« ann@x.example »",
		"=?utf-8?q?J=C3=BCrgen?= <ann@x.example>", "Jürgen Müller <ann@x.example>", "Ann B. Lee <ann@x.example>,", "mailto:ann%40x.example", "ann@x.example..", "Ann Lee<ann@x.example>",
	} {
		if got := (contact.Contact{Email: cell}).Cleaned(); !strings.EqualFold(got.Email, "ann@x.example") || got.Check() != nil {
			t.Errorf("%q is sent as %q: %v", cell, got.Email, got.Check())
		}
	}
	for cell, want := range map[string]string{
		"Jürgen <jürgen@müller.example>": "jürgen@müller.example", "用户@例子.example": "用户@例子.example", `"a"@x.com`: `"a"@x.com`, "o'brien@x.com": "o'brien@x.com",
		"'ann@x.com": "'ann@x.com", "a.b+c@sub.x.co.uk": "a.b+c@sub.x.co.uk", "Ann <a/b@x.com>": "a/b@x.com", "{ann}@x.com": "{ann}@x.com", "ann_@x.com": "ann_@x.com",
	} {
		if got := (contact.Contact{Email: cell}).Cleaned(); got.Email != want || got.Check() != nil {
			t.Errorf("%q is sent as %q: %v", cell, got.Email, got.Check())
		}
	}
}

func TestTwoAddressesInACellAreRefused(t *testing.T) {
	for _, cell := range []string{
		"a@x.com;b@x.com", "a@x.com, b@x.com", "a@x.com b@x.com", "a@x.com / b@x.com", "Ann <a@x.com>, Bo <b@x.com>", "<a@x.com><b@x.com>", "a@x.com|b@x.com", "a@x.com\nb@x.com",
		"mailto:a@x.com,b@x.com", "a@x.com <b@x.com>", `"a@x.com" <b@x.com>`, "a@x.com (b@x.com)", "a@x.com\u00a0b@x.com", "a@x.com and b@x.com", "Team: a@x.com, b@x.com;",
	} {
		c := contact.Contact{Email: cell, LinkedInURL: "https://linkedin.com/in/a"}.Cleaned()
		err := c.Check()
		if !errors.Is(err, contact.ErrAddress) || !strings.Contains(err.Error(), "more than one address; keep one") {
			t.Errorf("%q is sent as %q: %v", cell, c.Email, err)
		}
	}
	for cell, why := range map[string]string{
		"jane.doe[at]example": `"jane.doe[at]example" is not an e-mail address: no @`, "ann lee@x.example": "white space", "Ann @x.example": "white space", "Ann ann@x.example": "white space", "a@@x.com": "more than one @",
		"Ann <ann>": "no @",
	} {
		c := contact.Contact{Email: cell}.Cleaned()
		if err := c.Check(); !errors.Is(err, contact.ErrAddress) || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v, expected %s", cell, err, why)
		}
	}
}

// cell draws what people and programs write into a cell.
func cell(label string) *rapid.Generator[string] {
	part := rapid.OneOf(
		rapid.SampledFrom([]string{
			"ann@x.example", "b@y.example", "Ann", "<", ">", "\"", "'", "mailto:", ",", ";", ".", " ", "\u200b", "\u00a0", "#N/A", "-", "null", "na", "n/a", "https://", "//", "www.",
			"x.example", "facebook.com", "/", "?", "#!/", "linkedin.com/in/", "%E2%80%8B", "@", "(", ")", "\\", ":80", "\u3164", "é", "e\u0301", "\xff",
		}), rapid.StringN(0, 3, -1))
	return rapid.Map(rapid.SliceOfN(part, 0, 6), func(parts []string) string { return strings.Join(parts, "") })
}

func drawContact(t *rapid.T) (c contact.Contact) {
	for _, f := range contact.Fields() {
		c.Set(f, cell(string(f)).Draw(t, string(f)))
	}
	return c
}

func TestCleaningTwiceChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		once := drawContact(t).Cleaned()
		if twice := once.Cleaned(); twice != once {
			t.Fatalf("%+v, then %+v", once, twice)
		}
	})
}

// TestTheIdentityIgnoresWhatCleaningRemoves inserts format characters anywhere in a cell.
func TestTheIdentityIgnoresWhatCleaningRemoves(t *testing.T) {
	id := contact.NewIdentity("https://api.example", nil)
	format := rapid.SampledFrom([]rune(formats))
	rapid.Check(t, func(t *rapid.T) {
		c := contact.Contact{
			Email:     rapid.SampledFrom([]string{"ann@x.example", "Ann <ann@x.example>", "mailto:ann@x.example", "-", "jürgen@x.example"}).Draw(t, "email"),
			FirstName: rapid.SampledFrom([]string{"Ann", "#N/A", "Zoë", ""}).Draw(t, "first"), LastName: rapid.SampledFrom([]string{"de la Cruz", "?", "Lee"}).Draw(t, "last"),
			CompanyDomain: rapid.SampledFrom([]string{"https://www.x.example/about", "n/a", "facebook.com/x"}).Draw(t, "domain"),
			LinkedInURL:   rapid.SampledFrom([]string{"https://de.linkedin.com/in/ann/", "none"}).Draw(t, "profile"),
		}
		strewn := c
		for _, f := range contact.Fields() {
			letters := []rune(c.Get(f))
			at := rapid.IntRange(0, len(letters)).Draw(t, "at")
			strewn.Set(f, string(letters[:at])+string(format.Draw(t, "format"))+string(letters[at:]))
		}
		if id.Keys(c.Cleaned()) != id.Keys(strewn.Cleaned()) {
			t.Fatalf("%+v is not %+v", c.Cleaned(), strewn.Cleaned())
		}
	})
}

// TestAValidContactIsValidAsItIsSent: the request's JSON has the values that were checked, and their identity.
func TestAValidContactIsValidAsItIsSent(t *testing.T) {
	id := contact.NewIdentity("https://api.example", nil)
	rapid.Check(t, func(t *rapid.T) {
		c := drawContact(t).Cleaned()
		for _, f := range contact.Fields() { // the reader refuses what is not UTF-8
			c.Set(f, strings.ToValidUTF8(c.Get(f), ""))
		}
		if c = c.Cleaned(); c.Check() != nil {
			return
		}
		sent := contact.ParseJSON(c.AppendJSON(nil))
		if err := sent.Check(); err != nil || sent != c || id.Keys(sent) != id.Keys(c) || sent.Cleaned() != c {
			t.Fatalf("checked %+v, sent %+v: %v", c, sent, err)
		}
	})
}

func BenchmarkCleaned(b *testing.B) {
	for name, c := range map[string]contact.Contact{
		"plain":   {Email: "ann.smith@example.com", FirstName: "Ann", LastName: "Smith", CompanyName: "Example, Inc.", CompanyDomain: "https://www.example.com"},
		"unusual": {Email: "Ann <ann.smith@example.com>", FirstName: "Zoë\u200b", LastName: "-", CompanyName: "#N/A", CompanyDomain: "www.example.com/\u00ad"},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.Cleaned()
			}
		})
	}
}

// TestAnsweredRowsFindTheirAnswers: ledgers contain contacts as versions before cleaning sent them, trimmed and with a bare host. A
// migration cleans those, so that must lead to what a row is now.
func TestAnsweredRowsFindTheirAnswers(t *testing.T) {
	id := contact.NewIdentity("https://api.example", nil)
	wrap := rapid.SampledFrom([]string{"", "", "", " ", "\u200b", "\ufeff", "\u00a0", "\u00ad"})
	values := map[contact.Field][]string{
		contact.Email:         {"ann@x.example", "ann@x.example.", "", "jürgen@x.example", "o'brien@x.example"},
		contact.FirstName:     {"Ann", "-", "#N/A", "null", "Na", "(blank)"},
		contact.LastName:      {"Lee", "?", "n/a", "NULL", "none", "van der Berg"},
		contact.CompanyName:   {"Acme", "[null]", "NaN", ".", "A & B"},
		contact.CompanyDomain: {"https://www.x.example/about", "n/a", "N/A", "-", "null", "x.example.", "http://x.example:80/a?b", "(none)", "#REF!", "unknown", `\N`, "www.x.example", "(n/a)"},
		contact.LinkedInURL:   {"https://linkedin.com/in/ann", "none", "", "de.linkedin.com/in/Ann/?x=1"},
	}
	rapid.Check(t, func(t *rapid.T) {
		var row, sent contact.Contact
		for _, f := range contact.Fields() {
			cell := wrap.Draw(t, "before") + rapid.SampledFrom(values[f]).Draw(t, string(f)) + wrap.Draw(t, "behind")
			row.Set(f, cell)
			if sent.Set(f, strings.TrimSpace(cell)); f == contact.CompanyDomain {
				sent.Set(f, hostBefore(cell))
			}
		}
		if now, before := row.Cleaned(), sent.Cleaned(); id.Keys(now) != id.Keys(before) {
			t.Fatalf("%+v is sent as %+v; the ledger's %+v becomes %+v", row, now, sent, before)
		}
	})
}

// hostBefore is the bare host as versions before cleaning made it.
func hostBefore(s string) string {
	s = strings.TrimSpace(s)
	if i := strings.Index(s, "://"); i >= 0 {
		s = s[i+len("://"):]
	}
	s = strings.TrimPrefix(s, "//")
	if i := strings.IndexAny(s, "/?#\\"); i >= 0 {
		s = s[:i]
	}
	if i := strings.LastIndexByte(s, ':'); i >= 0 && strings.Trim(s[i+1:], "0123456789") == "" {
		s = s[:i]
	}
	s = strings.TrimSuffix(s, ".")
	if len(s) > 4 && strings.EqualFold(s[:4], "www.") && strings.Contains(s[4:], ".") {
		s = s[4:]
	}
	return s
}
