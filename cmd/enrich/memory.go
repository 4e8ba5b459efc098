package main

import (
	"runtime/debug"
	"sync"
)

// The promise is 64 MiB and 32 bytes for each contact with up to 512 workers, as the system counts it. The runtime counts
// only its own share. The rest is for the program itself (about 16 MiB of its file) and for SQLite.
const (
	memoryShare = 44 << 20
	// memoryShareLarge is the runtime's share when answers are large, because SQLite then needs about 7 MiB more.
	memoryShareLarge = 35 << 20
	// memoryForAnswers is the part of the share for answers that are read, judged and committed.
	memoryForAnswers = 9 << 20
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

// A memoryLimit keeps the runtime's memory within the promise: the runtime collects more often when it comes near the
// limit, instead of letting the heap grow.
type memoryLimit struct {
	workers  int
	contacts func() int64 // how many the ledger knows by now

	mu    sync.Mutex
	large bool
}

// set sets the limit for the contacts that there are now.
func (m *memoryLimit) set() {
	m.mu.Lock()
	defer m.mu.Unlock()
	share := int64(memoryShare)
	if m.large {
		share = memoryShareLarge
	}
	more := memoryPerWorker * int64(max(0, m.workers-memoryWorkers))
	debug.SetMemoryLimit(share + more + memoryPerContact*(m.contacts()+memoryEvery))
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
