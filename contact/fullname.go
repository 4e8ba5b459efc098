package contact

import (
	"slices"
	"strings"
	"unicode"
)

// maxNameWords is the most words of a full name that is split.
const maxNameWords = 8

// SplitName splits a person's full name. ok is false if the value is not plainly one person's first and last name: one word,
// digits, "&" or "@", a company's name, several people. A wrong guess is a credit spent on the wrong person.
//
//   - Titles and suffixes are removed: "Dr. Ann Lee, PhD".
//   - "Lee, Ann" is last and first name.
//   - Particles begin the last name: "Juan Carlos de la Cruz", "Jan van der Berg".
//   - Otherwise the first word is the first name and the rest is the last name.
func SplitName(s string) (first, last string, ok bool) {
	s = cleanName(s)
	if s == "" || isNoValue(s) || strings.ContainsAny(s, "&@") || strings.ContainsFunc(s, unicode.IsDigit) {
		return "", "", false
	}
	if s = withoutNicknames(s); strings.ContainsAny(s, "/|+;:=<>{}\\_*#!?") {
		return "", "", false
	}
	parts := strings.Split(s, ",")
	for len(parts) > 1 && isSuffixes(parts[len(parts)-1]) {
		parts = parts[:len(parts)-1]
	}
	for _, part := range parts {
		if words := strings.FieldsFunc(part, isBlank); isSeveral(words) || isCompany(words) {
			return "", "", false
		}
	}
	switch len(parts) {
	case 1:
		first, last = splitWords(nameWords(parts[0]))
	case 2:
		first, last = joinComma(nameWords(parts[0]), nameWords(parts[1]))
	}
	return first, last, first != "" && last != ""
}

// splitWords splits a name that is written in its spoken order.
func splitWords(words []string) (first, last string) {
	if len(words) < 2 || len(words) > 2 && isParticle(words[0]) && isParticle(words[1]) {
		return "", "" // "van der Berg" has no first name
	}
	from := 1
	for i := 1; i < len(words)-1; i++ {
		if isParticle(words[i]) {
			from = i
			break
		}
	}
	if last := words[len(words)-1]; from == 1 && len(words) > 2 && hasElision(last) && !isParticle(words[1]) {
		from = len(words) - 1
	}
	return strings.Join(words[:from], " "), strings.Join(words[from:], " ")
}

// joinComma splits a name that is written last name first. Particles after the first name belong to the last name, as in
// "Berg, Jan van der".
func joinComma(last, first []string) (string, string) {
	n := len(first)
	for n > 1 && isParticle(first[n-1]) {
		n--
	}
	if len(last) > 0 {
		last = slices.Concat(first[n:], last)
	}
	if len(first)+len(last) > maxNameWords {
		return "", ""
	}
	return strings.Join(first[:n], " "), strings.Join(last, " ")
}

// nameWords returns the words of a name without titles, suffixes and symbols.
func nameWords(s string) []string {
	words := slices.DeleteFunc(strings.FieldsFunc(s, isBlank), func(w string) bool { return !strings.ContainsFunc(w, unicode.IsLetter) && w != "-" })
	for len(words) > 0 && isTitle(words[0]) {
		words = words[1:]
	}
	for len(words) > 1 && (isSuffix(words[len(words)-1]) || isTitle(words[len(words)-1])) {
		words = words[:len(words)-1]
	}
	if len(words) > maxNameWords || slices.Contains(words, "-") { // "Ann Lee - Acme"
		return nil
	}
	return words
}

// withoutNicknames removes text in brackets or double quotes: "Ann (she/her) Lee", `Robert "Bob" Lee`.
func withoutNicknames(s string) string {
	for _, pair := range [...][2]string{{"(", ")"}, {"[", "]"}, {`"`, `"`}, {"“", "”"}, {"«", "»"}} {
		before, rest, ok := strings.Cut(s, pair[0])
		if _, after, closed := strings.Cut(rest, pair[1]); ok && closed {
			s = before + " " + after
		}
	}
	return trim(s)
}

// wordKey is a word as the lists below have it: in lower case, without dots.
func wordKey(w string) string { return strings.ToLower(strings.ReplaceAll(w, ".", "")) }

// isTitle reports whether a word is a title. Short titles that are also names need their dot.
func isTitle(w string) bool {
	switch wordKey(w) {
	case "mr", "mrs", "ms", "miss", "mx", "dr", "prof", "professor", "doctor", "sir", "dame",
		"herr", "frau", "dipl-ing", "dr-ing", "drmed", "profdr", "drhc",
		"mme", "mlle", "madame", "monsieur", "mademoiselle", "señor", "señora", "srta", "sra", "dra", "dott", "dottssa", "sigra", "signor", "signora",
		"dhr", "mevr", "mevrouw", "meneer", "drs", "fru", "senhor", "senhora":
		return true
	case "m", "me", "eng", "ing", "mag", "dipl", "fr", "hr", "sig", "hon", "rev", "capt", "lt", "col", "sgt", "ir", "pr", "avv", "arch", "rag", "geom", "med", "phil", "jur", "sr", "lic":
		return strings.HasSuffix(w, ".")
	}
	return false
}

