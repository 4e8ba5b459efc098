package states

import (
	"enrich/contact"
	"enrich/ledger"
)

// loaderBatch is how many outcomes a Loader collects: 32 for each shard, 5.5 MB.
const loaderBatch = 32 * shards

// A Loader adds outcomes that are in the ledger already. In a table of millions each contact is somewhere else in memory, and waiting
// for memory takes longer than everything else. So a Loader collects outcomes and adds them shard by shard: a shard fits in the
// CPU's cache. Those of a contact are in one shard and stay in order, so the states are the same as with [Table.Load].
//
// Until [Loader.Flush] returns, no other method of the table may be called.
type Loader struct {
	table *Table
	batch []loaded
	order []uint32 // the outcomes of the batch, by shard
}

// loaded is an outcome to add.
type loaded struct {
	key  contact.Key
	ref  ledger.Ref
	ms   int64
	kind contact.Kind
}

// Loader returns a loader of the table.
func (t *Table) Loader() *Loader {
	return &Loader{table: t}
}

// Add adds an outcome that does not take its contact out of an open job.
func (l *Loader) Add(k contact.Keys, kind contact.Kind, ref ledger.Ref, ms int64) {
	if l.batch == nil {
		l.batch, l.order = make([]loaded, 0, loaderBatch), make([]uint32, loaderBatch)
	}
	l.batch = append(l.batch, loaded{k.By(l.table.ByEmail), ref, ms, kind})
	if len(l.batch) == loaderBatch {
		l.Flush()
	}
}

// Flush adds what was collected.
func (l *Loader) Flush() {
	for _, i := range l.byShard() {
		o := &l.batch[i]
		l.table.add(o.key, o.kind, o.ref, o.ms)
	}
	l.batch = l.batch[:0]
}

// byShard returns the places of the outcomes in the batch, those of a shard together and in order.
func (l *Loader) byShard() []uint32 {
	var from [shards + 1]uint32 // where the outcomes of a shard begin
	for i := range l.batch {
		shard, _ := split(l.batch[i].key)
		from[shard+1]++
	}
	for i := range shards {
		from[i+1] += from[i]
	}
	for i := range l.batch {
		shard, _ := split(l.batch[i].key)
		l.order[from[shard]] = uint32(i)
		from[shard]++
	}
	return l.order[:len(l.batch)]
}
