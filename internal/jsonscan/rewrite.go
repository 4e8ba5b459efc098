package jsonscan

import "fmt"

// AppendCompact appends a valid text without the white space between its tokens. All other bytes stay the same.
func AppendCompact(b, text []byte) []byte {
	quoted := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\' && i+1 < len(text):
			b = append(b, c)
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && isSpace(c):
			continue
		}
		b = append(b, text[i])
	}
	return b
}

// EscapeControls returns a text with the control characters in its strings escaped. JSON forbids them there, but some servers
// send them. The text need not be valid otherwise. Control characters between tokens stay.
func EscapeControls(text []byte) []byte {
	b := make([]byte, 0, len(text)+64)
	quoted := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			quoted = !quoted
		case quoted && c == '\\' && i+1 < len(text) && text[i+1] >= ' ':
			b = append(b, c)
			i++
		case quoted && c < ' ':
			b = fmt.Appendf(b, `\u%04x`, c)
			continue
		}
		b = append(b, text[i])
	}
	return b
}
