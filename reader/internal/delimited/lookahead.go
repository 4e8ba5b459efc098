package delimited

import (
	"enrich/reader/internal/dialect"
	"enrich/reader/internal/source"
)

// A lookahead reads an input a second time, ahead of the rows. It finds where a quoted cell ends that does not fit the
// window: whether its quote closes properly decides if the lines after it are a cell or rows, and they can be gigabytes.
//
// It only moves forward, so all searches together read the input once. Between an open quote and the next one there are
// only doubled and escaped quotes, and no cell that begins with one of those is still open at the next quote.
type lookahead struct {
	// reopen reads the text from its beginning.
	reopen func() (source.Window, error)
	opened bool
	source.Window
	last closing
	err  error // of last
}

// A closing is the end of a quoted cell, as offsets in the input's text.
type closing struct {
	open  int64 // the quote that opens the cell
	quote int64 // the quote that closes it
	end   int64 // after the blanks that follow it
	// proper says that a delimiter, a line end or the end of the input follows.
	proper bool
}

// find returns the end of the cell that opens at an offset. An error means that the input cannot be read that far.
func (l *lookahead) find(s *dialect.Scanner, open int64) (closing, error) {
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
	if !l.opened || offset < l.Offset() {
		w, err := l.reopen()
		if err != nil {
			return err
		}
		l.Window, l.opened = w, true
	}
	for l.Offset() < offset {
		l.Take(int(min(offset-l.Offset(), int64(len(l.Text())))))
		if l.Offset() == offset {
			break
		}
		switch {
		case l.Ended():
			return source.ErrChanged
		case l.Err != nil:
			return l.Err
		}
		l.Fill()
	}
	return nil
}

// scan looks for the closing quote, from inside the cell on.
func (l *lookahead) scan(s *dialect.Scanner) error {
	for {
		i := s.NextQuote(l.Text())
		if i < 0 {
			l.Take(len(l.Text()))
			switch {
			case l.Ended():
				return nil // it never closes
			case l.Err != nil:
				return l.Err
			}
			l.Fill()
			continue
		}
		l.Take(i)
		text := l.Text()
		switch {
		case len(text) == 1 && l.Err == nil:
			l.Fill()
			continue
		case text[0] == '\\', len(text) > 1 && text[1] == s.Quote:
			l.Take(min(2, len(text)))
			continue
		}
		end, f := s.AfterQuote(text, 1, l.Ended())
		switch {
		case f != dialect.Incomplete:
		case l.Err != nil:
			return l.Err
		case len(text) < source.MaxRow:
			l.Fill()
			continue
		}
		l.last.quote, l.last.end, l.last.proper = l.Offset(), l.Offset()+int64(end), f == dialect.NoFault
		return nil
	}
}
