package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// processes compares the calls per second of 2 and 4 processes on one input with those of one process. Each round has all three, and
// as many rows per process. All processes, the database and the API share the machine, so the API is a [bareAPI].
func (s *shared) processes(ctx context.Context) error {
	const each = 20 * time.Millisecond
	rates, whole := map[int][]float64{}, map[int][]float64{}
	var wasted, useful int64
	for round := range sharedRounds {
		for _, n := range []int{1, 2, 4} {
			name := fmt.Sprintf("processes_%d_%d", round, n)
			rows := n * max(leastRows, s.count(rowsPerRun))
			url, err := s.newLedger(ctx, name)
			if err != nil {
				return err
			}
			rate, wall, err := s.together(name, url, rows, n, each)
			if err != nil {
				return err
			}
			rates[n], whole[n] = append(rates[n], rate), append(whole[n], float64(rows)/wall.Seconds())
			if n == 1 {
				continue
			}
			var bad, all int64
			const claims = "SELECT coalesce(sum(cardinality(refused)), 0), coalesce(sum(length(keys) / 32), 0) FROM enrich.intent"
			if err := query(ctx, url, claims, &bad, &all); err != nil {
				return err
			}
			wasted, useful = wasted+bad, useful+all-bad
		}
	}
	s.add("1 process, 20 ms calls", "", fmt.Sprintf("%.0f calls/s", median(rates[1])), fmt.Sprintf("bare API; whole run %.0f contacts/s; at most %.0f", median(whole[1]), sharedWorkers/each.Seconds()))
	for n, goal := range map[int]float64{2: 0.9, 4: 0.85} {
		var ratio, ratioWhole []float64
		for i := range rates[n] {
			ratio = append(ratio, rates[n][i]/rates[1][i]/float64(n))
			ratioWhole = append(ratioWhole, whole[n][i]/whole[1][i]/float64(n))
		}
		s.add(fmt.Sprintf("%d processes, 20 ms calls", n), fmt.Sprintf(">= %.2f x n of one", goal), fmt.Sprintf("%.2f x n (%.0f calls/s)", median(ratio), median(rates[n])),
			fmt.Sprintf("rounds %s; whole runs %.2f x n", spread(ratio), median(ratioWhole)))
	}
	s.add("claims wasted", "< 0.1 %", fmt.Sprintf("%.3f %% of %d", 100*float64(wasted)/float64(max(1, useful)), useful), "")
	return nil
}

// together runs processes of the same command on one input. The first one writes the outputs.
func (s *shared) together(name, ledger string, rows, n int, each time.Duration) (rate float64, wall time.Duration, err error) {
	api, err := s.serveBare(each, rows)
	if err != nil {
		return 0, 0, err
	}
	defer api.stop()
	input, err := s.list(name, rows)
	if err != nil {
		return 0, 0, err
	}
	out := filepath.Join(s.dir, name)
	if err := os.Mkdir(out, 0o700); err != nil {
		return 0, 0, err
	}
	costs, errs := make([]cost, n), make([]error, n)
	var running sync.WaitGroup
	for i := range n {
		flags := []string{"--out", out}
		if i > 0 {
			flags = []string{"--no-outputs"}
		}
		cmd, cancel := s.sharing(api.url, input, ledger, flags...)
		defer cancel()
		running.Go(func() { costs[i], errs[i] = measure(cmd) })
	}
	running.Wait()
	for _, c := range costs {
		wall = max(wall, c.wall)
	}
	at, err := arrivalsOf(api.url)
	if err == nil && len(at) != rows {
		err = fmt.Errorf("%d processes made %d calls for %d contacts", n, len(at), rows)
	}
	return perSecond(at), wall, errors.Join(append(errs, err)...)
}

// single measures one process without latency, and compares it with a run whose ledger is a file.
func (s *shared) single(ctx context.Context) error {
	rows := s.count(rowsAtOnce)
	api, err := s.serve()
	if err != nil {
		return err
	}
	defer api.stop()
	var c comparison
	for round := range sharedRounds {
		name := fmt.Sprintf("single_%d", round)
		input, err := s.list(name, rows)
		if err != nil {
			return err
		}
		file, err := s.run(api.url, input, filepath.Join(s.dir, name+".db"), sharedWorkers)
		if err != nil {
			return err
		}
		url, err := s.newLedger(ctx, name)
		if err != nil {
			return err
		}
		used, err := s.used(ctx, url, func() (cost, error) {
			cmd, cancel := s.sharing(api.url, input, url)
			defer cancel()
			return measure(cmd)
		})
		if err != nil {
			return err
		}
		c.add(rows, file, used)
	}
	s.add("no latency, 1 process", "", fmt.Sprintf("%.0f contacts/s", median(c.rate)), "whole run, with its start and its outputs; rounds "+spread(c.rate))
	s.addComparison(&c, "")
	s.add(fmt.Sprintf("memory, %d contacts", rows), fmt.Sprintf("<= %.1f MiB", maxMemory(rows)), fmt.Sprintf("%.1f MiB", median(c.peak)), "")
	return nil
}
