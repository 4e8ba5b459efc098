// Command team shows on one machine how several machines share a ledger: `make team`.
//
// It starts a real PostgreSQL in a temporary folder, the stand-in API, and three runs of the same command on one list. It kills one
// of them in the middle, prints the API's own count of calls, compares what the others have written, and stops everything. It uses
// only loopback, takes about a minute, and ends by itself after three.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"enrich/client/fakeapi"
	"enrich/internal/localpg"
)

const (
	bound    = 3 * time.Minute
	contacts = 4000
	killedAt = 1500 // calls: then one run is killed
	workers  = 16   // of each run: at most twice as many calls are in doubt after a kill
	timeout  = 2    // of one call, in seconds; a run that died is taken over 30 s later
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	program := flag.String("enrich", "", "use this `PROGRAM` instead of building one")
	flag.Parse()
	if err := show(ctx, os.Stdout, *program); err != nil {
		fmt.Fprintln(os.Stderr, "team:", err)
		stop()
		os.Exit(1)
	}
}

// show shows it all. Nothing of it remains.
func show(ctx context.Context, out io.Writer, program string) (err error) {
	ctx, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	dir, err := os.MkdirTemp("", "enrich-team-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s := &stage{dir: dir, program: program, out: &lines{w: out}}
	if program == "" {
		s.program = filepath.Join(dir, "enrich")
		s.say("building enrich")
		if err := s.command(ctx, "", "go", "build", "-o", s.program, "enrich/cmd/enrich").Run(); err != nil {
			return fmt.Errorf("build enrich: %w", err)
		}
	}
	s.say("starting PostgreSQL in a temporary folder")
	server, err := localpg.Start(ctx, localpg.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	if s.ledger, err = server.CreateDatabase(ctx, "ledger"); err != nil {
		return err
	}
	api, end, err := s.startAPI(ctx)
	if err != nil {
		return err
	}
	defer end()
	s.api = api
	return s.play(ctx)
}

// A stage is what the runs need.
type stage struct {
	dir, program, ledger, api string
	out                       *lines
}

// play runs the three commands.
func (s *stage) play(ctx context.Context) error {
	if err := s.enrich(ctx, "init", "ledger", "init").Run(); err != nil {
		return fmt.Errorf("enrich ledger init: %w", err)
	}
	if err := s.writeList(); err != nil {
		return err
	}
	s.say("three runs of the same command on one list of %d contacts; the third writes no outputs", contacts)
	run := []string{"run", "--timeout", fmt.Sprintf("%ds", timeout), "--workers", fmt.Sprint(workers), "leads.csv"}
	a, b := s.enrich(ctx, "a", append(run, "--out", "a")...), s.enrich(ctx, "b", append(run, "--out", "b")...)
	c := s.enrich(ctx, "c", append(run, "--no-outputs")...)
	for _, cmd := range []*exec.Cmd{a, b, c} {
		if err := cmd.Start(); err != nil {
			return err
		}
	}
	waitErr := s.killDuring(ctx, c)
	return errors.Join(waitErr, ended("a", a.Wait()), ended("b", b.Wait()), s.judge(ctx))
}

// killDuring kills a run after some calls of all.
func (s *stage) killDuring(ctx context.Context, c *exec.Cmd) error {
	for ctx.Err() == nil {
		stats, err := s.stats(ctx)
		if err != nil {
			return err
		}
		if stats.Calls >= killedAt {
			s.say("kill -9 of run c after %d calls; a run that died is taken over %d s after its last sign", stats.Calls, timeout+30)
			err = c.Process.Kill()
			_ = c.Wait() // it was killed
			return err
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
		}
	}
	return context.Cause(ctx)
}

func ended(name string, err error) error {
	if err != nil {
		return fmt.Errorf("run %s: %w", name, err)
	}
	return nil
}

// judge compares the outputs, and prints what the API has counted.
func (s *stage) judge(ctx context.Context) error {
	stats, err := s.stats(ctx)
	if err != nil {
		return err
	}
	twice := 0
	for _, n := range stats.Contacts {
		twice += int(n) - 1
	}
	s.say("the API counted %d calls for %d contacts: %d were sent again, because the killed run had them in flight (at most %d)",
		stats.Calls, len(stats.Contacts), twice, 2*workers)
	a, aerr := os.ReadFile(filepath.Join(s.dir, "a", "leads.results.csv"))
	b, berr := os.ReadFile(filepath.Join(s.dir, "b", "leads.results.csv"))
	switch {
	case aerr != nil || berr != nil:
		return errors.Join(aerr, berr)
	case !bytes.Equal(a, b):
		return errors.New("the two runs have written different results")
	case len(stats.Contacts) != contacts || twice > 2*workers:
		return errors.New("the API's count is not what was promised")
	}
	s.say("both runs have written the same %d bytes", len(a))
	return nil
}

func (s *stage) writeList() error {
	var list strings.Builder
	list.WriteString("email\n")
	for n := range contacts {
		fmt.Fprintf(&list, "person%d@example.com\n", n)
	}
	return errors.Join(os.Mkdir(filepath.Join(s.dir, "a"), 0o700), os.Mkdir(filepath.Join(s.dir, "b"), 0o700),
		os.WriteFile(filepath.Join(s.dir, "leads.csv"), []byte(list.String()), 0o600))
}

// startAPI starts the stand-in API and returns its URL.
func (s *stage) startAPI(ctx context.Context) (url string, end func(), err error) {
	cmd := s.enrich(ctx, "api", "fakeapi", "--addr", "127.0.0.1:0", "--match", "0.8", "--latency", "20ms")
	cmd.Stdout = nil
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	end = func() {
		_ = cmd.Process.Signal(os.Interrupt) // it may have ended
		_ = cmd.Wait()
	}
	url, err = bufio.NewReader(out).ReadString('\n')
	if err != nil {
		end()
		return "", nil, fmt.Errorf("start the stand-in API: %w", err)
	}
	return strings.TrimSpace(url), end, nil
}

func (s *stage) stats(ctx context.Context) (stats fakeapi.Stats, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.api+"/_stats", nil)
	if err != nil {
		return stats, err
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return stats, err
	}
	defer func() { _ = response.Body.Close() }() // it was only read
	return stats, json.NewDecoder(response.Body).Decode(&stats)
}

func (s *stage) enrich(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := s.command(ctx, name, s.program, args...)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "SELLING_API_KEY=demo", "ENRICH_URL="+s.api, "ENRICH_LEDGER="+s.ledger, "XDG_CONFIG_HOME="+filepath.Join(s.dir, "config"))
	return cmd
}

// command returns a command whose output is shown line by line, after a name. It is killed when ctx is done.
func (s *stage) command(ctx context.Context, name, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.WaitDelay = 5 * time.Second
	w := &named{name: name, to: s.out}
	cmd.Stdout, cmd.Stderr = w, w
	return cmd
}

func (s *stage) say(format string, args ...any) { s.out.line("", fmt.Sprintf(format, args...)) }

// lines writes whole lines of several writers.
type lines struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lines) line(name, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if name != "" {
		text = "  " + name + ": " + text
	}
	_, _ = fmt.Fprintln(l.w, text) // there is nobody else to tell
}

// named is the output of one command.
type named struct {
	name string
	to   *lines
	rest []byte
}

// Write implements [io.Writer].
func (n *named) Write(b []byte) (int, error) {
	n.rest = append(n.rest, b...)
	for {
		line, rest, found := bytes.Cut(n.rest, []byte("\n"))
		if !found {
			return len(b), nil
		}
		n.to.line(n.name, string(line))
		n.rest = rest
	}
}
