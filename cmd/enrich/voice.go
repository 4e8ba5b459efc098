package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"enrich/client"
)

// A voice says things to a person, or as JSON lines to a machine; always on standard error, through the console.
//
// Rules of all that is said: lower case, no full stop, the step first, what to do next where we know it. Text from
// the API or from an input is quoted and bounded before it gets here. The console removes hidden characters.
type voice struct {
	console  *console
	log      *slog.Logger // not nil: JSON lines
	progress *slog.Logger // of messages that can be missed, as JSON lines; nil as log is
	quiet    bool
}

func newVoice(c *console, s *settings) *voice {
	v := &voice{console: c, quiet: s.quiet}
	if s.logFormat == "json" {
		v.log, v.progress = jsonLines(c.lines()), jsonLines(c.chatter())
		c.tellDropped(func(n int64) []byte {
			var line bytes.Buffer
			jsonLines(&line).Warn(droppedText(n), "event", "dropped", "messages", n)
			return line.Bytes()
		})
	}
	return v
}

// say tells what is good to know; --quiet leaves it out. The attributes are for machines.
func (v *voice) say(text string, attrs ...any) {
	switch {
	case v.quiet:
	case v.log != nil:
		v.log.Info(text, attrs...)
	default:
		_, _ = fmt.Fprintln(v.console, text) // where nobody can be told, nobody can be told of that
	}
}

// show tells of progress: it can be missed, and is if nobody reads standard error.
func (v *voice) show(text string, attrs ...any) {
	switch {
	case v.quiet:
	case v.log != nil:
		v.progress.Info(text, attrs...)
	default:
		_, _ = fmt.Fprintln(v.console.chatter(), plain(text)) // see say
	}
}

// warn tells what must be known, also with --quiet.
func (v *voice) warn(text string, attrs ...any) {
	if v.log != nil {
		v.log.Warn(text, attrs...)
		return
	}
	_, _ = fmt.Fprintln(v.console, "enrich: "+text) // see say
}

// attempts is where the client logs each attempt: nowhere, unless --verbose.
func (v *voice) attempts(s *settings) *slog.Logger {
	switch {
	case !s.verbose:
		return nil
	case v.log != nil:
		return v.progress
	}
	return slog.New(slog.NewTextHandler(v.console.chatter(), &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: plainText}))
}

// showLibraries shows what libraries say, under --verbose, until done is called.
func (v *voice) showLibraries(s *settings, key client.Key) (done func()) {
	log := v.attempts(s)
	if log == nil {
		return func() {}
	}
	v.console.library.showTo(func(text []byte) { log.Debug("library", "text", libraryText(string(key.Redact(text)))) })
	return func() { v.console.library.showTo(nil) }
}

// plainText is bounds for a terminal: slog quotes most of what is hidden there, but not all of it.
func plainText(groups []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindString {
		a.Value = slog.StringValue(plainLine(a.Value.String()))
	}
	return a
}

// sayError is the one place where an error is told; an ending has told its own story.
func sayError(w world, cmd *cobra.Command, args []string, err error) {
	var end ending
	if errors.As(err, &end) {
		return
	}
	if wantsJSON(w, cmd, args) {
		jsonLines(consoleOf(w).lines()).Error(err.Error(), "exit_code", codeOf(err))
		return
	}
	_, _ = fmt.Fprintln(consoleOf(w), "enrich: "+err.Error()) // see say
}

// wantsJSON says whether errors are for a machine. A command line that could not be parsed has not set the flag, but may
// hold it; cmd is nil where no command was found.
func wantsJSON(w world, cmd *cobra.Command, args []string) bool {
	if cmd != nil {
		if f := cmd.Flags().Lookup("log-format"); f != nil && f.Changed {
			return f.Value.String() == "json"
		}
	}
	for i, arg := range args {
		value, is := strings.CutPrefix(arg, "--log-format=")
		if arg == "--log-format" && i+1 < len(args) {
			value, is = args[i+1], true
		}
		if is {
			return value == "json"
		}
	}
	value, _ := w.lookupEnv("ENRICH_LOG_FORMAT")
	return value == "json"
}

// jsonLines is what a machine is told by. It may be a terminal all the same.
func jsonLines(w io.Writer) *slog.Logger {
	return slog.New(slog.NewJSONHandler(escaping{w}, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: bounds}))
}

// bounds keeps what somebody else chose (a path, a value, a message) from filling a screen.
func bounds(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindString && utf8.RuneCountInString(a.Value.String()) > lineMost {
		a.Value = slog.StringValue(string([]rune(a.Value.String())[:lineMost]) + "…")
	}
	return a
}

// escaping writes JSON lines with hidden characters as \u escapes, which say the same to a machine.
type escaping struct{ io.Writer }

func (e escaping) Write(line []byte) (int, error) {
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
