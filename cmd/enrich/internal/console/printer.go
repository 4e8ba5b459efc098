package console

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"unicode/utf16"
	"unicode/utf8"

	"enrich/internal/phrase"
)

// prefix begins warnings and errors for people.
const prefix = "enrich: "

// Options are how a [Printer] prints.
type Options struct {
	JSON    bool // JSON lines instead of text
	Quiet   bool // only warnings and errors
	Verbose bool // also the attempts of each row, and what libraries log
}

// A Printer prints messages for people, or as JSON lines for programs, which also have the attributes.
//
// Messages are lower case without a full stop: the step first, then what to do about it. Text from the API or from an
// input must be quoted and bounded by the caller. A message that cannot be written is dropped: there is nobody to tell.
type Printer struct {
	console        *Console
	log            *slog.Logger // JSON lines; nil for text
	optional       *slog.Logger // JSON lines that may be dropped
	quiet, verbose bool
}

// NewPrinter returns a printer.
func NewPrinter(c *Console, o Options) *Printer {
	p := &Printer{console: c, quiet: o.Quiet, verbose: o.Verbose}
	if o.JSON {
		p.log, p.optional = jsonLines(c.lines()), jsonLines(c.Optional())
		c.setNotice(func(n int64) []byte {
			var line bytes.Buffer
			jsonLines(&line).Warn(droppedText(n), "event", "dropped", "messages", n)
			return line.Bytes()
		})
	}
	return p
}

// Info prints a message, unless --quiet.
func (p *Printer) Info(text string, attrs ...any) {
	switch {
	case p.quiet:
	case p.log != nil:
		p.log.Info(text, attrs...)
	default:
		_, _ = fmt.Fprintln(p.console, text)
	}
}

// Output prints a line that another program printed, even with --quiet.
func (p *Printer) Output(line string, attrs ...any) {
	if p.log != nil {
		p.log.Info(line, attrs...)
		return
	}
	_, _ = fmt.Fprintln(p.console, line)
}

// Progress is Info for messages that may be dropped.
func (p *Printer) Progress(text string, attrs ...any) {
	switch {
	case p.quiet:
	case p.log != nil:
		p.optional.Info(text, attrs...)
	default:
		_, _ = fmt.Fprintln(p.console.Optional(), Plain(text))
	}
}

// Warn prints a message even with --quiet.
func (p *Printer) Warn(text string, attrs ...any) {
	if p.log != nil {
		p.log.Warn(text, attrs...)
		return
	}
	_, _ = fmt.Fprintln(p.console, prefix+text)
}

// Error prints why a command failed. With attributes, programs need not read the text.
func (p *Printer) Error(err error, exitCode int, attrs ...any) {
	if p.log != nil {
		p.log.Error(err.Error(), append([]any{"exit_code", exitCode}, attrs...)...)
		return
	}
	_, _ = fmt.Fprintln(p.console, prefix+err.Error())
}

// Bar returns where a progress bar may be drawn, and the width of the terminal there; false if it may not: standard error
// is not a terminal, or lines are printed beside the bar.
func (p *Printer) Bar() (w io.Writer, width int, ok bool) {
	width, ok = terminalWidth(p.console.out)
	return p.console.Optional(), width, ok && p.log == nil && !p.verbose
}

// OnTerminal reports whether messages of [Printer.Info] are shown to a person: on a terminal, as text, without --quiet.
func (p *Printer) OnTerminal() bool {
	_, ok := terminalWidth(p.console.out)
	return ok && p.log == nil && !p.quiet
}

// Attempts returns the logger of single attempts; nil without --verbose.
func (p *Printer) Attempts() *slog.Logger {
	switch {
	case !p.verbose:
		return nil
	case p.log != nil:
		return p.optional
	}
	return slog.New(slog.NewTextHandler(p.console.Optional(), &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: plainAttr}))
}

// ShowLibraries prints what libraries log, under --verbose, until done is called. redact removes the API key.
func (p *Printer) ShowLibraries(redact func([]byte) []byte) (done func()) {
	log := p.Attempts()
	if log == nil {
		return func() {}
	}
	p.console.library.showTo(func(text []byte) { log.Debug("library", "text", libraryText(string(redact(text)))) })
	return func() { p.console.library.showTo(nil) }
}

// plainAttr makes an attribute safe for a terminal: slog quotes most of what is hidden there, but not all of it.
func plainAttr(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindString {
		a.Value = slog.StringValue(plainLine(a.Value.String()))
	}
	return a
}

// jsonLines returns a logger of JSON lines. They may go to a terminal all the same.
func jsonLines(w io.Writer) *slog.Logger {
	return slog.New(slog.NewJSONHandler(escaper{w}, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: boundedAttr}))
}

// boundedAttr keeps text from outside (a path, a value, a message) from filling a screen.
func boundedAttr(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindString {
		a.Value = slog.StringValue(phrase.Shorten(a.Value.String(), MaxLine))
	}
	return a
}

// An escaper writes JSON lines with hidden characters as \u escapes, which mean the same to a program.
type escaper struct{ io.Writer }

func (e escaper) Write(line []byte) (int, error) {
	if bytes.IndexFunc(line, func(r rune) bool { return r != '\n' && hidden(r) }) < 0 {
		return e.Writer.Write(line)
	}
	escaped := make([]byte, 0, 2*len(line))
	for _, r := range string(line) {
		switch {
		case r == '\n' || !hidden(r):
			escaped = utf8.AppendRune(escaped, r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			escaped = fmt.Appendf(escaped, `\u%04x\u%04x`, high, low)
		default:
			escaped = fmt.Appendf(escaped, `\u%04x`, r)
		}
	}
	if _, err := e.Writer.Write(escaped); err != nil {
		return 0, err
	}
	return len(line), nil
}
