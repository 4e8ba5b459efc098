package main

import (
	"runtime/debug"
	"sync/atomic"

	"enrich/pipeline"
	"enrich/reader"
)

// What is promised is 64 MiB and 32 bytes a contact with up to 512 workers, as the system counts it. The runtime knows
// only of its own share: what SQLite's pages and the program itself take is the rest.
const (
	memoryShare      = 43 << 20
	memoryPerContact = 32
	// memoryPerWorker is for each worker above memoryWorkers: its stacks, its connection and their buffers. Without it the
	// runtime would have no room left there, and would do nothing but collect.
	memoryPerWorker = 80 << 10
	memoryWorkers   = 512
	// memoryGrowth lets the heap grow to five times what is live, as long as the limit allows it: collecting more often
	// costs a twentieth of a run.
	memoryGrowth = 400
	// memoryEvery is after how many rows the limit is raised.
	memoryEvery = 1 << 16
)

// counted are the rows of an ask pass on their way to admission: they are counted for the progress, and the memory of the
// run is kept within its promise. The runtime collects more often when it comes near, instead of letting the heap double.
type counted struct {
	pipeline.Rows
	workers int
	// contacts is how many there are in the ledger and the run by now.
	contacts func() int64
	// rows and bytes are what was handed on; bytes as their text has them, but for quotes.
	rows, bytes atomic.Int64
	told        int64 // rows when the limit was set
}

func newCounted(rows pipeline.Rows, workers int, contacts func() int64) *counted {
	debug.SetGCPercent(memoryGrowth)
	c := &counted{Rows: rows, workers: workers, contacts: contacts}
	c.limit()
	return c
}

// Read reads rows.
func (c *counted) Read(rows []reader.Row) (int, error) {
	n, err := c.Rows.Read(rows)
	var bytes int64
	for i := range rows[:n] {
		bytes += textOf(&rows[i])
	}
	c.bytes.Add(bytes)
	if c.rows.Add(int64(n))-c.told >= memoryEvery {
		c.limit()
	}
	return n, err
}

// textOf is about how long a row is in its file.
func textOf(row *reader.Row) int64 {
	if row.Raw != nil {
		return int64(len(row.Raw)) + 1
	}
	n := len(row.Cells)
	for _, cell := range row.Cells {
		n += len(cell)
	}
	return int64(n)
}

func (c *counted) limit() {
	c.told = c.rows.Load()
	more := memoryPerWorker * int64(max(0, c.workers-memoryWorkers))
	debug.SetMemoryLimit(memoryShare + more + memoryPerContact*(c.contacts()+memoryEvery))
}
