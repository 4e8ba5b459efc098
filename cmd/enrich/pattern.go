package main

import "strings"

// withoutLine is a message without the line that it may begin with: that is told of each example.
func withoutLine(message string) string {
	if rest, ok := strings.CutPrefix(message, "line "); ok {
		if number, after, ok := strings.Cut(rest, ": "); ok && digits(number) == len(number) {
			return after
		}
	}
	return message
}

// pattern is a message without what differs from row to row: quoted text, long numbers.
func pattern(message string) string {
	var b strings.Builder
	for message != "" {
		n, text := next(message)
		b.WriteString(text)
		message = message[n:]
	}
	return b.String()
}

// longNumber is how many digits tell one row or request from another, and no status or count.
const longNumber = 5

// next is what stands at the start of a message: how long it is, and what the pattern has for it.
func next(s string) (n int, text string) {
	if n = quoted(s); n > 0 {
		return n, `"…"`
	}
	switch n = digits(s); {
	case n >= longNumber:
		return n, "…"
	case n > 0:
		return n, s[:n]
	}
	return 1, s[:1]
}

// quoted is how long the quoted text at the start of s is; 0: there is none, or no end of it.
func quoted(s string) int {
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

// digits is how many there are at the start of s.
func digits(s string) int { return len(s) - len(strings.TrimLeft(s, "0123456789")) }
