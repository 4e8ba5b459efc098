package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// parquet compares what it costs to read the same rows as CSV and as Parquet, by enrich plan, which reads and writes nothing else.
func (b *bench) parquet() error {
	if b.large == 0 {
		return nil
	}
	api, err := b.serve()
	if err != nil {
		return err
	}
	defer api.stop()
	csv, err := b.input(b.large)
	if err != nil {
		return err
	}
	parquet := strings.TrimSuffix(csv, ".csv") + ".parquet"
	ledger := filepath.Join(b.dir, "parquet.db")
	out := filepath.Join(b.dir, "parquet") // beside other outputs of the same input, of another ledger, nothing would be replaced
	if err := os.Mkdir(out, 0o700); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), processTimeout)
	defer cancel()
	// All rows but the first are pending, and a file of pending rows has what the input has.
	const exitCapped = 5
	convert := exec.CommandContext(ctx, b.enrich, "run", "--quiet", "--url", api.url, "--ledger", ledger, "--max-calls", "1", "--pending", parquet, "--out", out, csv)
	convert.Env = append(os.Environ(), "SELLING_API_KEY=bench")
	if _, err := measure(convert, exitCapped); err != nil {
		return err
	}
	var costs [2][]float64
	var ratio []float64
	var peak [2]float64
	for range b.rounds {
		for i, input := range []string{csv, parquet} {
			one, err := measure(exec.CommandContext(ctx, b.enrich, "plan", "--quiet", "--url", api.url, "--ledger", ledger, input))
			if err != nil {
				return err
			}
			costs[i] = append(costs[i], one.cpuPerRow(b.large))
			peak[i] = max(peak[i], one.peakMiB())
		}
		ratio = append(ratio, costs[1][len(costs[1])-1]/costs[0][len(costs[0])-1])
	}
	fmt.Printf("enrich plan, %d rows, median of %d rounds (min to max)\n", b.large, b.rounds)
	for i, name := range []string{"csv", "parquet"} {
		fmt.Printf("  %-8s %s µs of CPU per row, peak %.1f MiB (goal: at most %.1f)\n", name, spread(costs[i]), peak[i], maxMemory(b.large))
	}
	fmt.Printf("  parquet / csv          %s\n", spread(ratio))
	return removeLedger(ledger)
}
