package jsonrows

import (
	"iter"
	"strconv"
)

// children are the names and values of an object's members, unescaped, or of an array's elements, counted from 0; of
// what is neither, none. The text is valid JSON: a scanner has been over it.
func children(value string) iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		if !isNested(value) {
			return
		}
		object := value[0] == '{'
		for at, n := skipBlank(value, 1), 0; value[at] != '}' && value[at] != ']'; n++ {
			name := strconv.Itoa(n)
			if object {
				end := valueEnd(value, at)
				name, _ = unescape(value[at+1 : end-1])
				at = skipBlank(value, skipBlank(value, end)+1)
			}
			end := valueEnd(value, at)
			if !yield(name, value[at:end]) {
				return
			}
			if at = skipBlank(value, end); value[at] == ',' {
				at = skipBlank(value, at+1)
			}
		}
	}
}

// isNested says whether a value is an object or an array.
func isNested(value string) bool { return value != "" && (value[0] == '{' || value[0] == '[') }

func skipBlank(s string, at int) int {
	for s[at] == ' ' || s[at] == '\t' || s[at] == '\n' || s[at] == '\r' {
		at++
	}
	return at
}

// valueEnd is where the value that begins at a place ends.
func valueEnd(s string, at int) int {
	depth, quoted := 0, false
	for ; at < len(s); at++ {
		switch b := s[at]; {
		case quoted && b == '\\':
			at++
		case b == '"':
			if quoted = !quoted; !quoted && depth == 0 {
				return at + 1
			}
		case quoted:
		case b == '{' || b == '[':
			depth++
		case b == '}' || b == ']':
			if depth--; depth == 0 {
				return at + 1
			}
			if depth < 0 {
				return at
			}
		case depth == 0 && (b == ',' || b == ' ' || b == '\t' || b == '\n' || b == '\r'):
			return at
		}
	}
	return at
}
