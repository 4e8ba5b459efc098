package fakeapi

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strconv"
)

// maxSized is the largest size of an answer that can be ordered, in bytes.
const maxSized = 16 << 20

// isSize accepts a size in bytes.
func isSize(arg string) bool {
	n, err := strconv.Atoi(arg)
	return err == nil && n >= 1 && n <= maxSized
}

func isSizeOrNone(arg string) bool { return arg == "" || isSize(arg) }

// doSized answers with a match of exactly this size, or with a job of such matches.
func doSized(c *call, o *order) {
	if p, ok := c.bulk.(*poll); ok {
		p.stream(c, "", o.arg)
		return
	}
	if !c.build(match) {
		c.outOfCredits()
		return
	}
	c.out = padded(c.out, o.arg)
	c.send(http.StatusOK)
}

// padded enlarges a match to a size in bytes. A larger match stays as it is.
func padded(answer []byte, size string) []byte {
	n, err := strconv.Atoi(size)
	if err != nil {
		return answer
	}
	return padAt(answer, bytes.LastIndex(answer, []byte(`},"remaining_credits":`)), n)
}

// padAt enlarges a match, whose contact ends at end, to n bytes. Half of the padding is in the company's description, which is
// documented, half in a member that is not.
func padAt(answer []byte, end, n int) []byte {
	const description = `Sells what its customers want.`
	const before, after = `,"notes":"`, `"`
	missing := n - len(answer) - len(before) - len(after)
	if missing < 0 || end < 0 {
		return answer
	}
	text := filler(missing)
	first, middle, _ := bytes.Cut(answer[:end], []byte(description))
	half := missing / 2
	return bytes.Join([][]byte{
		first, []byte(description), text[:half], middle, []byte(before), text[half:], []byte(after), answer[end:],
	}, nil)
}

// filler returns n bytes of text that need no escapes in JSON.
func filler(n int) []byte {
	const sentence = " It was founded in a garage, and has grown since."
	return bytes.Repeat([]byte(sentence), n/len(sentence)+1)[:n]
}

const (
	// hugeSize is the size of a huge answer, and of a bomb before compression.
	hugeSize = 256 << 20
	// hugeBlock is how much of it is written at once.
	hugeBlock = 1 << 20
)

// doHuge streams an answer that is valid JSON only at its end.
func doHuge(c *call, o *order) {
	status := c.useless(o)
	c.begin(status)
	c.writeHead(c.w, status, -1)
	c.flood([]byte(`{"contact":{"credit_charged":true,"title":"`), bytes.Repeat([]byte("huge"), hugeBlock/4), []byte(`"}}`))
}

// flood repeats a block until hugeSize is reached or the client leaves.
func (c *call) flood(head, block, tail []byte) {
	if _, err := c.w.Write(head); err != nil {
		return
	}
	for range hugeSize / hugeBlock {
		if _, err := c.w.Write(block); err != nil {
			return
		}
	}
	_, _ = c.w.Write(tail) // the client may have left
}

// doBomb is doHuge in a thousandth of the bytes. Each block is a gzip member, compressed once and sent many times.
func doBomb(c *call, o *order) {
	status := c.useless(o)
	c.begin(status)
	c.w.Header().Set("Content-Encoding", "gzip")
	c.writeHead(c.w, status, -1)
	c.flood(zipped([]byte(`{"contact":{"credit_charged":true,"title":"`)), zipped(bytes.Repeat([]byte("bomb"), hugeBlock/4)), zipped([]byte(`"}}`)))
}

// doGzip answers with compression. With a size, the answer is a match of this size before compression.
func doGzip(c *call, o *order) {
	build := c.buildNormal
	if o.arg != "" && c.bulk == nil {
		build = func() bool { return c.build(match) }
	}
	if !build() {
		c.outOfCredits()
		return
	}
	if c.bulk == nil {
		c.out = padded(c.out, o.arg)
	}
	c.out = zipped(c.out)
	c.w.Header().Set("Content-Encoding", "gzip")
	c.send(c.status)
}

func zipped(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, _ = z.Write(b) // a buffer never fails
	_ = z.Close()
	return out.Bytes()
}
