package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Bounds of the messages that wait for standard error, and of the wait for them at the end.
const (
	// queueMost is how many bytes may wait. Beyond chatterMost of them only messages that must be known are accepted, so
	// that a summary still has room if nobody has read a --verbose run.
	queueMost   = 2 << 20
	chatterMost = 1 << 20
	// chunkMost is how much is written at once. A pipe takes so much as a whole or not at all (PIPE_BUF on Linux), so that
	// a reader never gets part of a line.
	chunkMost = 4 << 10
	// A reader that takes nothing for flushStall, or is not done after flushMost, does not keep the process from exiting.
	flushStall = 2 * time.Second
	flushMost  = 10 * time.Second
	// flushAtOnce is for a second signal.
	flushAtOnce = 250 * time.Millisecond
)

// A console is the one way to standard error: messages, progress, and what a library would say. Each Write is one message.
//
// Until detach it writes at once. After it, no Write blocks: messages wait in a bounded queue, and if nobody reads
// standard error, those that find no room are dropped and counted. A message must never delay a call that costs money.
type console struct {
	out io.Writer

	mu       sync.Mutex
	detached bool
	queue    [][]byte
	size     int // bytes in queue
	dropped  int64
	notice   func(dropped int64) []byte
	closing  bool
	wake     chan struct{} // of one place: there is something to write, or to end
	progress atomic.Int64  // writes that returned
	done     chan struct{} // closed when the writer has ended; nil: there is none
	owner    sync.WaitGroup
	library  *librarySink // what libraries would say
}

func newConsole(out io.Writer) *console {
	return &console{out: out, library: new(librarySink), wake: make(chan struct{}, 1), notice: func(n int64) []byte {
		return []byte("enrich: " + droppedText(n) + "\n")
	}}
}

func droppedText(n int64) string {
	return fmt.Sprintf("%s: standard error was not read in time", dropped(n))
}

func dropped(n int64) string {
	if n == 1 {
		return "1 message was dropped"
	}
	return fmt.Sprintf("%d messages were dropped", n)
}

// consoleOf is the console of a world; execute gives every world one.
func consoleOf(w world) *console {
	if c, ok := w.stderr.(*console); ok {
		return c
	}
	return newConsole(w.stderr)
}

// Write writes a message that must be known, as plain text.
func (c *console) Write(message []byte) (int, error) {
	if err := c.write([]byte(plain(string(message))), queueMost); err != nil {
		return 0, err
	}
	return len(message), nil
}

// lines takes messages that must be known and that are free of hidden characters already, such as JSON lines.
func (c *console) lines() io.Writer { return port{c, queueMost} }

// chatter takes such messages that can be missed: progress, attempts.
func (c *console) chatter() io.Writer { return port{c, chatterMost} }

// A port writes to a console as long as no more than most bytes wait there.
type port struct {
	c    *console
	most int
}

func (p port) Write(message []byte) (int, error) {
	if err := p.c.write(message, p.most); err != nil {
		return 0, err
	}
	return len(message), nil
}

// tellDropped sets what is said of messages that were dropped.
func (c *console) tellDropped(notice func(n int64) []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.notice = notice
}

// terminal is the file behind the console, or nil.
func (c *console) terminal() *os.File {
	f, _ := c.out.(*os.File)
	return f
}

func (c *console) write(message []byte, most int) error {
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
func (c *console) signal() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// detach makes writes asynchronous. close must be called.
func (c *console) detach() {
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

// drain is the writer: it ends when the console is closing and nothing is left. It drops what cannot be written, because
// there is nobody to tell.
func (c *console) drain() {
	var chunk []byte
	for {
		var more bool
		if chunk, more = c.next(chunk[:0]); len(chunk) > 0 {
			_, _ = c.out.Write(chunk)
			c.progress.Add(1)
			continue
		}
		if !more {
			return
		}
		<-c.wake
	}
}

// next takes whole messages for one write; more: others may still come.
func (c *console) next(chunk []byte) (_ []byte, more bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for ; n < len(c.queue) && (n == 0 || len(chunk)+len(c.queue[n]) <= chunkMost); n++ {
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

// flush ends the writing. It waits until everything is written, as long as the reader takes something within each stall,
// and for most at most. A writer whose reader takes nothing is left behind in its write, and ends with the process.
func (c *console) flush(stall, most time.Duration) {
	c.mu.Lock()
	detached := c.detached
	c.closing = true
	c.mu.Unlock()
	if !detached {
		return
	}
	c.signal()
	end := time.NewTimer(most)
	defer end.Stop()
	for seen := int64(-1); c.progress.Load() != seen; {
		seen = c.progress.Load()
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

func (c *console) close() { c.flush(flushStall, flushMost) }
