package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"enrich/client/fakeapi"
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
	s.write(name, b.String())
}

// write writes a file of a stage.
func (s *stage) write(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(s.path(name), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// read returns the text of a file of a stage.
func (s *stage) read(name string) string {
	s.t.Helper()
	text, err := os.ReadFile(s.path(name))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

// mkdir makes directories of a stage.
func (s *stage) mkdir(names ...string) {
	for _, name := range names {
		if err := os.Mkdir(s.path(name), 0o700); err != nil {
			s.t.Fatal(err)
		}
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

// command returns a command of enrich that is not started yet.
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

// start starts a command.
func (s *stage) start(args ...string) *child {
	c := s.command(args...)
	if err := c.Start(); err != nil {
		s.t.Fatal(err)
	}
	return c
}

// run runs a command, and compares its exit code.
func (s *stage) run(want int, args ...string) *child {
	s.t.Helper()
	c := s.start(args...)
	c.ends(want)
	return c
}

// output runs a command and returns its standard output.
func (s *stage) output(code int, args ...string) string {
	s.t.Helper()
	out, _ := s.outputs(code, nil, args...)
	return out
}

// outputs runs a command with more variables in its environment, and returns what it wrote.
func (s *stage) outputs(code int, environ []string, args ...string) (out, said string) {
	s.t.Helper()
	var data strings.Builder
	c := s.command(args...)
	c.Env = append(c.Env, environ...)
	c.Stdout = &data
	if err := c.Start(); err != nil {
		s.t.Fatal(err)
	}
	c.ends(code)
	return data.String(), c.said.String()
}

// signal sends a signal to the child.
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

// says checks that the child has printed each of some texts.
func (c *child) says(texts ...string) {
	c.t.Helper()
	for _, text := range texts {
		if !strings.Contains(c.said.String(), text) {
			c.t.Errorf("%q does not say %q:\n%s", c.Args[1:], text, &c.said)
		}
	}
}

// heard waits until the stand-in has heard a number of calls.
func (s *stage) heard(calls int64) {
	s.t.Helper()
	for began := time.Now(); s.api.Stats().Calls < calls; {
		if time.Since(began) > patienceForChild {
			s.t.Fatalf("only %d calls came", s.api.Stats().Calls)
		}
		time.Sleep(2 * time.Millisecond) // another process has no clock that could be passed in
	}
}

// calls compares how many calls the stand-in has heard.
func (s *stage) calls(want int64) {
	s.t.Helper()
	if got := s.api.Stats().Calls; got != want {
		s.t.Errorf("%d calls, expected %d", got, want)
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

// summary reads a summary, and checks that each row is counted once.
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

// absent checks that files do not exist.
func (s *stage) absent(names ...string) {
	s.t.Helper()
	for _, name := range names {
		if _, err := os.Lstat(s.path(name)); err == nil {
			s.t.Errorf("%s is there", name)
		}
	}
}

// same checks that files have the same bytes.
func (s *stage) same(names ...string) {
	s.t.Helper()
	first, err := os.ReadFile(s.path(names[0]))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, name := range names[1:] {
		other, err := os.ReadFile(s.path(name))
		if err != nil || !bytes.Equal(first, other) {
			s.t.Errorf("%s and %s differ: %v", names[0], name, err)
		}
	}
}
