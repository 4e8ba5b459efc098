// Package console writes messages to standard error and data to standard output.
//
// Every message takes the same way: a [Printer] formats it, for people or as JSON, and the [Console] writes it. What
// libraries log is dropped, or shown with --verbose. No message contains characters that a terminal obeys or hides, and no
// line is longer than [MaxLine].
//
// After [Console.Detach] a message never delays a call that costs money: if nobody reads standard error, messages are
// dropped and counted. Standard output is not asynchronous, but [Stdout.Until] bounds the wait for its reader.
package console

import (
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// Bounds of the messages that wait for standard error, and of the wait for them at the end.
const (
	// maxQueue is how many bytes may wait. Optional messages may use maxOptional of them, so that a summary has room even
	// if nobody has read a --verbose run.
	maxQueue    = 2 << 20
	maxOptional = 1 << 20
	// maxChunk is how much is written at once. A pipe takes that much as a whole or not at all (PIPE_BUF on Linux), so that
	// its reader never gets part of a line.
	maxChunk = 4 << 10
	// Close waits no longer than flushTotal, or flushStall if the reader takes nothing. FlushNow waits for flushNow.
	flushStall = 2 * time.Second
	flushTotal = 10 * time.Second
	flushNow   = 250 * time.Millisecond
)

// A Console is standard error. Each Write is one message. Until Detach it writes at once.
type Console struct {
	out io.Writer

	mu       sync.Mutex
	detached bool
	queue    [][]byte
	size     int // bytes in queue
	dropped  int64
	notice   func(dropped int64) []byte
	closing  bool

	wake   chan struct{} // has room for one: there is something to write, or the console is closing
	writes atomic.Int64  // that returned
	done   chan struct{} // closed when the writer has ended; nil before Detach
	owner  sync.WaitGroup

	library librarySink
}

// New returns a console that writes to out. Close must be called.
func New(out io.Writer) *Console {
	return &Console{out: out, wake: make(chan struct{}, 1), notice: func(n int64) []byte {
		return []byte(prefix + droppedText(n) + "\n")
	}}
}

func droppedText(n int64) string {
	if n == 1 {
		return "1 message was dropped: standard error was not read in time"
	}
	return fmt.Sprintf("%d messages were dropped: standard error was not read in time", n)
}

// Write writes a message as plain text.
func (c *Console) Write(message []byte) (int, error) {
	if err := c.write([]byte(Plain(string(message))), maxQueue); err != nil {
		return 0, err
	}
	return len(message), nil
}

// lines takes messages that contain no hidden characters, such as JSON lines.
func (c *Console) lines() io.Writer { return port{c, maxQueue} }

// Optional returns a writer of messages that may be dropped first, such as progress. It writes them as they are.
func (c *Console) Optional() io.Writer { return port{c, maxOptional} }

// A port writes to a console if no more than most bytes wait there.
type port struct {
	c    *Console
	most int
}

func (p port) Write(message []byte) (int, error) {
	if err := p.c.write(message, p.most); err != nil {
		return 0, err
	}
	return len(message), nil
}

// setNotice sets the message about dropped messages.
func (c *Console) setNotice(notice func(n int64) []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.notice = notice
}

func (c *Console) write(message []byte, most int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.detached {
		_, err := c.out.Write(message)
		return err
	}
	if c.closing || c.size+len(message) > most {
		c.dropped++
		return nil
	}
	c.queue = append(c.queue, append([]byte(nil), message...))
	c.size += len(message)
	c.signal()
	return nil
}

// signal wakes the writer.
func (c *Console) signal() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// Detach makes writes asynchronous.
func (c *Console) Detach() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.detached {
		return
	}
	c.detached, c.done = true, make(chan struct{})
	c.owner.Go(func() {
		defer close(c.done)
		c.drain()
	})
}

// drain is the writer. It ends when the console is closing and the queue is empty. A failed write is dropped, because
// there is nobody to tell.
func (c *Console) drain() {
	var chunk []byte
	for {
		var more bool
		if chunk, more = c.next(chunk[:0]); len(chunk) > 0 {
			_, _ = c.out.Write(chunk)
			c.writes.Add(1)
			continue
		}
		if !more {
			return
		}
		<-c.wake
	}
}

// next takes whole messages for one write. more reports whether others may come.
func (c *Console) next(chunk []byte) (_ []byte, more bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for ; n < len(c.queue) && (n == 0 || len(chunk)+len(c.queue[n]) <= maxChunk); n++ {
		chunk = append(chunk, c.queue[n]...)
		c.size -= len(c.queue[n])
		c.queue[n] = nil
	}
	if c.queue = c.queue[n:]; len(c.queue) == 0 {
		c.queue = nil
		if c.dropped > 0 && n == 0 {
			chunk = append(chunk, c.notice(c.dropped)...)
			c.dropped = 0
		}
	}
	return chunk, !c.closing
}

// flush waits until everything is written: at most total, and at most stall for each write. It accepts no more messages.
// A writer whose reader takes nothing is left in its write, and ends with the process.
func (c *Console) flush(stall, total time.Duration) {
	c.mu.Lock()
	detached := c.detached
	c.closing = true
	c.mu.Unlock()
	if !detached {
		return
	}
	c.signal()
	end := time.NewTimer(total)
	defer end.Stop()
	for seen := int64(-1); c.writes.Load() != seen; {
		seen = c.writes.Load()
		stalled := time.NewTimer(stall)
		select {
		case <-c.done:
			c.owner.Wait()
		case <-stalled.C:
			continue
		case <-end.C:
		}
		stalled.Stop()
		return
	}
}

// FlushNow writes what waits, within 250 ms, even if another goroutine is stuck in a Write.
func (c *Console) FlushNow() { Within(flushNow, func() { c.flush(flushNow, flushNow) }) }

// Close waits until everything is written, at most ten seconds, or two if the reader takes nothing.
func (c *Console) Close() { c.flush(flushStall, flushTotal) }

// Within calls f and waits until it returns, at most d. If f does not return, its goroutine is left behind: this is for a
// process that is about to exit, and for an f that may wait for a reader.
func Within(d time.Duration, f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
}
