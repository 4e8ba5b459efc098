package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"enrich/client/fakeapi"
)

// processTimeout bounds each process.
const processTimeout = 15 * time.Minute

// A cost is what one process used.
type cost struct {
	wall time.Duration
	cpu  time.Duration
	peak int64 // KiB
}

func (c cost) cpuPerRow(rows int) float64 { return float64(c.cpu.Microseconds()) / float64(rows) }
func (c cost) peakMiB() float64           { return float64(c.peak) / 1024 }

// measure runs a command to its end. Exit codes other than 0 and the accepted ones are errors.
func measure(cmd *exec.Cmd, accepted ...int) (cost, error) {
	var stderr strings.Builder
	cmd.Stderr = &stderr
	start := time.Now()
	err := cmd.Run()
	c := cost{wall: time.Since(start)}
	if state := cmd.ProcessState; state != nil {
		c.cpu = state.UserTime() + state.SystemTime()
		c.peak = peakOf(state)
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		for _, code := range accepted {
			if exit.ExitCode() == code {
				return c, nil
			}
		}
	}
	if err != nil {
		return c, fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, stderr.String())
	}
	return c, nil
}

func (b *bench) run(url, input, ledger string, workers int) (cost, error) {
	cmd, cancel := b.command(url, input, ledger, workers)
	defer cancel()
	return measure(cmd)
}

// command returns an `enrich run`, which ends when it is cancelled.
func (b *bench) command(url, input, ledger string, workers int, flags ...string) (*exec.Cmd, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(context.Background(), processTimeout)
	args := []string{"run", "--quiet", "--url", url, "--ledger", ledger, "--workers", strconv.Itoa(workers), "--out", b.dir}
	cmd := exec.CommandContext(ctx, b.enrich, append(append(args, flags...), input)...)
	cmd.Env = append(os.Environ(), "SELLING_API_KEY=bench")
	return cmd, cancel
}

// sharing returns an `enrich run` whose ledger is in a database.
func (b *bench) sharing(url, input, ledger string, flags ...string) (*exec.Cmd, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(context.Background(), processTimeout)
	args := []string{"run", "--quiet", "--url", url, "--ledger", ledger, "--workers", strconv.Itoa(sharedWorkers)}
	if len(flags) == 0 {
		flags = []string{"--out", b.dir}
	}
	cmd := exec.CommandContext(ctx, b.enrich, append(append(args, flags...), input)...)
	cmd.Env = append(os.Environ(), "SELLING_API_KEY=bench")
	return cmd, cancel
}

// callsOf returns how many calls a server has had.
func callsOf(url string) (int64, error) {
	stats, err := statsOf(url)
	return stats.Calls, err
}

// statsOf returns what a server has counted.
func statsOf(url string) (stats fakeapi.Stats, err error) {
	resp, err := http.Get(url + "/_stats")
	if err != nil {
		return stats, err
	}
	defer func() { _ = resp.Body.Close() }() // it was read
	err = json.NewDecoder(resp.Body).Decode(&stats)
	return stats, err
}

// own runs a part of this program in a process of its own; see partOf.
func (b *bench) own(part string, args ...string) (cost, error) {
	ctx, cancel := context.WithTimeout(context.Background(), processTimeout)
	defer cancel()
	return measure(exec.CommandContext(ctx, b.self, append([]string{part}, args...)...))
}

// input writes a file with this many different contacts.
func (b *bench) input(rows int) (string, error) {
	path := filepath.Join(b.dir, fmt.Sprintf("rows-%d.csv", rows))
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	w := bufio.NewWriter(f) // Flush returns its first error
	_, _ = fmt.Fprintln(w, "id,email,first_name,last_name,company_name,notes")
	for i := range rows {
		_, _ = fmt.Fprintf(w, "%d,%s,Ann%d,Smith,Northwind Traders,\"met at the fair, wants a call\"\n", i, address(i), i%1000)
	}
	return path, errors.Join(w.Flush(), f.Close())
}

func address(i int) string { return fmt.Sprintf("ann.smith.%d@northwind.example", i) }

// A server is an API in a process of its own.
type server struct {
	url  string
	stop func()
}

// serve starts the stand-in API.
func (b *bench) serve(args ...string) (*server, error) {
	return startServer(b.enrich, append([]string{"fakeapi", "--count-contacts=false", "--match", "1"}, args...)...)
}

// serveBare starts a [bareAPI], which records the times of a number of calls.
func (b *bench) serveBare(latency time.Duration, calls int) (*server, error) {
	return startServer(b.self, "api", latency.String(), strconv.Itoa(calls))
}

// startServer starts a program that prints its URL as its first line.
func startServer(program string, args ...string) (*server, error) {
	ctx, cancel := context.WithTimeout(context.Background(), processTimeout)
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		cancel()
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		cancel()
		return nil, err
	}
	stop := func() {
		cancel()
		_ = cmd.Wait() // it was killed
	}
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		stop()
		return nil, fmt.Errorf("start the stand-in API: %w", err)
	}
	return &server{strings.TrimSpace(url), stop}, nil
}
