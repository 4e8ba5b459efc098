package mapping

import (
	_ "embed"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"enrich/contact"
)

//go:embed aliases.txt
var aliasFile string

// An alias is what a name says about a field.
type alias struct {
	// tier is how good the name is: 0 for the field's own name, then the paragraphs of aliases.txt.
	tier int
	// needs is what the name needs beside it: the name of a field, needsValues or "".
	needs string
}

// needsValues marks names that can mean anything, unless the values say what.
const needsValues = "values"

// aliases are the contents of aliases.txt. Names are keys (see [Key]).
type aliases struct {
	fields    map[contact.Field]map[string]alias
	questions []string
}

// loadAliases parses aliases.txt.
func loadAliases() *aliases {
	a := &aliases{fields: map[contact.Field]map[string]alias{}}
	var field contact.Field
	var current alias
	for line := range strings.Lines(aliasFile) {
		line = strings.TrimSpace(line)
		switch section, isSection := strings.CutPrefix(line, "["); {
		case isSection:
			field, current = contact.Field(strings.TrimSuffix(section, "]")), alias{}
			a.add(field, alias{}, string(field))
		case line == "":
			current = alias{tier: current.tier + 1}
		case !strings.HasPrefix(line, "#"):
			if rest, ok := strings.CutPrefix(line, "needs "); ok {
				current.needs, line, _ = strings.Cut(rest, ":")
			}
			for name := range strings.SplitSeq(line, ",") {
				a.add(field, current, name)
			}
		}
	}
	return a
}

// add adds a name of a field, or the beginning of a question.
func (a *aliases) add(f contact.Field, as alias, name string) {
	key := FoldName(name)
	switch {
	case key == "":
	case f == "questions":
		if as.tier > 0 {
			a.questions = append(a.questions, key)
		}
	case a.fields[f] == nil:
		a.fields[f] = map[string]alias{key: as}
	default:
		a.fields[f][key] = as
	}
}

// asked returns the key of what a header asks for if it is a question of a form, such as "What is your email address?", or "".
func (a *aliases) asked(key string) string {
	for _, end := range [...]string{"required", "optional", "pflichtfeld", "obligatoire", "obligatorio", "obbligatorio"} {
		key = strings.TrimSuffix(key, end)
	}
	for _, begin := range a.questions {
		if rest, ok := strings.CutPrefix(key, begin); ok && rest != "" {
			return rest
		}
	}
	return ""
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
