package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"enrich/client/fakeapi"
)

// TestACopyPutOverALedgerIsSeen: the same file, with an older content, during a run and after it.
func TestACopyPutOverALedgerIsSeen(t *testing.T) {
	s := newStage(t, fakeapi.Options{Latency: 5 * time.Millisecond})
	s.list("first.csv", 20, "first")
	s.run(exitOK, "run", "first.csv")
	older, err := os.ReadFile(s.path("ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	putOver := func() {
		t.Helper()
		f, err := os.OpenFile(s.path("ledger.db"), os.O_WRONLY|os.O_TRUNC, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(older); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	s.list("leads.csv", 600, "")
	s.run(exitOK, "run", "leads.csv")
	putOver()
	paid := s.api.Stats().Calls
	c := s.run(exitInternal, "run", "leads.csv", "--summary", "x.json")
	if !strings.Contains(c.said.String(), "its lock file records") {
		t.Error(&c.said)
	}
	s.calls(paid)
	s.run(exitOK, "ledger", "verify", "--accept-loss")
	s.list("more.csv", 300, "more")
	c = s.start("run", "--workers", "2", "more.csv")
	s.heard(paid + 100)
	putOver()
	c.ends(exitInternal)
	s.absent("more.results.csv", "more.summary.json")
}
