package input

import (
	"errors"
	"io"
	"os"
	"sync"

	"enrich/internal/tempfile"
)

// A tempCopy copies a stream to a temporary file, so that it can be read twice. Its readers follow the copy while it
// grows: the first call does not wait for the last row.
//
// An error of the stream reaches the readers as it is. An error of the temporary file is a [tempfile.Error].
type tempCopy struct {
	file   storage
	name   string    // what is copied, for messages
	source io.Closer // closed with the copy; nil: the caller closes it

	mu   sync.Mutex
	more sync.Cond
	n    int64 // bytes written
	err  error // io.EOF or why the copy ended; nil while it grows
	cut  bool  // it was ended before the stream
}

// storage is the file that a tempCopy needs.
type storage interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
}

// copied starts to copy r. The goroutine that copies has no owner: a read from a terminal or a pipe cannot be ended from
// outside, so it ends with the process, or with r.
func (in *Input) copied(r io.Reader, source io.Closer) (*Input, error) {
	f, err := tempfile.Create("enrich-stdin-*", purpose(in.Name))
	if err != nil {
		return nil, err
	}
	in.copy = newTempCopy(f, in.Name, source)
	go in.copy.fill(r)
	return in, nil
}

func newTempCopy(f storage, name string, source io.Closer) *tempCopy {
	c := &tempCopy{file: f, name: name, source: source}
	c.more.L = &c.mu
	return c
}

// purpose says what a temporary file is for, with the name of the stream that it is a copy of.
func purpose(name string) string { return "copy " + name }

func (c *tempCopy) fill(r io.Reader) {
	buf := make([]byte, 64<<10)
	for {
		n, err := r.Read(buf)
		if !c.add(buf[:n]) {
			return
		}
		if err != nil {
			c.end(err, false)
			return
		}
	}
}

// add writes a block and reports whether the copy goes on. Only the bytes that were written count.
func (c *tempCopy) add(b []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return false
	}
	n, err := c.file.WriteAt(b, c.n)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	if err != nil {
		c.err = tempfile.Failed(purpose(c.name), err)
	}
	c.n += int64(n)
	c.more.Broadcast()
	return c.err == nil
}

// end ends the copy; the first reason stays. cut: the stream may have had more.
func (c *tempCopy) end(err error, cut bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err, c.cut = err, cut
	}
	c.more.Broadcast()
}

func (c *tempCopy) isCut() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cut
}

func (c *tempCopy) close() error {
	c.end(os.ErrClosed, false)
	if c.source != nil {
		_ = c.source.Close() // it was only read
	}
	return c.file.Close()
}

// ReadAt implements [io.ReaderAt]. It waits until all of b is there or the copy has ended.
func (c *tempCopy) ReadAt(b []byte, at int64) (int, error) {
	total := 0
	for total < len(b) {
		have, err := c.wait(at)
		if have <= 0 {
			return total, err
		}
		part := b[total:min(int64(len(b)), int64(total)+have)]
		n, err := c.file.ReadAt(part, at)
		total, at = total+n, at+int64(n)
		if n < len(part) { // bytes that were written are gone: this is not the end of the stream
			if err == nil {
				err = io.ErrUnexpectedEOF
			}
			return total, tempfile.Failed(purpose(c.name), err)
		}
	}
	return total, nil
}

// wait returns how many bytes can be read from at on; if there are none, why the copy ended.
func (c *tempCopy) wait(at int64) (int64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for at >= c.n && c.err == nil {
		c.more.Wait()
	}
	return c.n - at, c.err
}

func (c *tempCopy) reader() io.Reader { return &copyReader{tempCopy: c} }

// A copyReader reads a copy from its beginning, and does not wait for more than it has.
type copyReader struct {
	*tempCopy
	at int64
}

// Read implements [io.Reader].
func (r *copyReader) Read(b []byte) (int, error) {
	have, err := r.wait(r.at)
	if have <= 0 {
		return 0, err
	}
	n, err := r.ReadAt(b[:min(int64(len(b)), have)], r.at)
	r.at += int64(n)
	if n > 0 && errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}
