package reader

import (
	"bytes"
	"fmt"
	"io"
)

// A lookahead reads an input a second time, ahead of the rows. It finds where a quoted cell ends that does not fit the
// window: whether its quote closes properly decides if the lines after it are a cell or rows, and they can be gigabytes.
//
// It only moves forward, so all searches together read the input once. Between an open quote and the next one there are
// only doubled and escaped quotes, and no cell that begins with one of those is still open at the next quote.
type lookahead struct {
	// again reads the text from its beginning; nil: the input cannot be read twice.
	again  func() (window, error)
	opened bool
	window
	last closing
	err  error // of last
}

// A closing is the end of a quoted cell, as offsets in the input's text.
type closing struct {
	open  int64 // the quote that opens the cell
	quote int64 // the quote that closes it
	end   int64 // behind the blanks that follow it
	// proper: a delimiter, a line end or the end of the input follows.
	proper bool
}

// find looks for the end of the cell that opens at an offset. An error means that the input cannot be read so far.
func (l *lookahead) find(s *scanner, open int64) (closing, error) {
	if l.opened && l.last.open == open {
		return l.last, l.err
	}
	l.last = closing{open: open}
	if l.err = l.seek(open + 1); l.err == nil {
		l.err = l.scan(s)
	}
	return l.last, l.err
}

// seek moves to an offset.
func (l *lookahead) seek(offset int64) error {
	if l.again == nil {
		return fmt.Errorf("%w: a quoted cell is longer than %d bytes, and this input cannot be read twice to find its end", ErrBroken, maxRecord)
	}
	if !l.opened || offset < l.offset() {
		w, err := l.again()
		if err != nil {
			return err
		}
		l.window, l.opened = w, true
	}
	for l.offset() < offset {
		l.from += int(min(offset-l.offset(), int64(len(l.text()))))
		if l.offset() == offset {
			break
		}
		if l.window.err != nil {
			return l.failed()
		}
		l.fill()
	}
	return nil
}

// failed is why the text ended before it should: it is not the text that the rows come from.
func (l *lookahead) failed() error {
	if l.ended() {
		return errChanged
	}
	return l.window.err
}

// errChanged: two readings of one input differ. It is not ErrBroken, because nothing is known about its rows.
var errChanged = fmt.Errorf("the input changed while it was read")

// scan looks for the closing quote, from inside the cell on.
func (l *lookahead) scan(s *scanner) error {
	for {
		i := s.stop(l.text())
		if i < 0 {
			l.from = l.to
			switch {
			case l.ended():
				return nil // it never closes
			case l.window.err != nil:
				return l.window.err
			}
			l.fill()
			continue
		}
		l.from += i
		text := l.text()
		switch {
		case len(text) == 1 && l.window.err == nil:
			l.fill()
			continue
		case text[0] == '\\', len(text) > 1 && text[1] == s.quote:
			l.from += min(2, len(text))
			continue
		}
		end, f := s.behind(text, 1, l.ended())
		switch {
		case f != cut:
		case l.window.err != nil:
			return l.window.err
		case len(text) < maxRecord:
			l.fill()
			continue
		}
		l.last.quote, l.last.end, l.last.proper = l.offset(), l.offset()+int64(end), f == sound
		return nil
	}
}

// stop is where the next quote is, or the next backslash if that is an escape; -1: not in this text.
func (s *scanner) stop(text []byte) int {
	if s.backslash {
		return bytes.IndexAny(text, s.stops)
	}
	return bytes.IndexByte(text, s.quote)
}

// rereader returns how an input can be read again from where it is now; nil: it cannot. Open calls it before it reads.
func rereader(r io.Reader) func() io.Reader {
	at, ok := r.(io.ReaderAt)
	if !ok {
		return nil
	}
	var start int64
	if s, ok := r.(io.Seeker); ok {
		var err error
		if start, err = s.Seek(0, io.SeekCurrent); err != nil {
			return nil // a pipe
		}
	}
	return func() io.Reader { return io.NewSectionReader(at, start, 1<<62) }
}
