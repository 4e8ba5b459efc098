package report

import "strings"

// Reason returns a message about a row without the number of the line or row that it may begin with, and the pattern that it has
// in common with other messages: quoted text and long numbers are left out.
func Reason(message string) (text, common string) {
	text = withoutLine(message)
	return text, pattern(text)
}

// withoutLine returns a message without the line number that it may begin with: the examples have it.
func withoutLine(message string) string {
	rest, ok := strings.CutPrefix(message, "line ")
	if !ok {
		rest, ok = strings.CutPrefix(message, "row ")
	}
	if !ok {
		return message
	}
	rest = rest[digitsLen(rest):]
	for _, separator := range [...]string{": ", " has "} {
		if after, ok := strings.CutPrefix(rest, separator); ok {
			return after
		}
	}
	return message
}

// pattern returns a message without what differs from row to row: quoted text and long numbers.
func pattern(message string) string {
	var b strings.Builder
	for message != "" {
		n, text := nextToken(message)
		b.WriteString(text)
		message = message[n:]
	}
	return b.String()
}

// longNumber is the number of digits from which a number identifies a row or a request; a shorter one is a status or a count.
const longNumber = 5

// nextToken returns the length of the token at the start of s, and what the pattern has instead.
func nextToken(s string) (n int, text string) {
	if n = quotedLen(s); n > 0 {
		return n, `"…"`
	}
	switch n = digitsLen(s); {
	case n >= longNumber:
		return n, "…"
	case n > 0:
		return n, s[:n]
	}
	return 1, s[:1]
}

// quotedLen returns the length of the quoted text at the start of s; 0 if there is none or it never ends.
func quotedLen(s string) int {
	if s[0] != '"' {
		return 0
	}
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return 0
}

// digitsLen returns the number of digits at the start of s.
func digitsLen(s string) int { return len(s) - len(strings.TrimLeft(s, "0123456789")) }