// isSuffix reports whether the last word of a name is a generation, a degree or a qualification. Suffixes that are also surnames,
// such as Ma, need their dots.
func isSuffix(w string) bool {
	switch wordKey(w) {
	case "jr", "sr", "jnr", "snr", "ii", "iii", "iv", "phd", "md", "mba", "cpa", "esq", "dds", "dvm", "rn", "cfa", "jd", "llm", "llb", "msc", "bsc", "mph", "mphil", "dphil", "edd", "pharmd",
		"pmp", "cfp", "cissp", "shrm-cp", "shrm-scp", "phr", "sphr", "obe", "mbe", "cbe", "frcs", "meng", "beng", "pe", "fca", "acca", "cma", "filho", "junior", "senior":
		return true
	case "ma", "ba", "do", "kc", "qc", "ms", "bs", "med", "mag", "ca", "pt":
		return strings.Contains(w, ".")
	}
	return false
}

// isSuffixes reports whether the text after a comma has only suffixes or begins with a position: "Ann Lee, CEO". There the short
// suffixes need no dots.
func isSuffixes(part string) bool {
	words := strings.FieldsFunc(part, isBlank)
	if len(words) > 0 && isPosition(words[0]) {
		return true
	}
	for _, w := range words {
		switch wordKey(w) {
		case "ma", "ba", "do", "kc", "qc", "ms", "bs", "med", "ca", "pt", "v", "dipl-ing", "mag":
		default:
			if !isSuffix(w) {
				return false
			}
		}
	}
	return true
}

// isPosition reports whether a word is a position in a company. No position is a given name.
func isPosition(w string) bool {
	switch wordKey(w) {
	case "ceo", "cto", "cfo", "coo", "cmo", "cio", "cro", "cpo", "chro", "ciso", "vp", "svp", "evp", "avp", "president", "founder", "co-founder", "cofounder", "owner", "director",
		"manager", "head", "chief", "managing", "partner", "sales", "marketing", "engineer", "geschäftsführer", "geschäftsführerin", "gérant", "directeur", "directrice", "gerente", "titolare":
		return true
	}
	return false
}

// isParticle reports whether a word is a particle of a last name.
func isParticle(w string) bool {
	switch strings.ToLower(w) {
	case "de", "del", "della", "delle", "dello", "degli", "dei", "di", "da", "das", "do", "dos", "du", "des", "la", "las", "los", "le", "lo", "d'", "d’",
		"van", "von", "vom", "zu", "zum", "zur", "der", "den", "het", "ten", "ter", "te", "'t", "’t", "op", "af", "av", "al", "el", "bin", "ibn", "bint", "abu":
		return true
	}
	return false
}

// hasElision reports whether a word begins with a particle that is written with an apostrophe: "d'Arc".
func hasElision(w string) bool {
	return strings.HasPrefix(w, "d'") || strings.HasPrefix(w, "d’") || strings.HasPrefix(w, "D'") || strings.HasPrefix(w, "D’")
}

// isSeveral reports whether a value names several people.
func isSeveral(words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool {
		switch strings.ToLower(w) {
		case "and", "und", "et", "en", "och", "og":
			return true
		}
		return false
	})
}

// isCompany reports whether a word is a legal form or common in names of companies.
func isCompany(words []string) bool {
	for i, w := range words {
		switch wordKey(w) {
		case "inc", "incorporated", "llc", "llp", "pllc", "ltd", "limited", "gmbh", "mbh", "ggmbh", "corp", "corporation", "company", "plc", "sarl", "sasu", "eurl", "srl", "srls", "aps", "ltda", "eirl",
			"kft", "zrt", "sro", "doo", "pty", "pte", "bvba", "gbr", "ohg", "kgaa", "oyj", "asa", "uab", "ood", "eood", "sdn", "bhd", "pvt", "a/s", "ev", "eg",
			"group", "groupe", "gruppe", "grupo", "gruppo", "holding", "holdings", "solutions", "consulting", "technologies", "technology", "services", "systems", "partners", "associates",
			"university", "université", "universität", "institute", "foundation", "agency", "software", "enterprises", "industries", "logistics", "international", "ventures", "bank", "hotel", "team":
			return true
		case "sa", "as", "ab", "ag", "nv", "bv", "se", "kg", "ug", "oy", "oü", "lp", "pc", "sl", "sas", "co", "spa", "slu", "dba":
			// Sa, Co and others are also surnames: a legal form is written in capitals or with dots, after a name.
			if i > 0 && (strings.Contains(w, ".") || w == strings.ToUpper(w) || w == "SpA" || w == "Oü") {
				return true
			}
		}
	}
	return false
}
