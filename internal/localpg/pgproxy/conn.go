package pgproxy

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
)

// A conn is one client's connection and its connection to the server.
type conn struct {
	proxy          *Proxy
	number         int
	client, server net.Conn
	fromClient     *bufio.Reader
	fromServer     *bufio.Reader

	mu       sync.Mutex
	sent     int           // batches that the server ends with a ReadyForQuery; the first is the startup
	answered int           // those that it ended
	status   byte          // of the last ReadyForQuery
	withhold int           // the answers of this batch and later ones are not passed on; 0 for none
	withheld chan struct{} // closed when that batch was answered
}

// errCut ends a connection because a Decide said so.
var errCut = errors.New("cut")

// run passes messages on until one side closes its connection, or ctx is done.
func (c *conn) run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	wg.Go(func() {
		defer cancel()
		readable, err := c.startup(ctx)
		if err != nil {
			return
		}
		wg.Go(func() {
			defer cancel()
			if readable {
				_ = c.toClient(ctx)
			} else {
				_, _ = io.Copy(writer{ctx, c.client, c.proxy, &c.proxy.toClient}, c.fromServer)
			}
		})
		if readable {
			_ = c.toServer(ctx)
		} else {
			_, _ = io.Copy(writer{ctx, c.server, c.proxy, &c.proxy.toServer}, c.fromClient)
		}
	})
	<-ctx.Done()
	_, _ = c.client.Close(), c.server.Close()
	wg.Wait()
}

// startup passes on what comes before the messages. It returns false if the proxy cannot read these: TLS, or a request to cancel.
func (c *conn) startup(ctx context.Context) (readable bool, err error) {
	for {
		message, code, err := readStartup(c.fromClient)
		if err != nil {
			return false, err
		}
		if code == codeCancel && len(message) >= 16 && c.proxy.isCut(cancelKey(message[8:16])) {
			return false, errCut
		}
		if err := c.write(ctx, c.server, message); err != nil {
			return false, err
		}
		switch code {
		case codeCancel:
			return false, nil
		case codeTLS, codeGSS:
			answer, err := c.fromServer.ReadByte()
			if err != nil {
				return false, err
			}
			if err := c.write(ctx, c.client, []byte{answer}); err != nil || answer != 'N' {
				return false, err
			}
		default:
			c.sent++
			return true, nil
		}
	}
}

// toServer passes the client's messages on, batch by batch.
func (c *conn) toServer(ctx context.Context) error {
	var (
		s     = newSession()
		t     transaction
		batch = Batch{Conn: c.number}
		buf   []byte
	)
	for {
		all, kind, body, err := readMessage(c.fromClient, buf)
		if err != nil {
			return err
		}
		buf = all
		if status, ok := c.idle(); ok && len(batch.Statements) == 0 && !t.implicit {
			t.status(status)
		}
		for _, statement := range s.statements(kind, body) {
			batch.Statements = append(batch.Statements, statement)
			t.execute(statement)
		}
		switch kind {
		case 'Q', 'S', 'H', 'F', 'c':
			batch.Number, batch.Bytes = batch.Number+1, len(buf)
			ends := kind != 'H' && !(kind == 'Q' && isCopy(batch))
			batch.Commits = ends && t.end()
			if err := c.pass(ctx, batch, buf, kind, ends); err != nil {
				return err
			}
			if kind == 'c' || !isCopy(batch) {
				batch.Statements = nil // otherwise the end of its data belongs to it
			}
			buf = buf[:0]
		case 'f': // the failure of a COPY
			batch.Statements = nil
			t.end()
			fallthrough
		case 'd', 'p', 'X': // data of a COPY, passwords, the end: no batch
			if err := c.write(ctx, c.server, buf); err != nil {
				return err
			}
			buf = buf[:0]
		}
	}
}

