package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// A voice says things to a person, or as JSON lines to a machine; always on standard error.
//
// Rules of all that is said: lower case, no full stop, the step first, what to do next where we know it. Text from
// the API or from an input is quoted, bounded and free of control characters before it gets here (see plain).
type voice struct {
	w     io.Writer
	log   *slog.Logger // not nil: JSON lines
	quiet bool
}

func newVoice(w io.Writer, s *settings) *voice {
	v := &voice{w: w, quiet: s.quiet}
	if s.logFormat == "json" {
		v.log = jsonLines(w)
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
		_, _ = fmt.Fprintln(v.w, plain(text)) // where nobody can be told, nobody can be told of that
	}
}

// warn tells what must be known, also with --quiet.
func (v *voice) warn(text string, attrs ...any) {
	if v.log != nil {
		v.log.Warn(text, attrs...)
		return
	}
	_, _ = fmt.Fprintln(v.w, "enrich: "+plain(text)) // see say
}

// attempts is where the client logs each attempt: nowhere, unless --verbose.
func (v *voice) attempts(s *settings) *slog.Logger {
	switch {
	case !s.verbose:
		return nil
	case v.log != nil:
		return v.log
	}
	return slog.New(slog.NewTextHandler(v.w, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// sayError is the one place where an error is told; an ending has told its own story.
func sayError(w world, cmd *cobra.Command, args []string, err error) {
	var end ending
	if errors.As(err, &end) {
		return
	}
	if wantsJSON(w, cmd, args) {
		jsonLines(w.stderr).Error(err.Error(), "exit_code", codeOf(err))
		return
	}
	_, _ = fmt.Fprintln(w.stderr, "enrich: "+plain(err.Error())) // see say
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
	return slog.New(slog.NewJSONHandler(escaping{w}, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// escaping writes JSON lines with what a terminal would obey as \u escapes, which say the same to a machine.
type escaping struct{ io.Writer }

func (e escaping) Write(line []byte) (int, error) {
	if bytes.IndexFunc(line, func(r rune) bool { return r != '\n' && obeyed(r) }) < 0 {
		return e.Writer.Write(line)
	}
	escaped := make([]byte, 0, 2*len(line))
	for _, r := range string(line) {
		if r != '\n' && obeyed(r) {
			escaped = fmt.Appendf(escaped, `\u%04x`, r)
			continue
		}
		escaped = utf8.AppendRune(escaped, r)
	}
	if _, err := e.Writer.Write(escaped); err != nil {
		return 0, err
	}
	return len(line), nil
}

// obeyed says whether a terminal does something at a character instead of showing it.
func obeyed(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }

// plain is text without what a terminal would obey: control characters, but for line ends, and direction marks.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t':
			return ' '
		case obeyed(r), r == unicode.ReplacementChar:
			return '?'
		}
		return r
	}, s)
}
