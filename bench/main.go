// Command bench compares `enrich run` with a bare net/http loop that posts the same bodies to the same server. It prints the CPU
// time per row of both, and the ratio. It also compares bulk jobs with single calls, and what `enrich write` costs in each output
// format; how fast an input is read, and how fast a ledger of millions is opened. With -postgres it measures a ledger that several
// processes share.
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
	if part := partOf(os.Args); part != nil {
		check(part())
		return
	}
	b := bench{}
	flag.IntVar(&b.rows, "rows", 100_000, "rows of the main comparison")
	flag.IntVar(&b.rounds, "rounds", 9, "rounds, of which the median is printed")
	flag.IntVar(&b.workers, "workers", 32, "calls in flight")
	flag.IntVar(&b.calls, "calls", 400, "calls of each worker where a call takes 50 ms")
	flag.IntVar(&b.large, "large", 1_000_000, "rows of the memory figure, and of what is read; a ledger that is opened has four times as many answers; 0 skips them")
	flag.BoolVar(&b.runsOnly, "runs", false, "only compare whole runs with the bare loop")
	flag.BoolVar(&b.readingOnly, "reading", false, "only measure reading an input and opening a ledger")
	flag.BoolVar(&b.filesOnly, "files", false, "only measure workbooks and Parquet, read and written, against CSV")
	flag.BoolVar(&b.bulkOnly, "bulk", false, "only compare bulk jobs with single calls")
	flag.BoolVar(&b.shared, "postgres", false, "only measure a ledger in PostgreSQL, which must be installed")
	flag.StringVar(&b.enrich, "enrich", "", "the program to measure; empty: it is built as make dist does")
	flag.Float64Var(&b.scale, "scale", 1, "with -postgres: multiplies all counts")
	flag.Parse()
	check(b.all())
}

// partOf returns what this program does as a process that is measured, by its first argument; nil: it is not one.
func partOf(args []string) func() error {
	if len(args) < 3 {
		return nil
	}
	switch a := args[2:]; args[1] {
	case "loop":
		return func() error { return loop(a[0], a[1], a[2]) }
	case "ask":
		return func() error { return ask(a[0], a[1], a[2]) }
	case "lookups":
		return func() error { return lookUp(a[0], a[1], a[2]) }
	case "commits":
		return func() error { return commitAll(a[0], a[1]) }
	case "api":
		return func() error { return serveBare(a[0], a[1]) }
	case "hash":
		return func() error { return hashFile(a[0]) }
	case "workbook":
		return func() error { return writeWorkbook(a[0], a[1]) }
	case "read":
		return func() error { return readFile(a[0]) }
	case "open":
		return func() error { return openLedger(a[0]) }
	}
	return nil
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// A bench has the options and paths that all figures share.
type bench struct {
	rows, rounds, workers, calls, large                int
	runsOnly, readingOnly, filesOnly, bulkOnly, shared bool

	scale             float64
	dir, enrich, self string
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
	if err := b.build(); err != nil {
		return err
	}
	figures := []func() error{b.cpu, b.latency, b.memory, b.bulk, b.formats, b.workbook, b.parquet, b.reading}
	switch {
	case b.runsOnly:
		figures = []func() error{b.cpu, b.latency}
	case b.bulkOnly:
		figures = []func() error{b.bulk}
	case b.filesOnly:
		figures = []func() error{b.formats, b.workbook, b.parquet}
	case b.readingOnly:
		figures = []func() error{b.reading}
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

// build compiles the program with its profile, as it is shipped, unless there is one to measure.
func (b *bench) build() error {
	if b.enrich != "" {
		return nil
	}
	b.enrich = filepath.Join(b.dir, "enrich")
	cmd := exec.Command("go", "build", "-pgo=auto", "-trimpath", "-ldflags", "-s -w", "-o", b.enrich, "./cmd/enrich")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w: %s", err, out)
	}
	return nil
}

// maxMemory is the most memory that a run of a number of rows may take, in MiB.
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
