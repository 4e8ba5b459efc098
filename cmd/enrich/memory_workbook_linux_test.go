package main

import (
	"bytes"
	"runtime/debug"
	"testing"
	"time"

	"enrich/client/fakeapi"
	"enrich/reader"
)

// memoryOfTexts is what a workbook may take besides a CSV (doc/workbooks.md), in bytes.
func memoryOfTexts(texts int64) int64 { return 20<<20 + 4*texts }

// A run of a workbook takes what is documented: the texts that do not fit are in a temporary file, in both passes, and the first pass
// gives back its memory and its file before the second one begins. The outputs are workbooks, too.
func TestMemoryOfAWorkbook(t *testing.T) {
	if raced {
		t.Skip("the race detector's memory is not ours")
	}
	const rows, asked = 150_000, 5_000
	s := newStage(t, fakeapi.Options{Uncounted: true})
	s.write("l.xlsx", string(workbookOfTexts(t, rows, 150)))
	c := s.commandWithin(5*time.Minute, "run", "--max-calls", "5000", "--workers", "64", "--pending", "rest.xlsx", "--format", "xlsx", "l.xlsx")
	c.Path = built(t)
	c.Env = append(c.Env, "TMPDIR="+smallDisk(t, 14<<10)) // 9 MiB of texts have room in it once
	peak := c.peak()
	c.ends(exitCapped)
	if sum := s.summary("l.summary.json"); sum.Rows.Read != rows || sum.Rows.Pending != rows-asked {
		t.Errorf("%+v", sum.Rows)
	}
	keepsPromise(t, "run", peak-memoryOfTexts(2*rows), asked)
}

// The limit of the Go runtime is raised by what an input keeps in memory, and lowered again: within the limit for a CSV, the runtime would
// only collect, which took twice the CPU time of the run.
func TestTheMemoryLimitFollowsTheInput(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	defer debug.SetMemoryLimit(before)
	m := &memoryLimit{contacts: func() int64 { return 0 }}
	m.set()
	limit := debug.SetMemoryLimit(-1)
	book := workbookOfTexts(t, 20_000, 1000)
	rows, err := reader.Open(bytes.NewReader(book), int64(len(book)), reader.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m.forInput(rows)
	if raised := debug.SetMemoryLimit(-1) - limit; raised != rows.Memory() || raised < 16<<20 || raised > memoryOfTexts(40_000) {
		t.Errorf("the limit is raised by %d bytes, and the workbook keeps %d", raised, rows.Memory())
	}
	if err := rows.Close(); err != nil {
		t.Error(err)
	}
	if m.forInput(rows); debug.SetMemoryLimit(-1) != limit {
		t.Errorf("the limit stays at %d after the workbook was closed, expected %d", debug.SetMemoryLimit(-1), limit)
	}
}
