package duck

import "strings"

// NULL is a null inside a list, map or struct.
const NULL = "NULL"

// AppendQuoted appends the text of a value inside a list, map or struct: in quotes if it could be read as something else.
func AppendQuoted(b, text []byte) []byte {
	if !needsQuotes(text) {
		return append(b, text...)
	}
	return appendEscaped(b, text)
}

// AppendName appends the name of a struct's field, which is always in quotes.
func AppendName(b []byte, name string) []byte { return appendEscaped(b, []byte(name)) }

func needsQuotes(text []byte) bool {
	if len(text) == 0 || isSpace(text[0]) || isSpace(text[len(text)-1]) {
		return true
	}
	for _, c := range text {
		switch c {
		case '"', '\'', '(', ')', ',', ':', '=', '[', ']', '{', '}':
			return true
		}
	}
	return len(text) == len(NULL) && strings.EqualFold(string(text), NULL)
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func appendEscaped(b, text []byte) []byte {
	b = append(b, '\'')
	for _, c := range text {
		if c == '\'' || c == '\\' {
			b = append(b, '\\')
		}
		b = append(b, c)
	}
	return append(b, '\'')
}
