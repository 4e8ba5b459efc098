package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"enrich/client/fakeapi"
	"enrich/contact"
)

func TestAnInputThatChangesIsNotPublished(t *testing.T) {
	t.Parallel()
	for change, do := range map[string]func(*os.File) error{
		"it grows": func(f *os.File) error {
			_, err := f.Seek(0, io.SeekEnd)
			_, werr := fmt.Fprintln(f, "new@x.example")
			return errors.Join(err, werr)
		},
		"it is cut": func(f *os.File) error { return f.Truncate(40) },
	} {
		t.Run(change, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, fakeapi.Options{Latency: 20 * time.Millisecond})
			s.list("l.csv", 40, "")
			c := s.start("run", "--workers", "2", "l.csv")
			s.heard(4)
			f, err := os.OpenFile(s.path("l.csv"), os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(do(f), f.Close()); err != nil {
				t.Fatal(err)
			}
			c.ends(exitInternal)
			if !strings.Contains(c.said.String(), "the input changed while it was read") {
				t.Error(c.said.String())
			}
			s.absent("l.results.csv", "l.failures.csv", "l.summary.json")
			s.calls(40)
			s.list("l.csv", 40, "")
			s.run(exitOK, "run", "l.csv") // the answers were kept
			s.calls(40)
		})
	}
}

func TestAnOutputDirectoryThatGoesAwayCostsNothing(t *testing.T) {
	t.Parallel()
	s := newStage(t, fakeapi.Options{Latency: 20 * time.Millisecond})
	s.list("l.csv", 40, "")
	if err := os.Mkdir(s.path("out"), 0o700); err != nil {
		t.Fatal(err)
	}
	c := s.start("run", "--workers", "2", "--out", "out", "l.csv")
	s.heard(4)
	if err := os.RemoveAll(s.path("out")); err != nil {
		t.Fatal(err)
	}
	c.ends(exitInternal)
	s.run(exitOK, "write", "l.csv")
	s.calls(40)
}

// startForHead starts a command whose standard output must begin with head, reads no more of it and closes it.
func (s *stage) startForHead(head string, args ...string) *child {
	s.t.Helper()
	c := s.command(args...)
	c.Stdout = nil
	out, err := c.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		s.t.Fatal(err)
	}
	got := make([]byte, len(head))
	_, err = io.ReadFull(out, got)
	if err := errors.Join(err, out.Close()); err != nil || string(got) != head {
		s.t.Errorf("%q, %v", got, err)
	}
	return c
}

// The reader of our standard output goes away in the middle: the run ends with 1, and the set is not published.
func TestAReaderThatGoesAwayEndsTheWrite(t *testing.T) {
	t.Parallel()
	s := newStage(t, fakeapi.Options{Match: 1})
	s.list("l.csv", 500, "") // more than fits a pipe
	c := s.startForHead("email,", "run", "--results", "-", "l.csv")
	c.ends(exitInternal)
	if !strings.Contains(c.said.String(), "broken pipe") {
		t.Error(c.said.String())
	}
	s.absent("l.failures.csv", "l.summary.json")
	s.run(exitOK, "run", "l.csv")
	s.calls(500)
}

// The reader of a command that only prints goes away, as head does: the command ends silently.
func TestAReaderThatGoesAwayEndsACommandThatPrints(t *testing.T) {
	t.Parallel()
	s := newStage(t, fakeapi.Options{Match: 1})
	s.list("l.csv", 20_000, "") // more than fits a pipe and a buffer
	s.run(exitOK, "run", "l.csv")
	for _, args := range [][]string{{"read", "--quiet", "l.csv"}, {"ledger", "export"}} {
		c := s.startForHead("{", args...)
		c.ends(exitSIGPIPE)
		if said := c.said.String(); said != "" {
			t.Errorf("%q: %s", args, said)
		}
	}
}

// Standard input that does not end: a signal ends its reading, and what came is accounted for.
func TestASignalEndsTheReadingOfASlowInput(t *testing.T) {
	t.Parallel()
	for name, rows := range map[string]int{"less than a block": 2, "more than a block": 8000} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, fakeapi.Options{Match: 1, Latency: 5 * time.Millisecond})
			s.list("l.csv", rows, "-of-a-list-that-is-long-enough")
			text, err := os.ReadFile(s.path("l.csv"))
			if err != nil {
				t.Fatal(err)
			}
			c := s.command("run", "--pending", "rest.csv", "-")
			in, err := c.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			if _, err := in.Write(text); err != nil {
				t.Fatal(err)
			}
			if rows > 2 { // it asks while it reads
				s.heard(2)
			} else {
				c.waits()
			}
			c.signal(os.Interrupt)
			c.ends(exitSIGINT)
			sum := s.summary("stdin.summary.json")
			if sum.Rows.Matched != s.api.Stats().Calls || sum.Rows.Failed != 0 || *sum.Stopped != contact.StopInterrupted || rows == 2 && sum.Rows.Pending != 2 {
				t.Errorf("%d calls, %+v", s.api.Stats().Calls, sum)
			}
			rest, err := os.ReadFile(s.path("rest.csv"))
			if n := int64(bytes.Count(rest, []byte("\n"))) - 1; err != nil || n != sum.Rows.Pending {
				t.Errorf("%d rows are in the pending file, expected %d: %v", n, sum.Rows.Pending, err)
			}
			_ = in.Close() // the child is gone
		})
	}
}

// TestACutInputDoesNotReplaceGoodOutputs: the beginning of a stream has fewer answers than the whole, because a signal ended its
// reading and not because it is another list.
func TestACutInputDoesNotReplaceGoodOutputs(t *testing.T) {
	t.Parallel()
	s := newStage(t, fakeapi.Options{Match: 1})
	s.list("l.csv", 20, "")
	text := s.read("l.csv")
	c := s.command("run", "-")
	c.Stdin = strings.NewReader(text)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	c.ends(exitOK)
	results, summary := s.read("stdin.results.csv"), s.read("stdin.summary.json")
	c = s.command("run", "-")
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(in, text[:len(text)/2]); err != nil {
		t.Fatal(err)
	}
	c.waits()
	c.signal(os.Interrupt)
	c.ends(exitSIGINT)
	if s.read("stdin.results.csv") != results || s.read("stdin.summary.json") != summary {
		t.Errorf("the outputs were replaced: %s", &c.said)
	}
	for _, expected := range []string{"standard input was not read to its end", "kept the existing outputs: they have 20 answered rows"} {
		if !strings.Contains(c.said.String(), expected) {
			t.Errorf("%q is not in %s", expected, &c.said)
		}
	}
}
