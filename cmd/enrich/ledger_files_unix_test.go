//go:build unix

package main

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"enrich/client/fakeapi"
)

// TestAnIncompleteLedgerIsNotPaidForAgain: a run is killed, and something of its ledger is missing. Every command refuses
// what is left, no call is made, and the loss can be accepted.
func TestAnIncompleteLedgerIsNotPaidForAgain(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answered int64
		ledger   string
		damage   func(*stage) error
	}{
		"the log is missing":         {140, "ledger.db", func(s *stage) error { return os.Remove(s.path("ledger.db-wal")) }},
		"the log is missing, of 770": {770, "ledger.db", func(s *stage) error { return os.Remove(s.path("ledger.db-wal")) }},
		"the file was copied alone":  {140, "copy.db", func(s *stage) error { return os.Link(s.path("ledger.db"), s.path("copy.db")) }},
		"the ledger was emptied":     {140, "ledger.db", func(s *stage) error { return os.Truncate(s.path("ledger.db"), 0) }},
		"the log was emptied":        {140, "ledger.db", func(s *stage) error { return os.Truncate(s.path("ledger.db-wal"), 0) }},
		"the ledger was removed":     {140, "ledger.db", func(s *stage) error { return os.Remove(s.path("ledger.db")) }},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, fakeapi.Options{Latency: time.Millisecond})
			s.list("leads.csv", int(tt.answered)+300, "")
			killed := s.start("run", "--workers", "4", "leads.csv")
			s.heard(tt.answered)
			killed.signal(syscall.SIGKILL)
			_ = killed.Wait() // it was killed
			paid := s.settledCalls()
			if err := tt.damage(s); err != nil {
				t.Fatal(err)
			}
			if tt.ledger != "ledger.db" { // a copy has one name
				if err := os.Remove(s.path("ledger.db")); err != nil {
					t.Fatal(err)
				}
			}
			for _, command := range [][]string{{"run", "leads.csv"}, {"plan", "leads.csv"}, {"write", "leads.csv"}} {
				c := s.run(exitInternal, append(command, "--ledger", tt.ledger)...)
				if !strings.Contains(c.said.String(), "verify --accept-loss") {
					t.Errorf("%q: %s", command, &c.said)
				}
			}
			looks := exitInternal
			if name == "the ledger was removed" {
				looks = exitUsage
			}
			s.run(looks, "ledger", "stats", "--ledger", tt.ledger)
			s.run(looks, "ledger", "export", "--ledger", tt.ledger)
			s.run(looks, "ledger", "verify", "--ledger", tt.ledger)
			s.calls(paid)
			s.absent("leads.results.csv", "leads.summary.json")
			c := s.run(exitOK, "ledger", "verify", "--accept-loss", "--ledger", tt.ledger)
			if !strings.Contains(c.said.String(), "missing: ") || !strings.Contains(c.said.String(), "OK: ") {
				t.Error(&c.said)
			}
			s.run(exitOK, "ledger", "verify", "--ledger", tt.ledger)
			s.run(exitOK, "run", "leads.csv", "--ledger", tt.ledger)
		})
	}
}

// TestARunWhoseLedgerIsTakenAwayPublishesNothing: whatever happens to its files while it runs, it ends with 1.
func TestARunWhoseLedgerIsTakenAwayPublishesNothing(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*stage) error{
		"the ledger is removed":  func(s *stage) error { return os.Remove(s.path("ledger.db")) },
		"the ledger is replaced": func(s *stage) error { return replaceFile(s.path("ledger.db")) },
		"the ledger is emptied":  func(s *stage) error { return os.Truncate(s.path("ledger.db"), 0) },
		"the log is removed":     func(s *stage) error { return os.Remove(s.path("ledger.db-wal")) },
		"the log is emptied":     func(s *stage) error { return os.Truncate(s.path("ledger.db-wal"), 0) },
		"the log is replaced":    func(s *stage) error { return replaceFile(s.path("ledger.db-wal")) },
		"the lock is removed":    func(s *stage) error { return os.Remove(s.path("ledger.db.lock")) },
		"its folder is renamed":  func(s *stage) error { return os.Rename(s.path("state"), s.path("other")) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, fakeapi.Options{Latency: 5 * time.Millisecond})
			s.list("leads.csv", 300, "")
			path := "ledger.db"
			if strings.Contains(name, "folder") {
				path = "state/ledger.db"
			}
			c := s.start("run", "--workers", "2", "--ledger", path, "leads.csv")
			s.heard(30)
			if err := change(s); err != nil {
				t.Fatal(err)
			}
			c.ends(exitInternal)
			if !strings.Contains(c.said.String(), "changed from outside") || !strings.Contains(c.said.String(), "nothing was published") {
				t.Error(&c.said)
			}
			s.absent("leads.results.csv", "leads.failures.csv", "leads.summary.json")
			if n := s.api.Stats().Calls; n >= 300 {
				t.Errorf("it made %d calls", n)
			}
		})
	}
}

