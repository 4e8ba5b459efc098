package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"enrich/client/fakeapi"
	"enrich/contact"
	"enrich/pipeline"
)

// A stage is a directory, a stand-in API, and commands that run there as processes of their own.
type stage struct {
	t        *testing.T
	dir      string
	api      *fakeapi.Server
	database string // the ledger; "": the file ledger.db
}

func newStage(t *testing.T, o fakeapi.Options) *stage {
	t.Helper()
	api, err := fakeapi.Listen(context.Background(), "127.0.0.1:0", o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(api.Close)
	return &stage{t: t, dir: t.TempDir(), api: api}
}

func (s *stage) path(name string) string { return filepath.Join(s.dir, name) }

// list writes an input of n contacts.
func (s *stage) list(name string, n int, tag string) {
	var b strings.Builder
	b.WriteString("email\n")
	for i := range n {
		fmt.Fprintf(&b, "p%d%s@x.example\n", i, tag)
	}
	if err := os.WriteFile(s.path(name), []byte(b.String()), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// A child is one command under way.
type child struct {
	*exec.Cmd
	t    *testing.T
	api  *fakeapi.Server // which it calls
	said bytes.Buffer    // standard error, and standard output where it is not taken
}

// patienceForChild is how long a child may take before it is taken to hang.
const patienceForChild = 3 * time.Minute

func (s *stage) command(args ...string) *child { return s.commandWithin(patienceForChild, args...) }

func (s *stage) commandWithin(most time.Duration, args ...string) *child {
	ctx, cancel := context.WithTimeout(context.Background(), most)
	s.t.Cleanup(cancel)
	c := &child{Cmd: exec.CommandContext(ctx, "enrich", args...), t: s.t, api: s.api}
	c.Dir = s.dir
	c.Env = append(os.Environ(), "SELLING_API_KEY=key-of-a-process-7", "ENRICH_URL="+s.api.URL, "ENRICH_LEDGER="+cmp.Or(s.database, "ledger.db"), "XDG_CONFIG_HOME="+s.path("config"), statusFile+"=status")
	c.Stdout, c.Stderr = &c.said, &c.said
	return c
}

func (s *stage) start(args ...string) *child {
	c := s.command(args...)
	if err := c.Start(); err != nil {
		s.t.Fatal(err)
	}
	return c
}

func (c *child) signal(sig os.Signal) {
	if err := c.Process.Signal(sig); err != nil {
		c.t.Fatal(err)
	}
}

// waits returns when the child only waits: none of its threads runs, or is about to, and the stand-in has answered what it was asked, at
// thirty looks in a row. Where the system does not tell, that is the time of these looks.
func (c *child) waits() {
	c.t.Helper()
	const looks = 30
	began := time.Now()
	for idle := 0; idle < looks; idle++ {
		time.Sleep(10 * time.Millisecond) // another process has no clock that could be passed in
		if c.busy() {
			idle = -1
		}
		if time.Since(began) > patienceForChild {
			_ = c.Process.Kill() // it may have ended
			c.t.Fatalf("it does not come to rest: %v: %s", c.Wait(), &c.said)
		}
	}
}

// busy reports whether a thread of the child runs, is about to, or waits for a disk, or the child waits for the stand-in.
func (c *child) busy() bool {
	if c.api.Stats().InFlight > 0 {
		return true
	}
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", c.Process.Pid)) // the pattern is valid
	for _, thread := range threads {
		text, err := os.ReadFile(thread)
		if _, state, _ := strings.Cut(string(text), ") "); err == nil && !strings.HasPrefix(state, "S") { // else the thread has ended
			return true
		}
	}
	return false
}

// ends waits for the child and compares its exit code.
func (c *child) ends(want int) {
	c.t.Helper()
	err := c.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) {
		c.t.Fatal(err)
	}
	if got := c.ProcessState.ExitCode(); got != want {
		c.t.Errorf("%q: exit code %d, expected %d:\n%s", c.Args[1:], got, want, &c.said)
	}
}

func (s *stage) run(want int, args ...string) *child {
	s.t.Helper()
	c := s.start(args...)
	c.ends(want)
	return c
}

// heard waits until the stand-in has heard so many calls.
func (s *stage) heard(calls int64) {
	s.t.Helper()
	for began := time.Now(); s.api.Stats().Calls < calls; {
		if time.Since(began) > patienceForChild {
			s.t.Fatalf("only %d calls came", s.api.Stats().Calls)
		}
		time.Sleep(2 * time.Millisecond) // another process has no clock that could be passed in
	}
}

// settledCalls returns how many calls came when no more come from a process that was killed or stopped: what it had sent is still read.
func (s *stage) settledCalls() int64 {
	s.t.Helper()
	const quiet = 500 * time.Millisecond
	calls, since := s.api.Stats().Calls, time.Now()
	for began := since; time.Since(since) < quiet; time.Sleep(10 * time.Millisecond) {
		if st := s.api.Stats(); st.Calls != calls || st.InFlight > 0 {
			calls, since = st.Calls, time.Now()
		}
		if time.Since(began) > patienceForChild {
			s.t.Fatal("calls of a process that was killed or stopped do not end")
		}
	}
	return calls
}

func (s *stage) summary(name string) (sum pipeline.Summary) {
	s.t.Helper()
	text, err := os.ReadFile(s.path(name))
	if err != nil {
		s.t.Fatal(err)
	}
	if err := json.Unmarshal(text, &sum); err != nil {
		s.t.Fatal(err)
	}
	if r := sum.Rows; r.Matched+r.NoMatch+r.Failed+r.Pending != r.Read {
		s.t.Errorf("rows are not accounted for: %+v", r)
	}
	return sum
}

func (s *stage) absent(names ...string) {
	s.t.Helper()
	for _, name := range names {
		if _, err := os.Lstat(s.path(name)); err == nil {
			s.t.Errorf("%s is there", name)
		}
	}
}

func (s *stage) calls(want int64) {
	s.t.Helper()
	if got := s.api.Stats().Calls; got != want {
		s.t.Errorf("%d calls, expected %d", got, want)
	}
}

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

// The reader of our standard output goes away in the middle: the run ends with 1, and the set is not published.
func TestAReaderThatGoesAwayEndsTheWrite(t *testing.T) {
	t.Parallel()
	s := newStage(t, fakeapi.Options{Match: 1})
	s.list("l.csv", 500, "") // more than fits a pipe
	c := s.command("run", "--results", "-", "l.csv")
	c.Stdout = nil
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReaderSize(out, 16).ReadSlice(',')
	if err := errors.Join(err, out.Close()); err != nil || string(line) != "email," {
		t.Errorf("%q, %v", line, err)
	}
	c.ends(exitInternal)
	if !strings.Contains(c.said.String(), "broken pipe") {
		t.Error(c.said.String())
	}
	s.absent("l.failures.csv", "l.summary.json")
	s.run(exitOK, "run", "l.csv")
	s.calls(500)
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
