package fakeapi

import (
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

// trickles is the number of parts of an answer that trickles.
const trickles = 10

// timeOf returns the ordered time, by default a second.
func timeOf(o *order) time.Duration {
	if o.arg == "" {
		return time.Second
	}
	d, _ := time.ParseDuration(o.arg) // isTime accepted it
	return d
}

// doSlow answers late. The contact is charged before the wait.
func doSlow(c *call, o *order) {
	if !c.buildNormal() {
		c.outOfCredits()
		return
	}
	c.wait(timeOf(o))
	c.send(c.status)
}

func doTrickle(c *call, o *order) {
	if !c.buildNormal() {
		c.outOfCredits()
		return
	}
	c.begin(c.status)
	c.writeHead(c.w, c.status, len(c.out))
	for i := range trickles {
		from, to := i*len(c.out)/trickles, (i+1)*len(c.out)/trickles
		c.write(c.out[from:to])
		c.wait(timeOf(o) / trickles)
	}
}

// write sends b to the client at once. The client may have left.
func (c *call) write(b []byte) {
	_, _ = c.w.Write(b)
	_ = http.NewResponseController(c.w).Flush()
}

// forever waits until the client leaves or the server ends.
func (c *call) forever() { <-c.r.Context().Done() }

func doHang(c *call, _ *order) {
	c.spend()
	c.begin(0)
	c.forever()
	abort()
}

func doStall(c *call, _ *order) {
	c.half(true)
	c.forever()
	abort()
}

func doTruncate(c *call, _ *order) {
	c.half(true)
	abort()
}

func doCut(c *call, _ *order) {
	c.half(false)
	abort()
}

// half writes half of a normal answer, with the length of the whole or without a length.
func (c *call) half(announced bool) {
	if c.bulk != nil {
		c.bulk.build(c)
	} else {
		c.spend()
		c.out = c.appendAnswer(c.out, match, c.account.credits.Load())
	}
	length := -1
	if announced {
		length = len(c.out)
	}
	c.begin(c.status)
	c.writeHead(c.w, c.status, length)
	c.write(c.out[:len(c.out)/2])
}

// abort ends the connection (in HTTP/2 the stream) without another byte.
func abort() { panic(http.ErrAbortHandler) }

func doClose(c *call, _ *order) {
	c.spend()
	c.begin(0)
	abort()
}

// doReset resets the connection: the client's next read fails.
func doReset(c *call, _ *order) {
	c.spend()
	c.begin(0)
	conn := c.hijack()
	if conn == nil {
		abort() // HTTP/2 resets the stream
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // without it the connection is closed in order
	}
	_ = conn.Close()
}

// hijack returns the connection below TLS, or nil if it is shared, as in HTTP/2.
func (c *call) hijack() net.Conn {
	conn, _, err := http.NewResponseController(c.w).Hijack()
	if err != nil {
		return nil
	}
	if secure, ok := conn.(*tls.Conn); ok {
		return secure.NetConn()
	}
	return conn
}

func doNotHTTP(c *call, _ *order) {
	c.spend()
	c.begin(0)
	conn := c.hijack()
	if conn == nil {
		abort()
	}
	_, _ = conn.Write([]byte("\x16\x03\x01 this is not HTTP\r\n\r\n")) // the client may have left
	_ = conn.Close()
}

func doCloseAfter(c *call, _ *order) {
	if !c.buildNormal() {
		c.outOfCredits()
		return
	}
	c.begin(c.status)
	c.writeHead(c.w, c.status, len(c.out))
	c.write(c.out)
	if c.r.ProtoMajor == 1 { // in HTTP/2 other calls share the connection
		abort()
	}
}
