package connect

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sourcegraph/conc"
)

const testAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"

// use takes a connection for a first request, and reads as net/http does: after an answer the connection is pooled, and what follows
// closes it unless it is a short message of TLS.
func use(t *testing.T, reading *conc.WaitGroup, c *Conn, pooled chan<- struct{}) {
	t.Helper()
	if !takes(c) {
		t.Fatal("a new connection is refused")
	}
	reading.Go(func() {
		defer func() { _ = c.Close() }()
		b := make([]byte, 1000)
		for {
			n, err := c.Read(b)
			switch {
			case err != nil:
				return
			case string(b[:n]) == testAnswer:
				c.Pooled()
				pooled <- struct{}{}
			case n >= MaxClosing: // a response, or an alert that the server closes the connection
				return
			}
		}
	})
}

// A connection is taken again only if nothing followed the answer to the request before.
func TestTakeRefusesAConnectionOnWhichMoreCame(t *testing.T) {
	long := []byte(strings.Repeat("x", MaxClosing+1))
	for name, tt := range map[string]struct {
		follow      func(far net.Conn)
		taken       bool
		unsolicited int64
	}{
		"nothing":               {func(net.Conn) {}, true, 0},
		"a message of TLS":      {func(far net.Conn) { _, _ = far.Write([]byte("ticket")) }, true, 0},
		"a response":            {func(far net.Conn) { _, _ = far.Write(long) }, false, 1},
		"a message, a response": {func(far net.Conn) { _, _ = far.Write([]byte("ticket")); _, _ = far.Write(long) }, false, 1},
		"the end":               {func(far net.Conn) { _ = far.Close() }, false, 0},
		"an alert":              {func(far net.Conn) { _, _ = far.Write(long[:MaxClosing]) }, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			near, far := net.Pipe()
			var reading conc.WaitGroup
			var unsolicited atomic.Int64
			c := &Conn{Conn: near, unsolicited: func() { unsolicited.Add(1) }}
			pooled := make(chan struct{}, 10)
			use(t, &reading, c, pooled)
			_, _ = io.WriteString(far, testAnswer)
			<-pooled
			tt.follow(far)
			began := time.Now()
			if taken := takes(c); taken != tt.taken || taken && time.Since(began) < quietTime {
				t.Errorf("taken: %v, after %v", taken, time.Since(began))
			}
			if !tt.taken {
				checkClosed(t, c)
			}
			_, _ = near.Close(), far.Close()
			reading.Wait()
			if n := unsolicited.Load(); n != tt.unsolicited {
				t.Errorf("%d reports of more than the responses", n)
			}
		})
	}
}

// A response that comes while a request waits for silence closes the connection.
func TestTakeSeesWhatComesWhileItWaits(t *testing.T) {
	for inTime := false; !inTime; { // else the machine is too busy to tell
		near, far := net.Pipe()
		var reading conc.WaitGroup
		c, pooled := &Conn{Conn: near}, make(chan struct{}, 10)
		use(t, &reading, c, pooled)
		_, _ = io.WriteString(far, testAnswer)
		<-pooled
		began := time.Now()
		var came time.Duration
		reading.Go(func() {
			time.Sleep(quietTime / 10)
			_, _ = io.WriteString(far, strings.Repeat("x", MaxClosing+1))
			came = time.Since(began)
		})
		taken := takes(c)
		_, _ = near.Close(), far.Close()
		reading.Wait()
		if inTime = came < quietTime/2; inTime && taken {
			t.Error("it is taken")
		}
	}
}

func checkClosed(t *testing.T, c *Conn) {
	t.Helper()
	if n, err := c.Write([]byte("x")); n > 0 || err == nil || c.Written() > 0 {
		t.Errorf("%d bytes were written to a connection that was refused: %v", n, err)
	}
}

