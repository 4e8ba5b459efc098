package console

import (
	"context"
	"io"
	"os"

	"golang.org/x/term"

	"enrich/publish"
)

// Stdout is standard output. It is not safe for concurrent use.
type Stdout struct {
	io.Writer
	out io.Writer
}

// NewStdout returns a Stdout that writes to out.
func NewStdout(out io.Writer) *Stdout { return &Stdout{out, out} }

// Until makes writes fail when ctx is done, even if nobody reads: a pipe whose reader stalls must not keep a process from
// exiting.
func (s *Stdout) Until(ctx context.Context) {
	s.Writer = publish.Interruptible(ctx, "standard output", s.out)
}

// Width returns the number of columns if the standard output is a terminal.
func (s *Stdout) Width() (int, bool) { return Width(s.out) }

// Width returns the number of columns of a terminal (80 if it does not say); false if out is not a terminal.
func Width(out io.Writer) (int, bool) {
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
