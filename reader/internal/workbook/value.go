package workbook

import (
	"bytes"

	"enrich/reader/internal/source"
)

// text returns the text of a cell as people mean it. It is a view of the book's shared texts or of arena, which it returns with what
// it appended.
func (b *book) text(c *cell, arena []byte) (text string, grown []byte, err error) {
	if len(c.value) == 0 {
		return "", arena, nil
	}
	begin := len(arena)
	switch c.kind {
	case 's':
		var shared []byte
		if shared, arena, err = b.strings.get(number(bytes.TrimSpace(c.value)), arena); err != nil {
			return "", arena, damaged("shared strings", err)
		}
		return source.View(shared), arena, nil
	case 'b':
		if isTrue(bytes.TrimSpace(c.value)) {
			return "TRUE", arena, nil
		}
		return "FALSE", arena, nil
	case 'n':
		arena = b.styles.format(c.style).Append(arena, bytes.TrimSpace(c.value), b.date1904)
	case 'i', 't':
		var e escapes
		arena = append(arena, e.decode(c.value)...)
		arena = append(arena, e.flush()...)
	case 'd':
		arena = b.styles.format(c.style).AppendISO(arena, bytes.TrimSpace(c.value))
	default: // errors
		arena = append(arena, c.value...)
	}
	return source.View(arena[begin:len(arena):len(arena)]), arena, nil
}
