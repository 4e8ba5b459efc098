package main

import (
	"fmt"
	"path/filepath"
	"strconv"
	"time"
)

// A roundCost is what one round of a comparison cost: each program had its turn in the same minute.
type roundCost struct{ loop, client, first, again cost }

// roundOf lets the bare loop, the client alone, a first run, and a second run of the same command take turns. The client alone and
// the second run are left out where only the time of the others counts.
func (b *bench) roundOf(api *server, input string, workers int, all bool) (c roundCost, err error) {
	ledger := filepath.Join(b.dir, "ledger.db")
	turns := []struct {
		cost *cost
		turn func() (cost, error)
		rest bool
	}{
		{&c.loop, func() (cost, error) { return b.own("loop", api.url, input, strconv.Itoa(workers)) }, false},
		{&c.client, func() (cost, error) { return b.own("ask", api.url, input, strconv.Itoa(workers)) }, true},
		{&c.first, func() (cost, error) { return b.run(api.url, input, ledger, workers) }, false},
		{&c.again, func() (cost, error) { return b.run(api.url, input, ledger, workers) }, true},
	}
	for _, t := range turns {
		if t.rest && !all {
			continue
		}
		if *t.cost, err = t.turn(); err != nil {
			return c, err
		}
	}
	return c, removeLedger(ledger)
}

// cpu compares CPU time per row without latency: the bare loop, the client alone, a first run, and a second one.
func (b *bench) cpu() error {
	api, err := b.serve()
	if err != nil {
		return err
	}
	defer api.stop()
	input, err := b.input(b.rows)
	if err != nil {
		return err
	}
	var rounds []roundCost
	for range b.rounds {
		c, err := b.roundOf(api, input, b.workers, true)
		if err != nil {
			return err
		}
		rounds = append(rounds, c)
	}
	cpu := func(of func(*roundCost) *cost) string {
		return spreadOf(rounds, func(c *roundCost) float64 { return of(c).cpuPerRow(b.rows) })
	}
	ratio := func(a, b func(*roundCost) *cost) string {
		return spreadOf(rounds, func(c *roundCost) float64 { return a(c).cpu.Seconds() / b(c).cpu.Seconds() })
	}
	fmt.Printf("%d rows, %d workers, no latency, median of %d rounds (min to max)\n", b.rows, b.workers, b.rounds)
	fmt.Printf("  bare net/http loop     %s µs of CPU per row\n", cpu(loopOf))
	fmt.Printf("  the client alone       %s µs of CPU per row\n", cpu(clientOf))
	fmt.Printf("  enrich run             %s µs of CPU per row\n", cpu(firstOf))
	fmt.Printf("  the same again         %s µs of CPU per row\n", cpu(againOf))
	fmt.Printf("  client / bare loop     %s (goal: at most 1.25)\n", ratio(clientOf, loopOf))
	fmt.Printf("  run / bare loop        %s (goal: at most 1.6)\n", ratio(firstOf, loopOf))
	fmt.Printf("  again / run            %s (goal: at most 0.12)\n", ratio(againOf, firstOf))
	return nil
}

func loopOf(c *roundCost) *cost   { return &c.loop }
func clientOf(c *roundCost) *cost { return &c.client }
func firstOf(c *roundCost) *cost  { return &c.first }
func againOf(c *roundCost) *cost  { return &c.again }

// latency compares the throughput at 50 ms per call with that of the bare loop, and both with the ideal throughput of the workers,
// which neither reaches, because the stand-in uses the same cores.
func (b *bench) latency() error {
	const each = 50 * time.Millisecond
	ideal := time.Duration(b.calls) * each
	fmt.Printf("at %s per call, %d calls per worker, %% of the ideal (%s), median of %d rounds (min to max)\n", each, b.calls, ideal, b.rounds)
	for _, manyWorkers := range []struct {
		times int
		goal  float64 // run / bare loop
	}{{1, 0.99}, {4, 0.99}, {16, 0.97}} {
		if err := b.latencyOf(each, manyWorkers.times*b.workers, manyWorkers.goal); err != nil {
			return err
		}
	}
	return nil
}

// latencyOf compares the throughput of a number of workers. It starts a stand-in of its own, because a process must end in processTimeout.
func (b *bench) latencyOf(each time.Duration, workers int, goal float64) error {
	api, err := b.serve("--latency", each.String())
	if err != nil {
		return err
	}
	defer api.stop()
	rows := workers * b.calls
	input, err := b.input(rows)
	if err != nil {
		return err
	}
	var rounds []roundCost
	for range b.rounds {
		c, err := b.roundOf(api, input, workers, len(rounds) == 0)
		if err != nil {
			return err
		}
		rounds = append(rounds, c)
	}
	share := func(c cost) float64 { return 100 * float64(b.calls) * each.Seconds() / c.wall.Seconds() }
	fmt.Printf("  %3d workers: bare loop %s, whole run %s, client alone %.1f (one round; goal: at least 97)\n", workers,
		spreadOf(rounds, func(c *roundCost) float64 { return share(c.loop) }),
		spreadOf(rounds, func(c *roundCost) float64 { return share(c.first) }), share(rounds[0].client))
	fmt.Printf("               run / bare loop %s (goal: at least %.2f), its peak %s MiB (goal: at most %.1f)\n",
		spreadOf(rounds, func(c *roundCost) float64 { return c.loop.wall.Seconds() / c.first.wall.Seconds() }), goal,
		spreadOf(rounds, func(c *roundCost) float64 { return c.first.peakMiB() }), maxMemory(rows))
	return nil
}

// spreadOf is the spread of a figure over rounds.
func spreadOf(rounds []roundCost, figure func(*roundCost) float64) string {
	var values []float64
	for i := range rounds {
		values = append(values, figure(&rounds[i]))
	}
	return spread(values)
}
