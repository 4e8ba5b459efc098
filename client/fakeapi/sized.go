package fakeapi

import (
	"bytes"
	"net/http"
	"strconv"
)

// maxSized bounds the ordered size of an answer, in bytes.
const maxSized = 16 << 20

// isSize accepts a size in bytes.
func isSize(arg string) bool {
	n, err := strconv.Atoi(arg)
	return err == nil && n >= 1 && n <= maxSized
}

func isSizeOrNone(arg string) bool { return arg == "" || isSize(arg) }

// doSized answers with a match of exactly the ordered size.
func doSized(c *call, o *order) {
	if !c.build(match) {
		c.outOfCredits()
		return
	}
	c.out = padded(c.out, o.arg)
	c.send(http.StatusOK)
}

// padded enlarges a match to a size in bytes: half of the padding goes into the company's description, which is
// documented, and half into a member that is not. A match that is larger already stays as it is.
func padded(answer []byte, size string) []byte {
	const description, end = `Sells what its customers want.`, `},"remaining_credits":`
	const before, after = `,"notes":"`, `"`
	n, err := strconv.Atoi(size)
	missing := n - len(answer) - len(before) - len(after)
	if err != nil || missing < 0 {
		return answer
	}
	text := filler(missing)
	first, rest, _ := bytes.Cut(answer, []byte(description))
	middle, last, _ := bytes.Cut(rest, []byte(end))
	half := missing / 2
	return bytes.Join([][]byte{
		first, []byte(description), text[:half], middle, []byte(before), text[half:], []byte(after), []byte(end), last,
	}, nil)
}

// filler is text of n bytes that needs no escaping in JSON.
func filler(n int) []byte {
	const sentence = " It was founded in a garage, and has grown since."
	return bytes.Repeat([]byte(sentence), n/len(sentence)+1)[:n]
}
