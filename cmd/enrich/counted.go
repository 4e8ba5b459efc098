package main

import (
	"runtime/debug"
	"sync/atomic"

	"enrich/pipeline"
	"enrich/reader"
)

// counted are the rows of an ask pass on their way to admission. They are counted for the progress, and for the limit of the
// memory, which grows with the contacts.
type counted struct {
	pipeline.Source
	memory *memoryLimit
	// rows and bytes are what was handed on; bytes as their text has them, but for quotes.
	rows, bytes atomic.Int64
	told        int64 // rows when the limit was set
}

func newCounted(rows pipeline.Source, memory *memoryLimit) *counted {
	debug.SetGCPercent(memoryGrowth)
	c := &counted{Source: rows, memory: memory}
	c.limit()
	return c
}

// Read reads rows.
func (c *counted) Read(rows []reader.Row) (int, error) {
	n, err := c.Source.Read(rows)
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
	c.memory.set()
}
