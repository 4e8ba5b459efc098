// Command bench measures a whole `enrich run` beside a bare net/http loop that posts the same bodies to the same
// server, in the same run, and prints CPU a row for both and the ratio.
//
// Every program is a process of its own and is measured from outside, by what the system accounts for it (user and
// system time, peak memory), so that nothing of the measuring is in the figures. Shared machines are noisy: compare
// the ratios, which are medians over rounds, and not figures of two calls of this program.
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
	if len(os.Args) == 5 { // a process of its own, which is measured
		switch os.Args[1] {
		case "loop":
			check(loop(os.Args[2], os.Args[3], os.Args[4]))
			return
		case "ask":
			check(ask(os.Args[2], os.Args[3], os.Args[4]))
			return
		}
	}
	b := bench{}
	flag.IntVar(&b.rows, "rows", 100_000, "rows of the main comparison")
	flag.IntVar(&b.rounds, "rounds", 5, "rounds; the median counts")
	flag.IntVar(&b.workers, "workers", 32, "calls in flight")
	flag.IntVar(&b.large, "large", 1_000_000, "rows of the memory figure; 0 leaves it out")
	flag.Parse()
	check(b.all())
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// A bench has what all figures share.
type bench struct {
	rows, rounds, workers, large int
	dir, enrich, self            string
}

func (b *bench) all() error {
	var err error
	if b.dir, err = os.MkdirTemp("", "enrich-bench-*"); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(b.dir) }() // the system's temporary files are cleared anyway
	if b.self, err = os.Executable(); err != nil {
		return err
	}
	if out, err := exec.Command("make", "build").CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w: %s", err, out)
	}
	b.enrich = filepath.Join("bin", "enrich") // it is what is shipped that is measured
	for _, figure := range []func() error{b.cpu, b.latency, b.memory} {
		if err := figure(); err != nil {
			return err
		}
	}
	return nil
}

// cpu compares CPU a row at zero latency: the bare loop, a first run, and the run after it.
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
	fmt.Printf("  bare net/http loop     %s µs of CPU a row\n", spread(bare))
	fmt.Printf("  the client alone       %s µs of CPU a row\n", spread(client))
	fmt.Printf("  enrich run             %s µs of CPU a row\n", spread(first))
	fmt.Printf("  the same again         %s µs of CPU a row\n", spread(second))
	fmt.Printf("  client / bare loop     %s (goal: at most 1.25)\n", spread(share))
	fmt.Printf("  run / bare loop        %s (goal: at most 1.9)\n", spread(ratio))
	fmt.Printf("  again / run            %s (goal: at most 0.25)\n", spread(again))
	return nil
}

// latency compares what is done at 50 ms a call with what so many workers can do at best. The stand-in has the same two cores,
// so the bare loop's share of the ideal stands beside the client's and the whole run's.
func (b *bench) latency() error {
	const each, calls = 50 * time.Millisecond, 400
	api, err := b.serve("--latency", each.String())
	if err != nil {
		return err
	}
	defer api.stop()
	fmt.Printf("at %s a call, %d calls a worker, share of the ideal %s (goal for the client: at least 97 %%)\n", each, calls, calls*each)
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
			workers, share(loop), share(asked), share(one), one.peakMiB(), promised(workers*calls))
	}
	return nil
}

// promised is the memory that a run of so many rows may take, in MiB.
func promised(rows int) float64 { return 64 + float64(32*rows)/(1<<20) }

// memory shows that it does not grow with the input, but for 32 bytes a contact.
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
		fmt.Printf("%d rows: peak %.1f MiB (goal: at most %.1f), %s, %.1f µs of CPU a row\n", rows, one.peakMiB(),
			promised(rows), one.wall.Round(time.Millisecond), one.cpuPerRow(rows))
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
