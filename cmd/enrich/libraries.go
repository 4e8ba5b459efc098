package main

import (
	"io"
	"log"
	"log/slog"
	"strings"
	"sync"
)

// withConsole gives a world its console, and takes the standard loggers from the libraries that would write to standard
// error by themselves. end undoes both, and waits for the last message within bounds. A world inside another (the demo's
// runs) shares its console.
func (w world) withConsole() (_ world, end func()) {
	if _, shared := w.stderr.(*console); shared {
		return w, func() {}
	}
	c := newConsole(w.stderr)
	if exit := w.exit; exit != nil {
		w.exit = func(code int) {
			within(flushAtOnce, func() { c.flush(flushAtOnce, flushAtOnce) })
			exit(code)
		}
	}
	w.stderr = c
	release := captureLoggers(c.library)
	return w, func() {
		release()
		c.close()
	}
}

// captureLoggers leads Go's standard loggers (log and slog), to which net/http and others write, to a sink. What they say
// may contain what a server sent, the key included.
func captureLoggers(sink io.Writer) (release func()) {
	out, flags, prefix, structured := log.Writer(), log.Flags(), log.Prefix(), slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(sink, nil)))
	log.SetFlags(0)
	log.SetPrefix("")
	log.SetOutput(sink)
	return func() {
		slog.SetDefault(structured)
		log.SetOutput(out)
		log.SetFlags(flags)
		log.SetPrefix(prefix)
	}
}

// libraryMost is how much of a library's message is shown.
const libraryMost = 300

// A librarySink takes what libraries say. It is dropped, unless a --verbose run shows it as one of its own messages.
type librarySink struct {
	mu   sync.Mutex
	show func(message []byte) // nil: it is dropped
}

// showTo gives messages to show, which must redact the API key; nil drops them again.
func (s *librarySink) showTo(show func(message []byte)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.show = show
}

func (s *librarySink) Write(message []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.show != nil {
		s.show(message)
	}
	return len(message), nil
}

// libraryText is a library's message as one short line. net/http quotes the first bytes that a server sent without being
// asked: they may contain any part of the key, and are left out.
func libraryText(message string) string {
	message, _, _ = strings.Cut(message, " starting with ")
	text := []rune(plainLine(strings.TrimSpace(message)))
	if len(text) > libraryMost {
		text = append(text[:libraryMost], '…')
	}
	return string(text)
}
