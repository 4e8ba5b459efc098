package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"enrich/input"
	"enrich/ledger/sqlite"
	"enrich/reader"
)

// reading measures what a run does before its first call: it reads the input, beside which SHA-256 of the same file shows how fast
// the machine is, and it opens the ledger.
func (b *bench) reading() error {
	if b.large == 0 {
		return nil
	}
	if err := b.readingCSV(); err != nil {
		return err
	}
	return b.opening()
}

// readingCSV measures the whole reader: hashing, encoding, rows, contacts. Hashing is in a goroutine of its own, so by the clock two cores
// are used.
func (b *bench) readingCSV() error {
	path, err := b.input(b.large)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	var wall, cpu, share []float64
	for range b.rounds {
		hash, err := b.own("hash", path)
		if err != nil {
			return err
		}
		read, err := b.own("read", path)
		if err != nil {
			return err
		}
		perSecond := func(d time.Duration) float64 { return float64(info.Size()) / 1e6 / d.Seconds() }
		wall, cpu = append(wall, perSecond(read.wall)), append(cpu, perSecond(read.cpu))
		share = append(share, read.cpu.Seconds()/hash.cpu.Seconds())
	}
	fmt.Printf("reading %d rows of CSV, %d MB, median of %d rounds (min to max)\n", b.large, info.Size()/1e6, b.rounds)
	fmt.Printf("  by the clock           %s MB/s (goal: at least 800)\n", spread(wall))
	fmt.Printf("  by CPU time            %s MB/s\n", spread(cpu))
	fmt.Printf("  CPU time / SHA-256     %s\n", spread(share))
	return nil
}

// opening measures how long a ledger takes to open.
func (b *bench) opening() error {
	answers := 4 * b.large
	path := filepath.Join(b.dir, "opening.db")
	if err := fillLedger(path, answers); err != nil {
		return err
	}
	var wall, cpu []float64
	for range b.rounds {
		one, err := b.own("open", path)
		if err != nil {
			return err
		}
		wall, cpu = append(wall, one.wall.Seconds()), append(cpu, one.cpu.Seconds())
	}
	fmt.Printf("opening a ledger of %d answers, median of %d rounds (min to max)\n", answers, b.rounds)
	fmt.Printf("  by the clock           %s s (goal: at most 1 for 4,000,000)\n", spread(wall))
	fmt.Printf("  by CPU time            %s s\n", spread(cpu))
	return removeLedger(path)
}

// hashFile is the part that computes a file's SHA-256.
func hashFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	_, err = io.CopyBuffer(struct{ io.Writer }{sha256.New()}, f, make([]byte, 128<<10))
	return err
}

// readFile is the part that reads a file's rows.
func readFile(path string) error {
	in, err := input.Open(path, nil)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // it was only read
	r, err := reader.Open(in, in.Size, reader.Options{})
	if err != nil {
		return err
	}
	rows := make([]reader.Row, 256)
	for err == nil {
		_, err = r.Read(rows)
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return errors.Join(err, r.Close())
}

// openLedger is the part that opens a ledger.
func openLedger(path string) error {
	l, err := sqlite.Open(context.Background(), path, sqlite.Options{MustExist: true})
	if err != nil {
		return err
	}
	return l.Close()
}

// fillLedger makes a ledger with a number of answers.
func fillLedger(path string, answers int) error {
	l, err := sqlite.Open(context.Background(), path, sqlite.Options{})
	if err != nil {
		return err
	}
	return errors.Join(commitAnswers(l, answers), l.Close())
}
