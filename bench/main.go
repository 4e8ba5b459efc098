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
	if len(os.Args) > 1 && os.Args[1] == "loop" {
		check(loop(os.Args[2], os.Args[3], os.Args[4]))
		return
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
	b.enrich = filepath.Join(b.dir, "enrich")
	if b.self, err = os.Executable(); err != nil {
		return err
	}
	if out, err := exec.Command("go", "build", "-o", b.enrich, "./cmd/enrich").CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w: %s", err, out)
	}
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
	var bare, first, second, ratio, again []float64
	for range b.rounds {
		loop, err := b.bare(api.url, input)
		if err != nil {
			return err
		}
		ledger := filepath.Join(b.dir, "ledger.db")
		one, err := b.run(api.url, input, ledger)
		if err != nil {
			return err
		}
		two, err := b.run(api.url, input, ledger)
		if err != nil {
			return err
		}
		if err := removeLedger(ledger); err != nil {
			return err
		}
		bare = append(bare, loop.cpuPerRow(b.rows))
		first = append(first, one.cpuPerRow(b.rows))
		second = append(second, two.cpuPerRow(b.rows))
		ratio = append(ratio, one.cpuPerRow(b.rows)/loop.cpuPerRow(b.rows))
		again = append(again, two.cpuPerRow(b.rows)/one.cpuPerRow(b.rows))
	}
	fmt.Printf("%d rows, %d workers, no latency, median of %d rounds (min to max)\n", b.rows, b.workers, b.rounds)
	fmt.Printf("  bare net/http loop     %s µs of CPU a row\n", spread(bare))
	fmt.Printf("  enrich run             %s µs of CPU a row\n", spread(first))
	fmt.Printf("  the same again         %s µs of CPU a row\n", spread(second))
	fmt.Printf("  run / bare loop        %s (goal: at most 1.9)\n", spread(ratio))
	fmt.Printf("  again / run            %s (goal: at most 0.25)\n", spread(again))
	return nil
}

// latency compares a run at 50 ms a call with what its workers can do at best.
func (b *bench) latency() error {
	const each = 50 * time.Millisecond
	api, err := b.serve("--latency", each.String())
	if err != nil {
		return err
	}
	defer api.stop()
	rows := b.workers * 200
	input, err := b.input(rows)
	if err != nil {
		return err
	}
	one, err := b.run(api.url, input, filepath.Join(b.dir, "latency.db"))
	if err != nil {
		return err
	}
	ideal := time.Duration(rows/b.workers) * each
	fmt.Printf("%d rows at %s, %d workers: %s, %.1f %% of the ideal %s (goal: at least 95)\n",
		rows, each, b.workers, one.wall.Round(time.Millisecond), 100*ideal.Seconds()/one.wall.Seconds(), ideal)
	return nil
}

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
		one, err := b.run(api.url, input, filepath.Join(b.dir, fmt.Sprintf("memory-%d.db", rows)))
		if err != nil {
			return err
		}
		fmt.Printf("%d rows: peak %.1f MiB (goal: at most %.1f), %s, %.1f µs of CPU a row\n", rows, one.peakMiB(),
			64+float64(32*rows)/(1<<20), one.wall.Round(time.Millisecond), one.cpuPerRow(rows))
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
