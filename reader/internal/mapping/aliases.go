package mapping

import (
	_ "embed"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"enrich/contact"
)

var (
	//go:embed aliases.txt
	aliasFile string
	//go:embed names.txt
	nameFile string
)

// An alias is what a name says about a field.
type alias struct {
	// tier is how good the name is: 0 for the field's own name, then the paragraphs of aliases.txt.
	tier int
	// needs is what the name needs beside it: the name of a field, needsValues or "".
	needs string
	// added says that the name is in names.txt.
	added bool
}

// needsValues marks names that can mean anything, unless the values say what.
const needsValues = "values"

// Sections of the files that are not fields.
const (
	sectionQuestions   = "questions"
	sectionPeople      = "people"
	sectionFamilyFirst = "family_first"
)

// afterAliases is added to the tiers of the full names in names.txt: they are used in lists that are mapped without them.
const afterAliases = 10

// aliases are the contents of aliases.txt and, if asked for, of names.txt. Names are keys (see [FoldName]).
type aliases struct {
	fields    map[contact.Field]map[string]alias
	questions []string
	// people are the keys of who a column can be about, by the paragraphs of names.txt.
	people [][]string
	// familyFirst are the names of full names that begin with the family name.
	familyFirst map[string]bool
}

// The files are parsed once: that takes longer than all else that is done to map a small list. Nobody changes the results.
var (
	// loadAliases parses aliases.txt, which has the names that were known first.
	loadAliases = sync.OnceValue(func() *aliases { return parse(aliasFile) })
	// loadNames parses both files.
	loadNames = sync.OnceValue(func() *aliases { return parse(aliasFile, nameFile) })
)

// parse parses aliases.txt and, if it is given, names.txt.
func parse(files ...string) *aliases {
	a := &aliases{fields: map[contact.Field]map[string]alias{}, familyFirst: map[string]bool{}}
	for i, file := range files {
		a.parse(file, i > 0)
	}
	return a
}

// parse adds the names of a file.
func (a *aliases) parse(file string, added bool) {
	var section string
	var current alias
	for line := range strings.Lines(file) {
		line = strings.TrimSpace(line)
		switch name, isSection := strings.CutPrefix(line, "["); {
		case isSection:
			section, current = strings.TrimSuffix(name, "]"), alias{}
			if !added {
				a.add(section, alias{}, section)
			}
		case line == "":
			current = alias{tier: current.tier + 1, added: added}
		case !strings.HasPrefix(line, "#"):
			if rest, ok := strings.CutPrefix(line, "needs "); ok {
				current.needs, line, _ = strings.Cut(rest, ":")
			}
			for name := range strings.SplitSeq(line, ",") {
				a.add(section, current, name)
			}
		}
	}
}

// add adds a name of a section.
func (a *aliases) add(section string, as alias, name string) {
	key, f := FoldName(name), contact.Field(section)
	if key == "" {
		return
	}
	switch section {
	case sectionQuestions:
		if as.tier > 0 {
			a.questions = append(a.questions, key)
		}
		return
	case sectionPeople:
		for len(a.people) < as.tier {
			a.people = append(a.people, nil)
		}
		a.people[as.tier-1] = append(a.people[as.tier-1], key)
		return
	case sectionFamilyFirst:
		f, a.familyFirst[key] = contact.FullName, true
	}
	if as.added && f == contact.FullName {
		as.tier += afterAliases
	}
	if a.fields[f] == nil {
		a.fields[f] = map[string]alias{}
	}
	a.fields[f][key] = as
}

// asked returns the key of what a header asks for if it is a question of a form, such as "What is your email address?", or "".
func (a *aliases) asked(key string) string {
	key = withoutMark(key)
	for _, begin := range a.questions {
		if rest, ok := strings.CutPrefix(key, begin); ok && rest != "" {
			return rest
		}
	}
	return ""
}

// withoutMark returns the key of a question without what forms add to it.
func withoutMark(key string) string {
	for _, end := range [...]string{"required", "optional", "pflichtfeld", "obligatoire", "obligatorio", "obbligatorio"} {
		key = strings.TrimSuffix(key, end)
	}
	return key
}

// FoldName returns a name as it is compared: its letters and digits in lower case, without accents.
func FoldName(name string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(name) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}
