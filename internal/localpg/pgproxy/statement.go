package pgproxy

import "strings"

// split returns the statements of a simple query, without what is around them.
func split(sql string) (statements []string) {
	start := 0
	add := func(end int) {
		if s := strings.TrimSpace(sql[start:end]); s != "" {
			statements = append(statements, s)
		}
	}
	for i := 0; i < len(sql); {
		if sql[i] == ';' {
			add(i)
			start = i + 1
		}
		i = next(sql, i)
	}
	add(len(sql))
	return statements
}

// next returns the position after a token that may contain a semicolon (a string, a quoted name, a comment), or after one byte.
func next(sql string, i int) int {
	rest := sql[i:]
	switch {
	case rest[0] == '\'' && isEscaped(sql, i):
		return i + quoted(rest, true)
	case rest[0] == '\'' || rest[0] == '"':
		return i + quoted(rest, false)
	case strings.HasPrefix(rest, "--"):
		return i + through(rest, "\n")
	case strings.HasPrefix(rest, "/*"):
		return i + comment(rest)
	case rest[0] == '$' && (i == 0 || !isWord(sql[i-1])):
		if end := strings.IndexByte(rest[1:], '$'); end >= 0 && isTag(rest[1:1+end]) {
			tag := rest[:end+2]
			return i + len(tag) + through(rest[len(tag):], tag)
		}
	}
	return i + 1
}

// through returns the position after the first occurrence of end, or that of the end of s.
func through(s, end string) int {
	if i := strings.Index(s, end); i >= 0 {
		return i + len(end)
	}
	return len(s)
}

// quoted returns the position after the quotes with which s begins. A doubled quote ends one string and begins the next.
func quoted(s string, escapes bool) int {
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == s[0]:
			return i + 1
		case s[i] == '\\' && escapes:
			i++
		}
	}
	return len(s)
}

// comment returns the position after the comment with which s begins. Comments nest.
func comment(s string) int {
	depth := 0
	for i := 0; i+1 < len(s); i++ {
		switch s[i : i+2] {
		case "/*":
			depth++
			i++
		case "*/":
			depth--
			i++
		}
		if depth == 0 {
			return i + 1
		}
	}
	return len(s)
}

// isEscaped reports whether the string that begins at i is one with backslashes: E'…'.
func isEscaped(sql string, i int) bool {
	return i > 0 && sql[i-1]|0x20 == 'e' && (i == 1 || !isWord(sql[i-2]))
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80
}

// isTag reports whether s may be between the dollars of a dollar quote.
func isTag(s string) bool {
	for i := range len(s) {
		if !isWord(s[i]) || i == 0 && s[0] <= '9' {
			return false
		}
	}
	return true
}

// words returns the first n words of a statement in lower case, without comments before them.
func words(statement string, n int) (all []string) {
	for i := 0; i < len(statement) && len(all) < n; {
		end := i
		for end < len(statement) && isWord(statement[end]) {
			end++
		}
		switch {
		case end > i:
			all = append(all, strings.ToLower(statement[i:end]))
			i = end
		case statement[i] <= ' ' || strings.HasPrefix(statement[i:], "--") || strings.HasPrefix(statement[i:], "/*"):
			i = next(statement, i)
		default:
			return all
		}
	}
	return all
}
