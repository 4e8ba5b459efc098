package contact

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// FamilyFirst returns a full name that begins with the family name as [SplitName] reads it: "Family, Given". It returns "" for a name
// that it cannot divide with certainty:
//
//   - Chinese, Japanese and Korean names are divided at their space. Without one, only a Korean name is divided, by its surname: "김민수".
//     Where a Chinese or Japanese name is divided cannot be seen: "林真理" is 林 or 林真.
//   - A Russian or Ukrainian name may have a patronymic behind the given name, which is left out.
//   - Names in other scripts are in either order, even in a column called "姓名": "Ann Lee", "Li Wei".
func FamilyFirst(s string) string {
	s = trim(s)
	if strings.Contains(s, ",") {
		return s
	}
	words := strings.FieldsFunc(s, isBlank)
	switch n := len(words); {
	case n == 1 && isIn(s, unicode.Hangul):
		return koreanName(s)
	case n == 2 && isIn(s, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) && !isHonorific(words[1]):
		return words[0] + ", " + words[1]
	case n == 2 && isIn(s, unicode.Cyrillic), n == 3 && isIn(s, unicode.Cyrillic) && isPatronymic(words[2]):
		return words[0] + ", " + words[1]
	}
	return ""
}

// isIn reports whether all characters of a name but its spaces, hyphens and apostrophes are of some scripts.
func isIn(s string, scripts ...*unicode.RangeTable) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.In(r, scripts...) && !isBlank(r) && !strings.ContainsRune("-'’ー々", r)
	})
}

// isHonorific reports whether the last word of a name is a form of address or ends in one.
func isHonorific(word string) bool {
	switch word {
	case "先生", "女士", "小姐", "太太", "部長", "社長", "課長", "さん", "さま", "씨", "군", "양", "님", "대표", "과장", "부장", "팀장", "이사", "사장", "대리", "차장":
		return true
	}
	return strings.HasSuffix(word, "様") || strings.HasSuffix(word, "殿") || strings.HasSuffix(word, "님")
}

// isPatronymic reports whether the last word of an East Slavic name is its patronymic.
func isPatronymic(word string) bool {
	word = strings.ToLower(word)
	for _, end := range [...]string{"вич", "ич", "вна", "чна", "шна"} {
		if strings.HasSuffix(word, end) {
			return true
		}
	}
	return false
}

// koreanSurnames are the surnames of one syllable that nearly all Koreans have (Statistics Korea, census of 2015: those of more than
// 10,000 people).
const koreanSurnames = "김이박최정강조윤장임한오서신권황안송류유전홍고문양손배백허남심노하곽성차주우구나민진지엄채원천방공현함변염여추도소석선설마길연위표명기반라왕금옥육인맹제모탁국어은편용"

// koreanPairs are the surnames of two syllables.
var koreanPairs = [...]string{"남궁", "황보", "제갈", "사공", "선우", "서문", "독고", "동방"}

// koreanName divides a Korean name without a space: a surname of one or two syllables and a given name of two.
func koreanName(s string) string {
	n := utf8.RuneCountInString(s)
	for _, pair := range koreanPairs {
		switch given, ok := strings.CutPrefix(s, pair); {
		case ok && n == 4:
			return pair + ", " + given
		case ok: // 황보라 is 황 or 황보
			return ""
		}
	}
	first, size := utf8.DecodeRuneInString(s)
	if n != 3 || !strings.ContainsRune(koreanSurnames, first) || isHonorific(s[size:]) {
		return ""
	}
	return s[:size] + ", " + s[size:]
}
