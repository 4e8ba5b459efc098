package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"enrich/format"
)

// formats compares what `enrich write` costs in each output format, and how large the results are.
func (b *bench) formats() error {
	for _, rows := range []int{b.rows, b.large} {
		if rows == 0 {
			continue
		}
		rounds := b.rounds
		if rows == b.large {
			rounds = 1 // of memory, and of files: one is enough
		}
		if err := b.formatsOf(rows, rounds); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) formatsOf(rows, rounds int) error {
	api, err := b.serve()
	if err != nil {
		return err
	}
	defer api.stop()
	input, err := b.input(rows)
	if err != nil {
		return err
	}
	ledger := filepath.Join(b.dir, fmt.Sprintf("formats-%d.db", rows))
	if _, err := b.run(api.url, input, ledger, b.workers); err != nil {
		return err
	}
	cpu, ratio, peak := map[format.Format][]float64{}, map[format.Format][]float64{}, map[format.Format]float64{}
	for range rounds {
		for _, f := range format.Outputs() { // CSV is the first
			one, err := b.write(api.url, input, ledger, f)
			if err != nil {
				return err
			}
			cpu[f] = append(cpu[f], one.cpuPerRow(rows))
			ratio[f] = append(ratio[f], one.cpuPerRow(rows)/cpu[format.CSV][len(cpu[f])-1])
			peak[f] = max(peak[f], one.peakMiB())
		}
	}
	fmt.Printf("enrich write, %d rows, median of %d rounds (min to max)\n", rows, rounds)
	for _, f := range format.Outputs() {
		info, err := os.Stat(filepath.Join(b.dir, fmt.Sprintf("rows-%d.results%s", rows, f.Ext())))
		if err != nil {
			return err
		}
		fmt.Printf("  %-8s %s µs of CPU per row, times CSV %s, peak %.1f MiB (goal: at most %.1f), %.1f MiB of results\n",
			f, spread(cpu[f]), spread(ratio[f]), peak[f], maxMemory(rows), float64(info.Size())/(1<<20))
	}
	return removeLedger(ledger)
}

// write writes the outputs of an input from its ledger.
func (b *bench) write(url, input, ledger string, f format.Format) (cost, error) {
	ctx, cancel := context.WithTimeout(context.Background(), processTimeout)
	defer cancel()
	return measure(exec.CommandContext(ctx, b.enrich, "write", "--quiet", "--url", url, "--ledger", ledger, "--format", string(f), "--out", b.dir, input))
}
