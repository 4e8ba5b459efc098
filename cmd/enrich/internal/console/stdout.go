package console

import (
	"context"
	"errors"
	"io"
	"os"
	"syscall"

	"golang.org/x/term"

	"enrich/publish"
)

// Stdout is standard output. It is not safe for concurrent use.
type Stdout struct {
	w    io.Writer
	out  io.Writer // below w
	gone bool
}

// NewStdout returns a Stdout that writes to out.
func NewStdout(out io.Writer) *Stdout { return &Stdout{w: out, out: out} }

// Write implements [io.Writer].
func (s *Stdout) Write(b []byte) (int, error) {
	n, err := s.w.Write(b)
	s.gone = s.gone || errors.Is(err, syscall.EPIPE)
	return n, err
}

// IsGone reports whether a write failed because the reader of a pipe has gone, as `head` does when it has enough.
func (s *Stdout) IsGone() bool { return s.gone }

// Until makes writes fail when ctx is done, even if nobody reads: a pipe whose reader stalls must not keep a process from
// exiting.
func (s *Stdout) Until(ctx context.Context) {
	s.w = publish.Interruptible(ctx, "standard output", s.out)
}

// File returns the open file that standard output is; nil if it is none, as in a test.
func (s *Stdout) File() *os.File {
	f, _ := s.out.(*os.File)
	return f
}

// Width returns the number of columns if the standard output is a terminal.
func (s *Stdout) Width() (int, bool) { return terminalWidth(s.out) }

// terminalWidth returns the number of columns of a terminal (80 if it does not say); false if out is not a terminal.
func terminalWidth(out io.Writer) (int, bool) {
	f, ok := out.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width <= 0 {
		return 80, true
	}
	return width, true
}
