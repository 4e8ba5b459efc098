//go:build unix

package main

import (
	"syscall"
	"testing"

	"enrich/client/fakeapi"
)

// A pipe that nobody writes to or reads from must not keep a process for ever: one SIGTERM is enough.
func TestASignalEndsTheWaitForAPipe(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"input":  {"run", "pipe"},
		"plan":   {"plan", "pipe"},
		"key":    {"run", "--api-key-file", "pipe", "l.csv"},
		"output": {"run", "--grace", "10ms", "--results", "pipe", "l.csv"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, fakeapi.Options{})
			s.list("l.csv", 2, "")
			if err := syscall.Mkfifo(s.path("pipe"), 0o600); err != nil {
				t.Skip(err)
			}
			c := s.start(args...)
			if name == "output" {
				s.heard(2)
			}
			c.waits()
			c.signal(syscall.SIGTERM)
			c.ends(exitSIGTERM)
			s.absent("pipe.results.csv", "l.summary.json")
		})
	}
}
