//go:build unix

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"enrich/client/fakeapi"
	"enrich/internal/debian"
	"enrich/internal/localpg"
	"enrich/internal/localpg/pgproxy"
	"enrich/internal/localpg/pgtest"
)

const (
	// A run of a chaos is declared dead after both: the timeout of its calls, and what takes the place of the 30 s. As with those, it
	// must be longer than a database whose disk is busy with other tests is away.
	chaosTimeout, chaosPatience = time.Second, 20 * time.Second
	// longStop is how long a process is stopped that others shall declare dead.
	longStop = chaosTimeout + chaosPatience + 2*time.Second
	// patienceForMachine is how long the process of a machine may take.
	patienceForMachine = 4 * time.Minute
)

// A chaos is machines that share a ledger in a database, while processes, connections and the server break.
type chaos struct {
	*stage
	server   *localpg.Server
	proxy    *pgproxy.Proxy // between the machines and the server
	seed     uint64
	machines []*machine
	workers  int
	lists    map[string][]string // the addresses of the rows, by the folder of the input
	working  sync.WaitGroup
}

// newChaos starts a stand-in API, and a server with an empty ledger.
func newChaos(t *testing.T, seed uint64, o fakeapi.Options) *chaos {
	t.Helper()
	debian.SkipIfShort(t) // a chaos takes minutes with the race detector
	server := pgtest.Start(t, localpg.Options{})
	url, err := server.CreateDatabase(t.Context(), "ledger")
	if err != nil {
		t.Fatal(err)
	}
	proxy, err := pgproxy.Start(server.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = proxy.Close() })
	c := &chaos{stage: newStage(t, o), server: server, proxy: proxy, seed: seed, workers: 4, lists: map[string][]string{}}
	c.database = proxy.URL(url)
	c.run(exitOK, "ledger", "init")
	return c
}

// list writes the file leads.csv of a folder, with a header and an id for each address.
func (c *chaos) list(folder string, addresses []string) {
	c.t.Helper()
	var text strings.Builder
	text.WriteString("id,email\n")
	for n, address := range addresses {
		fmt.Fprintf(&text, "%d,%s\n", n, address)
	}
	if err := os.MkdirAll(c.path(folder), 0o700); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(c.path(filepath.Join(folder, "leads.csv")), []byte(text.String()), 0o600); err != nil {
		c.t.Fatal(err)
	}
	c.lists[folder] = addresses
}

// addresses are n of them, some twice.
func addresses(name string, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("%s.%d@kill.example", name, i)
		if i%20 == 19 {
			all[i] = all[i/2]
		}
	}
	return all
}

// A machine gives a command until it ends by itself, as a supervisor does.
type machine struct {
	c       *chaos
	list    string // the folder of its input
	out     string // the folder of its outputs
	args    []string
	exits   []int // the exit codes with which it may end
	once    bool  // it is not started again after it was killed
	exited  int   // its last exit code; -1: it was killed
	runs    int
	sayings []string // what each of its processes said

	mu      sync.Mutex
	process *os.Process // nil: none runs
	killed  bool        // the one that runs was killed
	stopped bool        // the one that runs was stopped for long
}

// machine starts a machine that works on the list of a folder.
func (c *chaos) machine(list, out string, exits []int, args ...string) *machine {
	c.t.Helper()
	m := &machine{c: c, list: list, out: out, exits: exits, args: args}
	if err := os.MkdirAll(c.path(out), 0o700); err != nil {
		c.t.Fatal(err)
	}
	c.machines = append(c.machines, m)
	return m
}

// begin starts the work of all machines.
func (c *chaos) begin() {
	for _, m := range c.machines {
		c.working.Go(m.work)
	}
}

// work starts the command until it ends by itself.
func (m *machine) work() {
	for !m.c.t.Failed() {
		p := m.start()
		if p == nil {
			return
		}
		_ = p.Wait() // the exit code says it
		m.sayings = append(m.sayings, p.said.String())
		m.exited = p.ProcessState.ExitCode()
		killed, stopped := m.ended()
		switch {
		case killed && m.exited < 0:
			if m.once {
				return
			}
		case stopped && m.exited == exitInternal && strings.Contains(p.said.String(), `"code":"run_fenced"`):
		case slices.Contains(m.exits, m.exited):
			return
		default:
			m.c.t.Errorf("%q: exit code %d, killed: %v, stopped: %v\n%s", p.Args[1:], m.exited, killed, stopped, p.said.String())
			return
		}
	}
}

func (m *machine) start() *child {
	p := m.c.commandWithin(patienceForMachine, slices.Concat([]string{
		"run", "--workers", strconv.Itoa(m.c.workers), "--timeout", chaosTimeout.String(), "--lost-retries", strconv.Itoa(mostLost),
		"--log-format", "json", "--out", m.c.path(m.out),
	}, m.args, []string{m.c.path(filepath.Join(m.list, "leads.csv"))})...)
	p.Env = append(p.Env, patience+"="+chaosPatience.String())
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := p.Start(); err != nil {
		m.c.t.Error(err)
		return nil
	}
	m.runs++
	m.process, m.killed, m.stopped = p.Process, false, false
	return p
}

func (m *machine) ended() (killed, stopped bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.process = nil
	return m.killed, m.stopped
}

// kill kills the process that runs, and reports whether one did.
func (m *machine) kill() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.process == nil || m.killed {
		return false
	}
	m.killed = true
	return m.process.Kill() == nil
}

