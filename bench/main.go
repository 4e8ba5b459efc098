// Command bench compares `enrich run` with a bare net/http loop that posts the same bodies to the same server. It prints the CPU
// time per row of both, and the ratio. It also compares bulk jobs with single calls, and what `enrich write` costs in each output
// format. With -postgres it measures a ledger that several processes share.
//
// Each program is a process of its own. Its figures are those of the operating system (user and system time, peak memory), so the
// measurement itself is not in them. Shared machines are noisy: compare the ratios, which are medians over rounds, not the figures
// of two runs of bench.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

func main() {
	if len(os.Args) == 5 { // this process is one that is measured
		switch os.Args[1] {
		case "loop":
			check(loop(os.Args[2], os.Args[3], os.Args[4]))
			return
		case "ask":
			check(ask(os.Args[2], os.Args[3], os.Args[4]))
			return
		case "commits":
			check(commitAll(os.Args[2], os.Args[3], os.Args[4]))
			return
		case "lookups":
			check(lookUp(os.Args[2], os.Args[3], os.Args[4]))
			return
		}
	}
	b := bench{}
	flag.IntVar(&b.rows, "rows", 100_000, "rows of the main comparison")
	flag.IntVar(&b.rounds, "rounds", 5, "rounds, of which the median is printed")
	flag.IntVar(&b.workers, "workers", 32, "calls in flight")
	flag.IntVar(&b.large, "large", 1_000_000, "rows of the memory figure; 0 skips it")
	flag.BoolVar(&b.bulkOnly, "bulk", false, "only compare bulk jobs with single calls")
	flag.BoolVar(&b.shared, "postgres", false, "only measure a ledger in PostgreSQL, which must be installed")
	flag.Float64Var(&b.scale, "scale", 1, "with -postgres: multiplies all counts")
	flag.Parse()
	check(b.all())
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// A bench has the options and paths that all figures share.
type bench struct {
	rows, rounds, workers, large int
	bulkOnly, shared             bool
	scale                        float64
	dir, enrich, self            string
}

func (b *bench) all() error {
	var err error
	if b.dir, err = os.MkdirTemp("", "enrich-bench-*"); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(b.dir) }() // the system clears its temporary files
	if b.self, err = os.Executable(); err != nil {
		return err
	}
	if out, err := exec.Command("make", "build").CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w: %s", err, out)
	}
	b.enrich = filepath.Join("bin", "enrich") // the binary that is shipped
	figures := []func() error{b.cpu, b.latency, b.memory, b.bulk, b.formats, b.workbook, b.parquet}
	switch {
	case b.bulkOnly:
		figures = []func() error{b.bulk}
	case b.shared:
		figures = []func() error{b.postgres}
	}
	for _, figure := range figures {
		if err := figure(); err != nil {
			return err
		}
	}
	return nil
}

// cpu compares CPU time per row without latency: the bare loop, a first run, and a second run of the same command.
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
	var bare, client, first, second, share, ratio, again []float64
	for range b.rounds {
		loop, err := b.own("loop", api.url, input, b.workers)
		if err != nil {
			return err
		}
		asked, err := b.own("ask", api.url, input, b.workers)
		if err != nil {
			return err
		}
		ledger := filepath.Join(b.dir, "ledger.db")
		one, err := b.run(api.url, input, ledger, b.workers)
		if err != nil {
			return err
		}
		two, err := b.run(api.url, input, ledger, b.workers)
		if err != nil {
			return err
		}
		if err := removeLedger(ledger); err != nil {
			return err
		}
		bare = append(bare, loop.cpuPerRow(b.rows))
		client = append(client, asked.cpuPerRow(b.rows))
		share = append(share, asked.cpuPerRow(b.rows)/loop.cpuPerRow(b.rows))
		first = append(first, one.cpuPerRow(b.rows))
		second = append(second, two.cpuPerRow(b.rows))
		ratio = append(ratio, one.cpuPerRow(b.rows)/loop.cpuPerRow(b.rows))
		again = append(again, two.cpuPerRow(b.rows)/one.cpuPerRow(b.rows))
	}
	fmt.Printf("%d rows, %d workers, no latency, median of %d rounds (min to max)\n", b.rows, b.workers, b.rounds)
	fmt.Printf("  bare net/http loop     %s µs of CPU per row\n", spread(bare))
	fmt.Printf("  the client alone       %s µs of CPU per row\n", spread(client))
	fmt.Printf("  enrich run             %s µs of CPU per row\n", spread(first))
	fmt.Printf("  the same again         %s µs of CPU per row\n", spread(second))
	fmt.Printf("  client / bare loop     %s (goal: at most 1.25)\n", spread(share))
	fmt.Printf("  run / bare loop        %s (goal: at most 1.9)\n", spread(ratio))
	fmt.Printf("  again / run            %s (goal: at most 0.25)\n", spread(again))
	return nil
}

// latency compares the throughput at 50 ms per call with the ideal throughput of the workers. The stand-in uses the same cores, so
// the bare loop is measured as well.
func (b *bench) latency() error {
	const each, calls = 50 * time.Millisecond, 400
	api, err := b.serve("--latency", each.String())
	if err != nil {
		return err
	}
	defer api.stop()
	fmt.Printf("at %s per call, %d calls per worker, share of the ideal %s (goal for the client: at least 97 %%)\n", each, calls, calls*each)
	for _, workers := range []int{b.workers, 4 * b.workers, 16 * b.workers} {
		input, err := b.input(workers * calls)
		if err != nil {
			return err
		}
		loop, err := b.own("loop", api.url, input, workers)
		if err != nil {
			return err
		}
		asked, err := b.own("ask", api.url, input, workers)
		if err != nil {
			return err
		}
		one, err := b.run(api.url, input, filepath.Join(b.dir, fmt.Sprintf("latency-%d.db", workers)), workers)
		if err != nil {
			return err
		}
		share := func(c cost) float64 { return 100 * (calls * each).Seconds() / c.wall.Seconds() }
		fmt.Printf("  %3d workers: bare loop %.1f %%, client alone %.1f %%, whole run %.1f %%, its peak %.1f MiB (goal: at most %.1f)\n",
			workers, share(loop), share(asked), share(one), one.peakMiB(), maxMemory(workers*calls))
	}
	return nil
}

// maxMemory is the most memory that a run of so many rows may take, in MiB.
func maxMemory(rows int) float64 { return 64 + float64(32*rows)/(1<<20) }

// memory measures that memory does not grow with the input, except for 32 bytes per contact.
func (b *bench) memory() error {
	api, err := b.serve()
	if err != nil {
		return err
	}
	defer api.stop()
	for _, rows := range []int{10_000, b.large} {
		if rows == 0 {
			continue
		}
		input, err := b.input(rows)
		if err != nil {
			return err
		}
		one, err := b.run(api.url, input, filepath.Join(b.dir, fmt.Sprintf("memory-%d.db", rows)), b.workers)
		if err != nil {
			return err
		}
		fmt.Printf("%d rows: peak %.1f MiB (goal: at most %.1f), %s, %.1f µs of CPU per row\n", rows, one.peakMiB(),
			maxMemory(rows), one.wall.Round(time.Millisecond), one.cpuPerRow(rows))
	}
	return nil
}

func removeLedger(path string) error {
	files, err := filepath.Glob(path + "*")
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := os.Remove(f); err != nil {
			return err
		}
	}
	return nil
}

func spread(v []float64) string {
	slices.Sort(v)
	return fmt.Sprintf("%6.2f (%.2f to %.2f)", v[len(v)/2], v[0], v[len(v)-1])
}
