package main

import (
	"runtime/debug"

	"enrich/pipeline"
	"enrich/reader"
)

// What is promised is 64 MiB and 32 bytes a contact, as the system counts it. The runtime knows only of its own share: what
// SQLite's pages and the program itself take is the rest.
const (
	memoryShare      = 40 << 20
	memoryPerContact = 32
	// memoryGrowth lets the heap grow to three times what is live, as long as the limit allows it: collecting more often
	// costs a twentieth of a run.
	memoryGrowth = 200
	// memoryEvery is after how many rows the limit is raised.
	memoryEvery = 1 << 16
)

// withinMemory keeps the memory of a run within its promise while rows are read: the runtime collects more often when it
// comes near, instead of letting the heap double. contacts is how many there are in the ledger and the run by now.
func withinMemory(rows pipeline.Rows, contacts func() int64) pipeline.Rows {
	debug.SetGCPercent(memoryGrowth)
	m := &memory{Rows: rows, contacts: contacts}
	m.limit()
	return m
}

type memory struct {
	pipeline.Rows
	contacts func() int64
	rows     int // since the limit was set
}

// Read reads rows.
func (m *memory) Read(rows []reader.Row) (int, error) {
	n, err := m.Rows.Read(rows)
	if m.rows += n; m.rows >= memoryEvery {
		m.limit()
	}
	return n, err
}

func (m *memory) limit() {
	m.rows = 0
	debug.SetMemoryLimit(memoryShare + memoryPerContact*(m.contacts()+memoryEvery))
}
