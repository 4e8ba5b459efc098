package jsonrows

import (
	"bytes"
	"errors"
	"io"
)

// nextLine takes the next line that is not blank. A line is a row whatever is in it: what is no object is refused, and
// the next line is read as if nothing had been. A last line without a line end is a row like any other, so that one that
// is torn is refused; but where the input ended early by an error, only a whole object is believed.
func (f *framing) nextLine(scan *jsonScanner, frame *jsonFrame, may bool) error {
	for {
		text := f.Text()
		end := bytes.IndexByte(text, f.lineBreak)
		switch {
		case f.skipping && end >= 0:
			f.skipping = false
			f.take(end + 1)
			continue
		case f.skipping:
			f.take(len(text))
		case end >= 0:
			line := f.line
			if f.lineRow(scan, frame, f.take(end + 1)[:end]) {
				frame.line = line
				return nil
			}
			continue
		case len(text) > f.limits.row+1: // with a carriage return that is not the row's
			f.skipping = true
			line := f.line
			f.lineRow(scan, frame, f.take(len(text)))
			frame.line = line
			return nil
		}
		if err := f.want(may); err != nil {
			return f.lastLine(scan, frame, err)
		}
	}
}

// lastLine is what follows the last line end.
func (f *framing) lastLine(scan *jsonScanner, frame *jsonFrame, err error) error {
	if errors.Is(err, errNotNow) || len(f.Text()) == 0 {
		return err
	}
	line := f.line
	if !f.lineRow(scan, frame, f.take(len(f.Text()))) || !errors.Is(err, io.EOF) && frame.broken != "" {
		return err
	}
	frame.line = line
	return nil
}

// lineRow makes a row of a line; false: it is blank.
func (f *framing) lineRow(scan *jsonScanner, frame *jsonFrame, text []byte) bool {
	text = bytes.TrimSuffix(text, []byte{'\r'})
	if len(text) > f.limits.row {
		*frame = jsonFrame{text: text[:f.head(text)], broken: f.tooLong()}
		return true
	}
	if blank(text) {
		return false
	}
	*frame = jsonFrame{text: text}
	at, v := scan.scan(text)
	if v == valueWhole {
		if _, more := scan.peek(); more {
			at, v = scan.at, valueWrong
		}
	}
	if v != valueWhole || !scan.isObject() {
		frame.broken = verdictWords(v, at, text)
	}
	return true
}

// blank says whether a text is white space.
func blank(text []byte) bool {
	for _, b := range text {
		if b != ' ' && b != '\t' && b != '\r' && b != '\n' {
			return false
		}
	}
	return true
}
