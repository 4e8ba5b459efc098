package main

import (
	"fmt"
	"path/filepath"
	"time"
)

const (
	bulkRows = 100_000
	bulkSize = 5_000
	// bulkJobTime is how long a job of the stand-in takes.
	bulkJobTime = 2 * time.Second
	// bulkRate is the stand-in's rate limit, in requests a minute.
	bulkRate = 60
	// singleFor is how long single calls are measured under the limit: all of the rows would take a day.
	singleFor = 30 * time.Second
)

// bulk compares bulk jobs with single calls: the time under a rate limit, and the CPU time per row without one.
func (b *bench) bulk() error {
	if err := b.bulkTime(); err != nil {
		return err
	}
	return b.bulkCPU()
}

// bulkTime measures a whole list in jobs, and single calls for a part of the time that the list would take. Nothing is scaled.
func (b *bench) bulkTime() error {
	limit := []string{"--rate-limit", fmt.Sprint(bulkRate), "--job-time", bulkJobTime.String()}
	input, err := b.input(bulkRows)
	if err != nil {
		return err
	}
	jobsAPI, err := b.serve(limit...)
	if err != nil {
		return err
	}
	defer jobsAPI.stop()
	jobs, err := b.runBulk(jobsAPI.url, input, "bulk-time.db", bulkSize)
	if err != nil {
		return err
	}
	singleAPI, err := b.serve(limit...)
	if err != nil {
		return err
	}
	defer singleAPI.stop()
	const stoppedByCap = 5
	cmd, cancel := b.command(singleAPI.url, input, filepath.Join(b.dir, "single-time.db"), b.workers, "--max-duration", singleFor.String())
	defer cancel()
	if _, err := measure(cmd, stoppedByCap); err != nil {
		return err
	}
	sent, err := callsOf(singleAPI.url)
	if err != nil {
		return err
	}
	perSecond := float64(sent) / singleFor.Seconds()
	single := time.Duration(bulkRows / perSecond * float64(time.Second))
	fmt.Printf("%d rows at %d requests a minute, jobs of %d that take %s\n", bulkRows, bulkRate, bulkSize, bulkJobTime)
	fmt.Printf("  bulk jobs              %s, peak %.1f MiB (goal: at most %.1f)\n", jobs.wall.Round(10*time.Millisecond), jobs.peakMiB(), maxMemory(bulkRows))
	fmt.Printf("  single calls           %s (%d calls in %s)\n", single.Round(time.Minute), sent, singleFor)
	fmt.Printf("  single / bulk          %.0f (goal: at least 100)\n", single.Seconds()/jobs.wall.Seconds())
	return nil
}

// bulkCPU compares the CPU time per row of both, in turn.
func (b *bench) bulkCPU() error {
	api, err := b.serve("--job-time", "0s")
	if err != nil {
		return err
	}
	defer api.stop()
	input, err := b.input(b.rows)
	if err != nil {
		return err
	}
	var single, jobs, ratio []float64
	for range b.rounds {
		ledger := filepath.Join(b.dir, "cpu.db")
		one, err := b.run(api.url, input, ledger, b.workers)
		if err != nil {
			return err
		}
		if err := removeLedger(ledger); err != nil {
			return err
		}
		all, err := b.runBulk(api.url, input, "cpu.db", bulkSize)
		if err != nil {
			return err
		}
		if err := removeLedger(ledger); err != nil {
			return err
		}
		single = append(single, one.cpuPerRow(b.rows))
		jobs = append(jobs, all.cpuPerRow(b.rows))
		ratio = append(ratio, all.cpuPerRow(b.rows)/one.cpuPerRow(b.rows))
	}
	fmt.Printf("%d rows without a limit, median of %d rounds (min to max)\n", b.rows, b.rounds)
	fmt.Printf("  single calls           %s µs of CPU per row\n", spread(single))
	fmt.Printf("  bulk jobs              %s µs of CPU per row\n", spread(jobs))
	fmt.Printf("  bulk / single          %s (goal: at most 0.5)\n", spread(ratio))
	return nil
}

func (b *bench) runBulk(url, input, ledger string, size int) (cost, error) {
	cmd, cancel := b.command(url, input, filepath.Join(b.dir, ledger), b.workers, "--bulk", "--bulk-size", fmt.Sprint(size))
	defer cancel()
	return measure(cmd)
}
