package main

import (
	"runtime/debug"
	"sync"
	"sync/atomic"

	"enrich/reader"
)

// The promise is 64 MiB and 32 bytes for each contact with up to 512 workers, as the system counts it. The runtime counts
// only its own share. The rest is for the program itself (about 19 MiB of its file) and for SQLite.
const (
	memoryShare = 42 << 20
	// memoryShareLarge is the runtime's share when answers are large, because SQLite then needs about 7 MiB more.
	memoryShareLarge = 31 << 20
	// memoryForAnswers is the part of the share for answers that are read, judged and committed.
	memoryForAnswers = 9 << 20
	// memoryForUnpacking is less for the runtime if the input or the outputs are Parquet: what it has free there is soon used up by
	// pages, and it would be above the promise before it collects.
	memoryForUnpacking = 6 << 20
	memoryPerContact   = 32
	// memoryPerWorker is for each worker above memoryWorkers: its stacks, its connection and their buffers. Without it the
	// runtime would have no room left there, and would do nothing but collect.
	memoryPerWorker = 80 << 10
	memoryWorkers   = 512
	// memoryGrowth lets the heap grow to five times what is live, as long as the limit allows it: collecting more often costs
	// time.
	memoryGrowth = 400
	// memoryEvery is after how many rows the limit is raised.
	memoryEvery = 1 << 16
)

// A memoryLimit keeps the runtime's memory within the promise: the runtime collects more often when it comes near the
// limit, instead of letting the heap grow.
type memoryLimit struct {
	workers  int
	contacts func() int64 // how many the ledger knows by now
	pages    bool         // the input or the outputs have pages: Parquet

	mu    sync.Mutex
	large bool
	// input is what the input keeps in memory, in bytes (see [reader.Reader.Memory]). It is above the promise: within it, the runtime
	// would do nothing but collect.
	input int64
}

// set sets the limit for the contacts that there are now.
func (m *memoryLimit) set() {
	m.mu.Lock()
	defer m.mu.Unlock()
	share := int64(memoryShare)
	if m.large {
		share = memoryShareLarge
	}
	if m.pages {
		share -= memoryForUnpacking
	}
	more := memoryPerWorker * int64(max(0, m.workers-memoryWorkers))
	debug.SetMemoryLimit(share + more + m.input + memoryPerContact*(m.contacts()+memoryEvery))
}

// forInput raises the limit by what an input keeps in memory.
func (m *memoryLimit) forInput(rows *reader.Reader) {
	m.mu.Lock()
	m.input = rows.Memory()
	m.mu.Unlock()
	m.set()
}

// forLargeAnswers lowers the limit, and returns what the runtime has above it to the system.
func (m *memoryLimit) forLargeAnswers() {
	m.mu.Lock()
	before := m.large
	m.large = true
	m.mu.Unlock()
	if !before {
		m.set()
		debug.FreeOSMemory()
	}
}

// countedSource counts the rows on their way to admission, for the progress and for the memory limit, which grows with the
// contacts.
type countedSource struct {
	*reader.Reader
	memory *memoryLimit
	// rows and bytes are what was handed on; bytes as their text has them, but for quotes.
	rows, bytes atomic.Int64
	limitedAt   int64 // rows when the limit was set
}

func newCountedSource(rows *reader.Reader, memory *memoryLimit) *countedSource {
	debug.SetGCPercent(memoryGrowth)
	c := &countedSource{Reader: rows, memory: memory}
	c.limit()
	return c
}

// Read implements [pipeline.Source].
func (c *countedSource) Read(rows []reader.Row) (int, error) {
	n, err := c.Reader.Read(rows)
	var bytes int64
	for i := range rows[:n] {
		bytes += textOf(&rows[i])
	}
	c.bytes.Add(bytes)
	if c.rows.Add(int64(n))-c.limitedAt >= memoryEvery {
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

func (c *countedSource) limit() {
	c.limitedAt = c.rows.Load()
	c.memory.forInput(c.Reader)
}
