package states

import (
	"sync"

	"enrich/contact"
	"enrich/ledger"
)

const (
	// loaderBatch is how many outcomes a Loader hands over at a time, loaderBatches how many such batches there are: 1 MB.
	loaderBatch   = 4096
	loaderBatches = 8
)

// A Loader adds outcomes that are in the ledger already, in a goroutine of its own beside the one that reads them (see builder). Those
// of a contact stay in order, so the states are the same as with [Table.Load].
//
// Until [Loader.Close] returns, no other method of the table may be called.
type Loader struct {
	byEmail    bool
	batch      []loaded
	full, free chan []loaded // a free batch that was never used is nil
	built      sync.WaitGroup
}

// Loader returns a loader of the table. It must be closed, also after an error.
func (t *Table) Loader() *Loader {
	l := &Loader{byEmail: t.ByEmail, full: make(chan []loaded, loaderBatches), free: make(chan []loaded, loaderBatches)}
	for range loaderBatches - 1 { // the last one is batch
		l.free <- nil
	}
	l.built.Go(func() {
		b := builder{table: t}
		for batch := range l.full {
			for i := range batch {
				b.add(&batch[i])
			}
			l.free <- batch[:0]
		}
		b.finish()
	})
	return l
}

// Add adds an outcome that does not take its contact out of an open job.
func (l *Loader) Add(k contact.Keys, kind contact.Kind, ref ledger.Ref, ms int64) {
	n := len(l.batch)
	if n == cap(l.batch) {
		l.nextBatch()
		n = 0
	}
	l.batch = l.batch[:n+1]
	l.batch[n].set(k.By(l.byEmail), kind, ref, ms)
}

// nextBatch hands over the batch, which is full, and takes an empty one.
func (l *Loader) nextBatch() {
	if l.batch != nil {
		l.full <- l.batch
		l.batch = <-l.free
	}
	if l.batch == nil {
		l.batch = make([]loaded, 0, loaderBatch)
	}
}

// Close returns when all outcomes are in the table.
func (l *Loader) Close() {
	l.full <- l.batch
	close(l.full)
	l.built.Wait()
}