// stop stops the process that runs for longer than its lease and the patience of the others.
func (m *machine) stop() bool {
	m.mu.Lock()
	process := m.process
	ok := process != nil && !m.killed && process.Signal(syscall.SIGSTOP) == nil
	m.stopped = m.stopped || ok
	m.mu.Unlock()
	if ok {
		time.Sleep(longStop)                // another process's lease
		_ = process.Signal(syscall.SIGCONT) // it may have been killed
	}
	return ok
}

// await waits for the machines to end, for at most a time.
func (c *chaos) await(most time.Duration) (ended bool) {
	done := make(chan struct{})
	go func() { c.working.Wait(); close(done) }()
	select {
	case <-done:
		return true
	case <-time.After(most):
		return false
	}
}

// breaks are how often what breaks.
type breaks struct{ kills, servers, stops, cuts int }

// harm breaks things at random instants, until all was broken or the machines have ended. It takes off what it has broken.
func (c *chaos) harm(left *breaks) {
	random := rand.New(rand.NewPCG(c.seed, uint64(len(c.lists))))
	c.cutSome(random.Uint64(), &left.cuts)
	var stops sync.WaitGroup
	defer stops.Wait()
	defer c.proxy.OnBatch(nil)
	for left.kills+left.servers > 0 && !c.t.Failed() {
		if c.await(time.Duration(50+random.IntN(600)) * time.Millisecond) {
			return
		}
		switch n := random.IntN(max(left.kills, 0) + left.servers); {
		case n < left.servers:
			left.servers--
			c.killServer()
		case left.stops > 0 && random.IntN(6) == 0:
			left.stops--
			stops.Go(func() { c.victim(random.Uint64()).stop() })
		case c.victim(random.Uint64()).kill():
			left.kills--
		}
	}
}

// victim chooses a machine. The first one lives longer than the others: somebody must see who is dead.
func (c *chaos) victim(n uint64) *machine {
	if n>>32%25 == 0 {
		return c.machines[0]
	}
	return c.machines[1+n%uint64(len(c.machines)-1)]
}

func (c *chaos) killServer() {
	if err := c.server.Kill(); err != nil {
		c.t.Fatal(err)
	}
	if err := c.server.Restart(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
}

// cutSome cuts connections at the instants at which something is committed: before, while and after the server does it.
func (c *chaos) cutSome(seed uint64, left *int) {
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(seed, 0))
	c.proxy.OnBatch(func(_ context.Context, b pgproxy.Batch) pgproxy.Action {
		mu.Lock()
		defer mu.Unlock()
		if *left <= 0 || !b.Commits || random.IntN(100) > 0 {
			return pgproxy.Forward
		}
		*left--
		return []pgproxy.Action{pgproxy.CutBefore, pgproxy.CutAfter, pgproxy.CutAfter, pgproxy.CutSent}[random.IntN(4)]
	})
}

// TestMachinesInChaos: machines work on one file, and others on a file with half of its contacts, in another order. Processes are
// killed and stopped, the server is killed, and connections are cut when something is committed. The stand-in's count is the judge.
func TestMachinesInChaos(t *testing.T) {
	t.Parallel()
	debian.SkipIfShort(t)
	pgtest.Install(t) // or this test is left out: its lives would be, one after the other
	kills, seed := number64(t, soakKills, 12), number64(t, killSeed, time.Now().UnixNano())
	t.Logf("%d kills; to have these again: %s=%d %s=%d", kills, soakKills, kills, killSeed, seed)
	total := breaks{kills: int(kills), servers: int(kills+9) / 10, stops: int(kills+24) / 25, cuts: int(kills)}
	left := total
	for n := 0; left.kills+left.servers > 0 && !t.Failed(); n++ {
		t.Run(strconv.Itoa(n), func(t *testing.T) { chaosLife(t, uint64(seed)+uint64(n), &left) })
	}
	t.Logf("%d kills of processes and %d of the server, %d long stops, %d cut connections", total.kills-left.kills, total.servers-left.servers,
		total.stops-left.stops, total.cuts-left.cuts)
}

// chaosLife is one ledger with at most 40 kills.
func chaosLife(t *testing.T, seed uint64, left *breaks) {
	c := newChaos(t, seed, fakeapi.Options{Match: 0.8, Latency: 10 * time.Millisecond, LatencyJitter: 30 * time.Millisecond, Seed: int64(seed)})
	c.workers = []int{1, 4, 16}[seed%3]
	now := breaks{min(left.kills, 40), min(left.servers, 4), min(left.stops, 2), min(left.cuts, 40)}
	before := now
	for round := 0; round == 0 || now.kills+now.servers > 0 && !t.Failed(); round++ {
		first := addresses(fmt.Sprint("a", round), min(600*c.workers, 3000))
		second := slices.Concat(first[len(first)/2:], addresses(fmt.Sprint("b", round), min(300*c.workers, 1500)))
		slices.Reverse(second)
		c.machines = c.machines[:0]
		clear(c.lists)
		one, other := fmt.Sprint("one", round), fmt.Sprint("other", round)
		c.list(one, first)
		c.list(other, second)
		for n := range 5 {
			list := one
			if n > 2 {
				list = other
			}
			c.machine(list, fmt.Sprintf("out%d.%d", round, n), []int{exitOK})
		}
		c.begin()
		c.harm(&now)
		if !c.await(patienceForMachine) {
			t.Fatal("the machines do not end")
		}
		c.judge(t)
	}
	left.kills -= before.kills - now.kills
	left.servers -= before.servers - now.servers
	left.stops -= before.stops - now.stops
	left.cuts -= before.cuts - now.cuts
}
