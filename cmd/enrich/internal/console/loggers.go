package console

import (
	"io"
	"log"
	"log/slog"
	"strings"
	"sync"

	"enrich/internal/phrase"
)

// CaptureLoggers leads Go's standard loggers (log and slog), to which net/http and others write, to the console until
// release is called. What they log may contain what a server sent, the key included, so it is dropped unless
// [Printer.ShowLibraries] is in force.
func (c *Console) CaptureLoggers() (release func()) { return captureLoggers(&c.library) }

func captureLoggers(w io.Writer) (release func()) {
	out, flags, prefix, structured := log.Writer(), log.Flags(), log.Prefix(), slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(w, nil)))
	log.SetFlags(0)
	log.SetPrefix("")
	log.SetOutput(w)
	return func() {
		slog.SetDefault(structured)
		log.SetOutput(out)
		log.SetFlags(flags)
		log.SetPrefix(prefix)
	}
}

// A librarySink takes what libraries log.
type librarySink struct {
	mu   sync.Mutex
	show func(message []byte) // nil: messages are dropped
}

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

// maxLibraryRunes is how much of a library's message is shown.
const maxLibraryRunes = 300

// libraryText returns a library's message as one short line. net/http quotes the first bytes of a response that nobody
// asked for: they may contain a part of the key, and are left out.
func libraryText(message string) string {
	message, _, _ = strings.Cut(message, " starting with ")
	return phrase.Shorten(plainLine(strings.TrimSpace(message)), maxLibraryRunes)
}
