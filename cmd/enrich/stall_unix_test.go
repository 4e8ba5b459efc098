//go:build unix

package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"enrich/client/fakeapi"
)

// fifo makes a named pipe. If opened, somebody has it open and reads nothing.
func (s *stage) fifo(name string, opened bool) {
	s.t.Helper()
	if err := syscall.Mkfifo(s.path(name), 0o600); err != nil {
		s.t.Skip(err)
	}
	if !opened {
		return
	}
	f, err := os.OpenFile(s.path(name), os.O_RDWR, 0)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = f.Close() })
}

// unread makes the command's standard output a pipe that nobody reads. It has so little room that anything fills it.
func (c *child) unread() {
	c.t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _, _ = r.Close(), w.Close() })
	c.Stdout = w
	raw, err := w.SyscallConn()
	if err != nil {
		c.t.Fatal(err)
	}
	for _, block := range []int{64 << 10, 4 << 10, 1} { // until it takes nothing more: it is in non-blocking mode
		var full error
		for full == nil {
			if err := raw.Write(func(fd uintptr) bool { _, full = syscall.Write(int(fd), make([]byte, block)); return true }); err != nil {
				c.t.Fatal(err)
			}
		}
		if !errors.Is(full, syscall.EAGAIN) {
			c.t.Fatal(full)
		}
	}
}

// TestTheGraceBoundsAPipeThatNobodyReads: one signal and --grace end a run, wherever it waits for a reader. It says what is left
// undone, publishes nothing, keeps what is in place, and `enrich write` finishes the work without a call.
func TestTheGraceBoundsAPipeThatNobodyReads(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		args   []string
		opened bool // somebody has the pipe open, but does not read
	}{
		"results, no reader":       {[]string{"run", "--results", "pipe", "l.csv"}, false},
		"results, stalled reader":  {[]string{"run", "--results", "pipe", "l.csv"}, true},
		"results, standard output": {[]string{"run", "--results", "-", "l.csv"}, false},
		"failures":                 {[]string{"run", "--failures", "pipe", "l.csv"}, false},
		"pending":                  {[]string{"run", "--pending", "pipe", "l.csv"}, false},
		"report":                   {[]string{"run", "--report", "pipe", "l.csv"}, false},
		"summary, no reader":       {[]string{"run", "--summary", "pipe", "l.csv"}, false},
		"summary, standard output": {[]string{"run", "--summary", "-", "l.csv"}, false},
		"write":                    {[]string{"write", "--results", "pipe", "l.csv"}, true},
		"write, standard output":   {[]string{"write", "--results", "/dev/stdout", "l.csv"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, fakeapi.Options{Match: 1})
			s.list("l.csv", 700, "") // their results are more than fits a pipe
			s.run(exitOK, "run", "l.csv")
			before, err := os.ReadFile(s.path("l.summary.json"))
			if err != nil {
				t.Fatal(err)
			}
			s.list("l.csv", 701, "") // a new export
			s.fifo("pipe", tt.opened)
			c := s.command(append(tt.args, "--grace", "300ms")...)
			c.unread()
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			if tt.args[0] == "run" {
				s.heard(701)
			}
			c.waits()
			c.signal(syscall.SIGTERM)
			c.ends(exitSIGTERM)
			if said := c.said.String(); !strings.Contains(said, "`enrich write` finishes the work") || !strings.Contains(said, "--grace (300ms)") {
				t.Error(said)
			}
			if after, err := os.ReadFile(s.path("l.summary.json")); err != nil || !bytes.Equal(before, after) {
				t.Errorf("the summary was replaced: %v", err)
			}
			calls := s.api.Stats().Calls
			s.start("write", "l.csv").ends(map[bool]int{true: exitOK, false: exitCapped}[calls == 701])
			if sum := s.summary("l.summary.json"); sum.Rows.Read != 701 || sum.Rows.Matched != calls {
				t.Errorf("%d calls, %+v", calls, sum.Rows)
			}
			s.calls(calls)
		})
	}
}

// TestASignalEndsAWriteToAPipeThatNobodyReads of a command that has nothing to finish; also of one that listens to no signals.
func TestASignalEndsAWriteToAPipeThatNobodyReads(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"plan": {"plan", "l.csv"}, "read": {"read", "l.csv"}, "export": {"ledger", "export"}, "stats": {"ledger", "stats"}, "verify": {"ledger", "verify"},
		"help": {"--help"}, "completion": {"completion", "bash"}, "fakeapi": {"fakeapi"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, fakeapi.Options{Match: 1})
			s.list("l.csv", 20, "")
			s.run(exitOK, "run", "l.csv")
			c := s.command(args...)
			c.unread()
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			c.waits()
			c.signal(syscall.SIGTERM)
			c.isStopped()
		})
	}
}

