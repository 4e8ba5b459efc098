package main

import (
	"testing"

	"enrich/client/fakeapi"
)

// TestAWorkbookDoesNotGoToATerminal: it would only disturb it.
func TestAWorkbookDoesNotGoToATerminal(t *testing.T) {
	t.Parallel()
	s := newStage(t, fakeapi.Options{})
	s.list("l.csv", 1, "")
	for _, path := range []string{"-", "/dev/stdout"} {
		_, end := openTerminal(t, 80)
		c := s.command("run", "--format", "xlsx", "--results", path, "l.csv")
		c.Stdout = end
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		_ = end.Close() // the child has its own
		c.ends(exitUsage)
		c.says("a terminal cannot show xlsx: name a file, or redirect standard output")
	}
	s.calls(0)
}