// isCopy reports whether a batch begins a COPY into the server: it commits only after its data.
func isCopy(b Batch) bool {
	return len(b.Statements) == 1 && slices.Equal(words(b.Statements[0], 1), []string{"copy"}) && b.Has("from stdin")
}

// pass decides about a batch and does it. ends says that the server's answer to the batch has an end, a ReadyForQuery.
func (c *conn) pass(ctx context.Context, b Batch, messages []byte, kind byte, ends bool) error {
	c.proxy.batches.Add(1)
	action := c.proxy.decide(ctx, b)
	if action != Forward {
		c.proxy.cutOne(c.number)
	}
	if action == CutBefore {
		return errCut
	}
	if !ends && action == CutAfter {
		action = CutSent
	}
	withheld := c.send(action != Forward, kind)
	if err := c.write(ctx, c.server, messages); err != nil {
		return err
	}
	if action == CutAfter {
		select {
		case <-withheld:
		case <-ctx.Done():
		}
	}
	if action != Forward {
		return errCut
	}
	return nil
}

// send notes that a batch is about to be sent, which ends with a message of a kind, and whether the answer is withheld: a server can
// answer before the connection is closed.
func (c *conn) send(withhold bool, kind byte) (withheld <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if kind == 'Q' || kind == 'S' || kind == 'F' { // each has a ReadyForQuery
		c.sent++
	}
	if !withhold {
		return nil
	}
	c.withhold, c.withheld = c.sent, make(chan struct{})
	if kind == 'H' { // its answer comes before the next ReadyForQuery
		c.withhold++
	}
	return c.withheld
}

// idle returns the server's status if it has answered every batch.
func (c *conn) idle() (status byte, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.status, c.answered == c.sent
}

// toClient passes the server's messages on. It waits for more of them only when the client has all before.
func (c *conn) toClient(ctx context.Context) error {
	out := bufio.NewWriter(writer{ctx, c.client, c.proxy, &c.proxy.toClient})
	for {
		if c.fromServer.Buffered() == 0 {
			if err := out.Flush(); err != nil {
				return err
			}
		}
		header, length, err := readHeader(c.fromServer)
		if err != nil {
			return errors.Join(err, out.Flush())
		}
		if err := c.learn(header[0], length); err != nil {
			return err
		}
		withheld := c.isWithheld()
		if header[0] == 'Z' { // noted before the client can send its next batch
			status, err := c.fromServer.Peek(1)
			if err != nil {
				return err
			}
			if err := c.ready(status[0], out); err != nil {
				return err
			}
		}
		var to io.Writer = out
		if withheld {
			to = io.Discard
		}
		_, err = to.Write(header[:])
		if err == nil {
			_, err = io.CopyN(to, c.fromServer, int64(length))
		}
		if err != nil {
			return err
		}
	}
}

// learn notes the key by which the client can cancel, if the next message has it.
func (c *conn) learn(kind byte, length int) error {
	if kind != 'K' || length < len(cancelKey{}) {
		return nil
	}
	key, err := c.fromServer.Peek(len(cancelKey{}))
	if err == nil {
		c.proxy.setKey(c.number, cancelKey(key))
	}
	return err
}

// isWithheld reports whether the next message belongs to an answer that is withheld.
func (c *conn) isWithheld() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.withhold > 0 && c.answered+1 >= c.withhold
}

// ready notes that the server has answered a batch. Before the end of the connection, the client gets what is not withheld.
func (c *conn) ready(status byte, out *bufio.Writer) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status = status
	if c.answered++; c.answered != c.withhold {
		return nil
	}
	err := out.Flush()
	close(c.withheld)
	return err
}

// write writes to one side while the proxy is not stalled.
func (c *conn) write(ctx context.Context, to net.Conn, b []byte) error {
	count := &c.proxy.toServer
	if to == c.client {
		count = &c.proxy.toClient
	}
	_, err := writer{ctx, to, c.proxy, count}.Write(b)
	return err
}
