package jsonrows

import "bytes"

// Detect says whether a first block of text is JSON rather than CSV. A CSV may begin with a bracket too: its first
// line is then no JSON, or has more cells behind it. JSON lines of which the first is broken look like JSON if most
// others are objects.
func Detect(block []byte) bool {
	text := bytes.TrimLeft(block, " \t\r\n")
	if len(text) == 0 {
		return false
	}
	scan := &jsonScanner{}
	if text[0] == '{' || text[0] == '[' {
		at, v := scan.scan(text)
		switch {
		case v == valueWhole && scan.isObject() && follows(text[at:]):
			return true
		case v == valueWhole && !scan.isObject() && blankLine(text[at:]):
			return true
		case v == valueShort, v == valueDeep:
			return true
		case text[0] == '[' && len(scan.members) == 0 && beginsObject(bytes.TrimLeft(text[1:], " \t\r\n")):
			return true
		}
	}
	objects, others := lineObjects(scan, text)
	if beginsObject(text) { // a first line that is broken
		return objects > 0 && objects >= others
	}
	return objects > 0 && objects >= 3*others
}

// follows says whether what stands behind an object could stand there in JSON.
func follows(text []byte) bool {
	if blankLine(text) {
		return true
	}
	text = bytes.TrimLeft(text, " \t")
	if text[0] == ',' {
		text = bytes.TrimLeft(text[1:], " \t")
		return blankLine(text) || beginsObject(text)
	}
	return beginsObject(text)
}

// blankLine says whether nothing follows in the line.
func blankLine(text []byte) bool {
	text = bytes.TrimLeft(text, " \t")
	return len(text) == 0 || text[0] == '\n' || text[0] == '\r'
}

// beginsObject says whether an object begins here, as far as the text goes.
func beginsObject(text []byte) bool {
	if len(text) == 0 || text[0] != '{' {
		return false
	}
	text = bytes.TrimLeft(text[1:], " \t\r\n")
	return len(text) == 0 || text[0] == '"' || text[0] == '}'
}

// lineObjects counts the lines that are objects and those that are anything else. A last line that the block cuts counts
// as neither, and what is indented is part of something that spans lines.
func lineObjects(scan *jsonScanner, block []byte) (objects, others int) {
	for line := range bytes.Lines(block) {
		at, v := scan.scan(line)
		switch {
		case blank(line), line[len(line)-1] != '\n' && v == valueShort:
		case line[0] == '{' && v == valueWhole && blank(line[at:]):
			objects++
		default:
			others++
		}
	}
	return objects, others
}

// isLines says whether the rows of a JSON text are its lines. They are not where the first object or array spans lines,
// or shares its line with others; but a broken first line among whole ones is a broken line.
func isLines(scan *jsonScanner, block []byte) bool {
	text := bytes.TrimLeft(block, " \t\r\n")
	if len(text) == 0 {
		return true
	}
	at, v := scan.scan(text)
	spans := bytes.IndexByte(bytes.TrimRight(text[:at], " \t\r\n"), '\n') >= 0
	switch {
	case text[0] == '{' && v == valueWhole:
		return !spans && (blankLine(text[at:]) || !follows(text[at:]))
	case text[0] == '[' && beginsObject(bytes.TrimLeft(text[1:], " \t\r\n")):
		return false
	case text[0] == '[' && v == valueWhole:
		return !spans && blankLine(text[at:]) && !blank(text[at:])
	case text[0] == '[', text[0] == '{':
		objects, _ := lineObjects(scan, text)
		return objects > 0 || !spans
	}
	return true
}