// TestASignalEndsTheReadingOfAStalledInput for the commands that make no call: what came is not taken for the whole input.
func TestASignalEndsTheReadingOfAStalledInput(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"plan", "read", "write"} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, fakeapi.Options{Match: 1})
			s.list("l.csv", 20, "")
			s.run(exitOK, "run", "l.csv")
			text, err := os.ReadFile(s.path("l.csv"))
			if err != nil {
				t.Fatal(err)
			}
			text = bytes.Repeat(text, 4000) // more than is looked at before rows are read
			c := s.command(command, "-")
			in, err := c.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = in.Close() }()
			c.Stdout = io.Discard
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			if _, err := in.Write(text); err != nil {
				t.Fatal(err)
			}
			c.waits()
			c.signal(syscall.SIGTERM)
			c.ends(exitSIGTERM)
			if strings.Contains(c.said.String(), "rows") {
				t.Error(c.said.String())
			}
			s.absent("stdin.results.csv", "stdin.summary.json")
		})
	}
}

// TestASecondSignalQuitsAtOnce although the grace is long and nobody reads anything.
func TestASecondSignalQuitsAtOnce(t *testing.T) {
	t.Parallel()
	s := newStage(t, fakeapi.Options{Match: 1})
	s.list("l.csv", 700, "")
	s.fifo("pipe", true)
	c := s.command("run", "--grace", "1h", "--results", "pipe", "l.csv")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	s.heard(700)
	c.waits()
	c.signal(os.Interrupt)
	c.waits() // two signals at once would be one
	c.signal(os.Interrupt)
	c.ends(exitSIGINT)
	s.absent("l.summary.json", "l.failures.csv")
}

// TestAReaderThatComesWithinTheGraceGetsEverything: the run is interrupted, but its outputs are complete.
func TestAReaderThatComesWithinTheGraceGetsEverything(t *testing.T) {
	t.Parallel()
	s := newStage(t, fakeapi.Options{Match: 1})
	s.list("l.csv", 700, "")
	s.fifo("pipe", false)
	c := s.start("run", "--grace", "1h", "--results", "pipe", "l.csv")
	s.heard(700)
	c.waits()
	c.signal(syscall.SIGTERM)
	got, err := os.ReadFile(s.path("pipe"))
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Wait() // 0 or 143: all may have been answered when the signal came
	if rows := bytes.Count(got, []byte("\n")); int64(rows) != s.summary("l.summary.json").Rows.Matched+1 {
		t.Errorf("%d lines: %s", rows, &c.said)
	}
}

// TestAStalledStandardErrorDoesNotKeepACommand that is told to end.
func TestAStalledStandardErrorDoesNotKeepACommand(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{"read": {"read", "l.csv"}, "run": {"run", "--verbose", "--grace", "200ms", "--results", "pipe", "l.csv"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, fakeapi.Options{Match: 1})
			s.list("l.csv", 700, map[string]string{"read": ",ragged"}[name])
			s.fifo("pipe", true)
			c := s.command(args...)
			c.unread()
			c.Stderr = c.Stdout
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			if name == "run" {
				s.heard(700)
			}
			c.waits()
			c.signal(syscall.SIGTERM)
			c.isStopped()
		})
	}
}

// isStopped waits for the end by SIGTERM. A busy machine may not have come to where signals are listened to: then it is the system's.
func (c *child) isStopped() {
	c.t.Helper()
	err := c.Wait()
	if status := c.ProcessState.Sys().(syscall.WaitStatus); status.ExitStatus() != exitSIGTERM && status.Signal() != syscall.SIGTERM {
		c.t.Errorf("%v: %v: %s", err, status, &c.said)
	}
}

func TestASignalEndsTheWaitForALedger(t *testing.T) {
	t.Parallel()
	s := newStage(t, fakeapi.Options{Latency: 200 * time.Millisecond})
	s.list("l.csv", 300, "")
	first := s.start("run", "--workers", "1", "l.csv")
	s.heard(1)
	second := s.start("run", "--lock-wait", "1h", "--out", s.dir, "--results", "second.csv", "l.csv")
	time.Sleep(2 * time.Second) // another process that looks whether the lock is free, every 20 ms: it does not come to rest
	second.signal(syscall.SIGTERM)
	second.isStopped()
	second.says("waiting for the ledger, which another run has locked: process ", "; at most 1 h 0 min (--lock-wait)")
	s.absent("second.csv")
	first.signal(syscall.SIGHUP)
	first.ends(exitSIGHUP)
	if sum := s.summary("l.summary.json"); sum.Rows.Matched+sum.Rows.NoMatch != s.api.Stats().Calls || sum.Rows.Failed != 0 {
		t.Errorf("%d calls, %+v", s.api.Stats().Calls, sum.Rows)
	}
}
