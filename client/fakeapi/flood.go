package fakeapi

import (
	"bytes"
	"compress/gzip"
	"net/http"
)

const (
	// hugeSize is the size of a huge answer and of a bomb.
	hugeSize = 256 << 20
	// hugeBlock is what is written of it at once.
	hugeBlock = 1 << 20
)

// doHuge streams an answer that is valid, and of no use before its end.
func doHuge(c *call, o *order) {
	status := c.useless(o)
	c.begin(status)
	c.writeHead(c.w, status, -1)
	c.flood([]byte(`{"contact":{"credit_charged":true,"title":"`), bytes.Repeat([]byte("huge"), hugeBlock/4), []byte(`"}}`))
}

// flood writes a block as often as makes hugeSize, or until the client has had enough.
func (c *call) flood(head, block, tail []byte) {
	if _, err := c.w.Write(head); err != nil {
		return
	}
	for range hugeSize / hugeBlock {
		if _, err := c.w.Write(block); err != nil {
			return
		}
	}
	_, _ = c.w.Write(tail) // nobody reads as far
}

// doBomb is doHuge in a thousandth of the bytes. Each block is a gzip member of its own, so that one is made and sent
// many times.
func doBomb(c *call, o *order) {
	status := c.useless(o)
	c.begin(status)
	c.w.Header().Set("Content-Encoding", "gzip")
	c.writeHead(c.w, status, -1)
	c.flood(zipped([]byte(`{"contact":{"credit_charged":true,"title":"`)), zipped(bytes.Repeat([]byte("bomb"), hugeBlock/4)), zipped([]byte(`"}}`)))
}

// doGzip answers compressed; with a size, it is a match of that size before compression.
func doGzip(c *call, o *order) {
	s := c.shape()
	if o.arg != "" {
		s = match
	}
	if !c.build(s) {
		c.outOfCredits()
		return
	}
	c.out = zipped(padded(c.out, o.arg))
	c.w.Header().Set("Content-Encoding", "gzip")
	c.send(http.StatusOK)
}

func zipped(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, _ = z.Write(b) // a buffer takes everything
	_ = z.Close()
	return out.Bytes()
}
