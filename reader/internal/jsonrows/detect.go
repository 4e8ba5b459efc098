package jsonrows

import (
	"bytes"

	"enrich/internal/jsonscan"
)

// Detect reports whether a first block of text is JSON rather than CSV. A CSV may begin with a bracket too, but its first line
// is not JSON, or has more cells after it. If the first line is broken, most other lines must be objects.
func Detect(block []byte) bool {
	text := trimLeft(block)
	if len(text) == 0 {
		return false
	}
	scan := &rowScanner{}
	if text[0] == '{' || text[0] == '[' {
		at, status := scan.scan(text)
		switch {
		case status == jsonscan.Valid && scan.isObject && mayFollow(text[at:]):
			return true
		case status == jsonscan.Valid && !scan.isObject && lineEnds(text[at:]):
			return true
		case status == jsonscan.Truncated, status == jsonscan.TooDeep:
			return true
		case text[0] == '[' && beginsObject(trimLeft(text[1:])):
			return true
		}
	}
	objects, others := countLines(scan, text)
	if beginsObject(text) { // the first line is broken
		return objects > 0 && objects >= others
	}
	return objects > 0 && objects >= 3*others
}

// mayFollow reports whether JSON allows this text after an object.
func mayFollow(text []byte) bool {
	if lineEnds(text) {
		return true
	}
	text = bytes.TrimLeft(text, " \t")
	if text[0] == ',' {
		text = bytes.TrimLeft(text[1:], " \t")
		return lineEnds(text) || beginsObject(text)
	}
	return beginsObject(text)
}

// lineEnds reports whether the rest of the line is blank.
func lineEnds(text []byte) bool {
	text = bytes.TrimLeft(text, " \t")
	return len(text) == 0 || text[0] == '\n' || text[0] == '\r'
}

// beginsObject reports whether an object begins here, as far as the text shows.
func beginsObject(text []byte) bool {
	if len(text) == 0 || text[0] != '{' {
		return false
	}
	text = trimLeft(text[1:])
	return len(text) == 0 || text[0] == '"' || text[0] == '}'
}

// countLines counts the lines that are objects and all others. It ignores a last line that the block cuts. An indented line
// does not count as an object: it is part of something that spans lines.
func countLines(scan *rowScanner, block []byte) (objects, others int) {
	for line := range bytes.Lines(block) {
		at, status := scan.scan(line)
		switch {
		case isBlank(line), line[len(line)-1] != '\n' && status == jsonscan.Truncated:
		case line[0] == '{' && status == jsonscan.Valid && isBlank(line[at:]):
			objects++
		default:
			others++
		}
	}
	return objects, others
}

// isLines reports whether each line of a JSON text is a row. It is not if the first object or array spans lines or shares its
// line with others. But a broken first line among good ones is one broken row.
func isLines(scan *rowScanner, block []byte) bool {
	text := trimLeft(block)
	if len(text) == 0 {
		return true
	}
	at, status := scan.scan(text)
	spans := bytes.IndexByte(bytes.TrimRight(text[:at], " \t\r\n"), '\n') >= 0
	switch {
	case text[0] == '{' && status == jsonscan.Valid:
		return !spans && (lineEnds(text[at:]) || !mayFollow(text[at:]))
	case text[0] == '[' && beginsObject(trimLeft(text[1:])):
		return false
	case text[0] == '[' && status == jsonscan.Valid:
		return !spans && lineEnds(text[at:]) && !isBlank(text[at:])
	case text[0] == '[', text[0] == '{':
		objects, _ := countLines(scan, text)
		return objects > 0 || !spans
	}
	return true
}