func replaceFile(path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", b, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// TestOneLedgerUnderTwoNamesHasOneRun: the second run is refused while the first one pays, and pays for nothing.
func TestOneLedgerUnderTwoNamesHasOneRun(t *testing.T) {
	t.Parallel()
	s := newStage(t, fakeapi.Options{Latency: 5 * time.Millisecond})
	s.list("leads.csv", 1500, "")
	first := s.start("run", "--workers", "8", "leads.csv")
	s.heard(50)
	if err := os.Link(s.path("ledger.db"), s.path("other.db")); err != nil {
		t.Fatal(err)
	}
	second := s.run(exitLocked, "run", "--ledger", "other.db", "--results", "two.csv", "leads.csv")
	if !strings.Contains(second.said.String(), "another run has locked the ledger") {
		t.Error(&second.said)
	}
	first.ends(exitOK)
	s.calls(1500)
	// Afterwards neither name is taken, because each would have a log of its own.
	for _, name := range []string{"ledger.db", "other.db"} {
		c := s.run(exitInternal, "run", "--ledger", name, "leads.csv")
		if !strings.Contains(c.said.String(), "hard links") {
			t.Error(&c.said)
		}
	}
	if err := os.Remove(s.path("other.db")); err != nil {
		t.Fatal(err)
	}
	s.run(exitOK, "run", "leads.csv")
	s.calls(1500)
}

// TestASecondRunIsRefusedAlsoWithoutTheLockFile: the lock is on the ledger itself.
func TestASecondRunIsRefusedAlsoWithoutTheLockFile(t *testing.T) {
	t.Parallel()
	s := newStage(t, fakeapi.Options{Latency: 20 * time.Millisecond})
	s.list("leads.csv", 100, "")
	first := s.start("run", "--workers", "1", "leads.csv")
	s.heard(3)
	first.signal(syscall.SIGSTOP)
	if err := os.Remove(s.path("ledger.db.lock")); err != nil {
		t.Fatal(err)
	}
	before := s.settledCalls()
	s.run(exitLocked, "run", "leads.csv")
	s.run(exitOK, "ledger", "stats")
	s.calls(before)
	first.signal(syscall.SIGCONT)
	first.ends(exitInternal)
	s.absent("leads.results.csv")
}

// TestATransactionOfAnotherProgramIsNamed: the run waits some seconds for it, then says what stops it.
func TestATransactionOfAnotherProgramIsNamed(t *testing.T) {
	t.Parallel()
	sqlite, err := exec.LookPath("sqlite3")
	if err != nil {
		t.Skip("there is no sqlite3 to open a transaction with")
	}
	s := newStage(t, fakeapi.Options{})
	s.list("leads.csv", 3, "")
	s.run(exitOK, "run", "leads.csv")
	shell := exec.Command(sqlite, s.path("ledger.db"))
	in, err1 := shell.StdinPipe()
	out, err2 := shell.StdoutPipe()
	if err1 != nil || err2 != nil || shell.Start() != nil {
		t.Fatal(err1, err2)
	}
	t.Cleanup(func() { _ = shell.Process.Kill(); _ = shell.Wait() })
	if _, err := in.Write([]byte("BEGIN IMMEDIATE; SELECT 'begun';\n")); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 16)); err != nil {
		t.Fatal(err)
	}
	s.list("more.csv", 3, "more")
	c := s.run(exitInternal, "run", "more.csv")
	if text := c.said.String(); !strings.Contains(text, "another program") || strings.Contains(text, "disk") {
		t.Error(text)
	}
	s.calls(3)
}