// Only the first answer on a connection costs time, and bytes that could be the beginning of more.
func TestTakeWaitsOnce(t *testing.T) {
	near, far := net.Pipe()
	var reading conc.WaitGroup
	c, pooled := &Conn{Conn: near}, make(chan struct{}, 10)
	use(t, &reading, c, pooled)
	fastest := time.Hour
	for range 20 {
		_, _ = io.WriteString(far, testAnswer)
		<-pooled
		began := time.Now()
		if !takes(c) {
			t.Fatal("a silent connection is refused")
		}
		fastest = min(fastest, time.Since(began))
	}
	if fastest >= quietTime {
		t.Errorf("each request waits for %v", fastest)
	}
	_, _ = io.WriteString(far, testAnswer)
	<-pooled
	_, _ = io.WriteString(far, "a part")
	time.Sleep(time.Millisecond) // until the reader has noted it
	began := time.Now()
	if !takes(c) || time.Since(began) < quietTime {
		t.Errorf("not taken, or after %v", time.Since(began))
	}
	_, _ = near.Close(), far.Close()
	reading.Wait()
}

// If net/http does not look at a connection, it is not known what it has.
func TestTakeDoesNotWaitForever(t *testing.T) {
	near, far := net.Pipe()
	defer func() { _ = far.Close() }()
	c := &Conn{Conn: near}
	if !takes(c) {
		t.Fatal("a new connection is refused")
	}
	c.Pooled()
	if takes(c) {
		t.Error("it is taken")
	}
	checkClosed(t, c)
}

// The worst moment for a request to take a connection: net/http has put it into its pool, and has a second response in its buffer.
func TestARequestDoesNotGetWhatIsInTheBuffer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving conc.WaitGroup
	serving.Go(func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
			_, _ = io.WriteString(conn, testAnswer+"first"+testAnswer+"first")
		}
		_, _ = io.Copy(io.Discard, conn)
	})
	transport, err := NewTransport(&Options{MaxIdle: 1, SetupTimeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + l.Addr().String()
	taken := make(chan bool, 1)
	post := func(trace *httptrace.ClientTrace) (string, error) {
		ctx := httptrace.WithClientTrace(t.Context(), trace)
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, io.NopCloser(strings.NewReader("x")))
		if err != nil {
			return "", err
		}
		resp, err := transport.RoundTrip(req)
		if err != nil {
			return "", err
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		return string(body), err
	}
	var first *Conn
	var second conc.WaitGroup
	body, err := post(&httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) { first = Unwrap(info.Conn); takes(first) },
		PutIdleConn: func(error) { // the transport looks into its buffer when this returns
			second.Go(func() {
				body, err := post(&httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) { taken <- takes(Unwrap(info.Conn)) }})
				if err == nil {
					t.Errorf("the second request is answered %q", body)
				}
			})
			time.Sleep(lookTime / 4)
			first.Pooled()
			time.Sleep(lookTime / 4)
		},
	})
	second.Wait()
	if err != nil || body != "first" || <-taken || first.Written() == 0 {
		t.Errorf("%q, %v, or the connection was taken by a second request", body, err)
	}
	transport.CloseIdleConnections()
	_ = l.Close()
	serving.Wait()
}

// A stop closes a connection that no request has taken, and no other.
func TestAStopClosesOnlyWhatNoRequestHasTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	d := &dialer{setup: time.Minute}
	for _, share := range []bool{false, true} {
		take := takes
		if share {
			take = (*Conn).Share
		}
		stop, end := context.WithCancel(t.Context())
		dial := func() *Conn {
			c, err := d.dial(WithStop(t.Context(), stop), "tcp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			return c.(*Conn)
		}
		used, unused := dial(), dial()
		if !take(used) {
			t.Error("a new connection is refused")
		}
		end()
		if _, err := unused.Read(make([]byte, 1)); err == nil { // until it is closed
			t.Error("bytes came")
		}
		if take(unused) {
			t.Error("a connection is taken after the stop")
		}
		checkClosed(t, unused)
		if n, err := used.Write([]byte("x")); n != 1 || err != nil {
			t.Errorf("the stop ended a request: %v", err)
		}
		if c, err := d.dial(WithStop(t.Context(), stop), "tcp", l.Addr().String()); err == nil {
			t.Error("a connection is made after the stop")
			_ = c.Close()
		}
		_ = used.Close()
	}
}

func takes(c *Conn) bool {
	_, ok := c.Take()
	return ok
}
