package contact_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"enrich/contact"
)

func TestFullNamesAreSplit(t *testing.T) {
	for name, want := range map[string]string{
		"Ann Lee": "Ann|Lee", " Ann \u00a0 Lee\u200b": "Ann|Lee", "Lee, Ann": "Ann|Lee", "Lee,Ann": "Ann|Lee", "Lee, Ann Marie": "Ann Marie|Lee",
		"Dr. Ann Lee": "Ann|Lee", "Prof. Dr. Ann Lee": "Ann|Lee", "Mr Bob Lee": "Bob|Lee", "Frau Dr. Ann Lee": "Ann|Lee", "Lee, Dr. Ann": "Ann|Lee", "Sra. Ana Ruiz": "Ana|Ruiz", "M. Jean Petit": "Jean|Petit",
		"Ann Lee Jr.": "Ann|Lee", "Ann Lee, PhD": "Ann|Lee", "Ann Lee, CFA, MBA": "Ann|Lee", "Lee, Ann, PhD": "Ann|Lee", "John Smith III": "John|Smith", "Lee Jr., Bob": "Bob|Lee", "Ann Lee M.D.": "Ann|Lee", "Ann Lee, Jr": "Ann|Lee",
		"Juan de la Cruz": "Juan|de la Cruz", "Juan Carlos de la Cruz": "Juan Carlos|de la Cruz", "Jan van der Berg": "Jan|van der Berg", "Anna Maria von Trapp": "Anna Maria|von Trapp",
		"Ludwig van Beethoven": "Ludwig|van Beethoven", "van der Berg, Jan": "Jan|van der Berg", "Berg, Jan van der": "Jan|van der Berg", "de la Cruz, Juan": "Juan|de la Cruz", "João da Silva Santos": "João|da Silva Santos",
		"Ann Marie Lee": "Ann|Marie Lee", "José Ortega y Gasset": "José|Ortega y Gasset", "Mary-Jane O'Neil": "Mary-Jane|O'Neil", "Van Morrison": "Van|Morrison", "Jack Ma": "Jack|Ma", "Kim Co": "Kim|Co", "Paulo Sa": "Paulo|Sa",
		"Ann Lee, CEO": "Ann|Lee", "Ann Lee, VP Sales": "Ann|Lee", "Lee, Ann, Co-Founder": "Ann|Lee", "Ann Lee, PhD, Head of Research": "Ann|Lee", "Ingo Maurer": "Ingo|Maurer", "Eng Tan": "Eng|Tan", "Eng. Ann Lee": "Ann|Lee", "Sales, Ann": "Ann|Sales",
		`Robert "Bob" Lee`: "Robert|Lee", "Ann (she/her) Lee": "Ann|Lee", "Ann Lee (CEO)": "Ann|Lee", "Ann Lee 🚀": "Ann|Lee", "Jeanne Marie d'Arc": "Jeanne Marie|d'Arc", "Мария Иванова": "Мария|Иванова", "J. R. Smith": "J.|R. Smith",
	} {
		if first, last, ok := contact.SplitName(name); first+"|"+last != want || !ok {
			t.Errorf("%q is split into %q and %q, %t; expected %s", name, first, last, ok, want)
		}
	}
	for _, name := range []string{
		"", "Ann", "Dr. Lee", "Lee,", ", Ann", "Acme Inc", "Acme, Inc.", "Acme GmbH", "Ford Motor Co.", "Banco Rojo S.A.", "Volvo AB", "Northwind Group", "Smith & Sons", "Ann Lee & Bob Ray", "Ann and Bob Lee", "Ann Lee 2",
		"ann@x.example", "Ann Lee ann@x.example", "#N/A", "n/a", "unknown", "Ann Lee / Bob Ray", "Ann Lee; Bob Ray", "Lee, Ann, Ray, Bob", "van der Berg", "de la Cruz", "Ann Lee - Acme", "Ann Lee | CEO", "王小明",
		"Acme Solutions", "3M Company", "Müller Consulting", "The quick brown fox jumps over the lazy dog", "(none)", "Ann Lee, Acme Ltd", "Lee, CEO",
	} {
		if first, last, ok := contact.SplitName(name); ok {
			t.Errorf("%q is split into %q and %q", name, first, last)
		}
	}
}

// TestAFullNameIsSplitOnlyIfNeeded: a row that can be sent without it keeps its contact, and so its key and its answer.
func TestAFullNameIsSplitOnlyIfNeeded(t *testing.T) {
	const name = "Ann Lee"
	for what, tt := range map[string]struct {
		c     contact.Contact
		split bool
	}{
		"an address":             {contact.Contact{Email: "ann@x.example", CompanyName: "X"}, false},
		"a bad address":          {contact.Contact{Email: "ann@", CompanyName: "X"}, false},
		"a profile":              {contact.Contact{LinkedInURL: "linkedin.com/in/ann", CompanyName: "X"}, false},
		"both names":             {contact.Contact{FirstName: "Anna", LastName: "Li", CompanyName: "X"}, false},
		"no company":             {contact.Contact{}, false},
		"a page for a company":   {contact.Contact{CompanyDomain: "facebook.com/x"}, false},
		"a company":              {contact.Contact{CompanyName: "X"}, true},
		"a domain":               {contact.Contact{CompanyDomain: "x.example"}, true},
		"one name":               {contact.Contact{FirstName: "Anna", CompanyName: "X"}, true},
		"placeholders for names": {contact.Contact{Email: "n/a", FirstName: "-", LastName: "-", CompanyName: "X"}, true},
	} {
		got := tt.c
		split := got.Clean(name)
		if want := tt.c.Cleaned(); !tt.split && (split || got != want) || tt.split && (!split || got.FirstName != "Ann" || got.LastName != "Lee" || got.Check() != nil) {
			t.Errorf("%s: %+v, %t", what, got, split)
		}
	}
}

// TestASplitNameKeepsItsLetters: no word is invented, and a name that was split can be sent.
func TestASplitNameKeepsItsLetters(t *testing.T) {
	word := rapid.OneOf(rapid.SampledFrom([]string{"Ann", "Lee", "Dr.", "van", "der", "de", "la", "Jr.", ",", "PhD", "d'Arc", "Inc", "(x)", "\"", "é", "\u200b", "-"}), rapid.StringN(0, 4, -1))
	rapid.Check(t, func(t *rapid.T) {
		name := strings.Join(rapid.SliceOfN(word, 0, 6).Draw(t, "words"), " ")
		c := contact.Contact{CompanyName: "X"}
		split := c.Clean(name)
		if !split {
			return
		}
		if c.FirstName == "" || c.LastName == "" || c.Check() != nil {
			t.Fatalf("%q is split into %+v: %v", name, c, c.Check())
		}
		for _, w := range strings.Fields(c.FirstName + " " + c.LastName) {
			if !strings.Contains(name, w) {
				t.Fatalf("%q has no %q", name, w)
			}
		}
	})
}
