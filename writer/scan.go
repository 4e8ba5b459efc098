package writer

import "iter"

// A cursor walks over valid JSON, one object's members at a time, without building anything. What is not valid JSON
// may be walked wrongly or set bad, but never reads beyond the text, never recurses, and always ends.
type cursor struct {
	text string
	at   int
	bad  bool // the text ended in the middle of something, or was no object where one was wanted
	// escaped says that the string stepped over last has escapes.
	escaped bool
}

// peek skips white space and returns the byte that follows, 0 at the end.
func (c *cursor) peek() byte {
	for c.at < len(c.text) {
		switch b := c.text[c.at]; b {
		case ' ', '\t', '\n', '\r':
			c.at++
		default:
			return b
		}
	}
	return 0
}

// enter steps into the object that begins here.
func (c *cursor) enter() bool {
	if c.peek() != '{' {
		c.bad = true
		return false
	}
	c.at++
	return true
}

// member moves to the value of the object's next member and returns the member's name as it stands, in quotes. At
// the object's end it steps out of it and returns false.
func (c *cursor) member() (name string, more bool) {
	b := c.peek()
	if b == ',' {
		c.at++
		b = c.peek()
	}
	switch b {
	case '"':
		name = c.str()
	case '}':
		c.at++
		return "", false
	default:
		c.bad = true
		return "", false
	}
	if c.peek() != ':' {
		c.bad = true
		return "", false
	}
	c.at++
	return name, true
}

// value steps over the value that begins here and returns its text as it stands.
func (c *cursor) value() string {
	switch b := c.peek(); b {
	case '"':
		return c.str()
	case '{', '[':
		return c.nested()
	}
	from := c.at
	for c.at < len(c.text) && !endsLiteral(c.text[c.at]) {
		c.at++
	}
	c.bad = c.bad || c.at == from
	return c.text[from:c.at]
}

func endsLiteral(b byte) bool {
	return b == ',' || b == '}' || b == ']' || b == ' ' || b == '\n' || b == '\r' || b == '\t'
}

// nested steps over an object or array of any depth.
func (c *cursor) nested() string {
	from, depth := c.at, 0
	for c.at < len(c.text) {
		switch c.text[c.at] {
		case '"':
			c.str()
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		c.at++
		if depth == 0 {
			return c.text[from:c.at]
		}
	}
	c.bad = true
	return ""
}

// str steps over a string and returns it with its quotes.
func (c *cursor) str() string {
	from := c.at
	c.escaped = false
	for at := from + 1; at < len(c.text); at++ {
		switch c.text[at] {
		case '\\':
			c.escaped = true
			at++
		case '"':
			c.at = at + 1
			return c.text[from:c.at]
		}
	}
	c.at, c.bad = len(c.text), true
	return `""`
}

// ended says that nothing was wrong and nothing follows but white space.
func (c *cursor) ended() bool {
	return !c.bad && c.peek() == 0 && c.at >= len(c.text)
}

// plain is the value that begins here as a cell: a string unescaped, null empty, anything else its text as it is.
func (c *cursor) plain() string {
	if c.peek() == '"' {
		if s := c.str(); c.escaped {
			return unquote(s)
		} else {
			return s[1 : len(s)-1]
		}
	}
	if s := c.value(); s != "null" {
		return s
	}
	return ""
}

// members are the names and values of an object, in order; of what is no object, none.
func members(object string) iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		c := cursor{text: object}
		if c.peek() != '{' {
			return
		}
		for c.enter(); !c.bad; {
			name, more := c.member()
			if !more || !yield(unquote(name), c.value()) {
				return
			}
		}
	}
}
