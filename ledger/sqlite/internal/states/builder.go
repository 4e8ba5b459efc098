package states

import (
	"enrich/contact"
	"enrich/ledger"
)

const (
	groups      = 64 // of shards
	groupShards = shards / groups
	groupBuffer = 1024 // outcomes that a group collects: 2 MB for all groups
	// One shard of sampleEvery is a sample, whose outcomes are indexed at once.
	sampleEvery = 64
	// repeatsSpare is how many outcomes of contacts that have others may wait, besides a sixteenth of all contacts: 6 MB.
	repeatsSpare = 1 << 18
	// repeatsEvery is after how many outcomes the builder estimates how many of those wait.
	repeatsEvery = 1 << 16
)

// loaded is an outcome to add.
type loaded struct {
	entry
	shard uint32
}

func (o *loaded) set(k contact.Key, kind contact.Kind, ref ledger.Ref, ms int64) {
	i, stored, _ := split(k)
	o.shard = uint32(i)
	o.first(stored, kind, ref, ms)
}

// A builder adds millions of outcomes to a table. Each contact is somewhere else in memory, and waiting for memory takes longer than
// everything else. So the builder first only appends outcomes to their shards, group by group, because the ends of all shards do
// not fit in a CPU's cache. At the end it indexes each shard: its slots have their final number then, and are in the cache.
//
// An outcome that waits takes less memory than a contact that is indexed, so only outcomes of contacts that have others could take
// too much. The builder estimates their number from a sample of the shards, and indexes all shards if there are many.
type builder struct {
	table   *Table
	groups  [groups][groupBuffer]loaded
	lengths [groups]int
	waiting [shards]int32 // outcomes that were appended to a shard, and are not indexed
	n, next int           // all of them, and the number at which they are estimated
}

func (b *builder) add(o *loaded) {
	g := o.shard / groupShards
	b.groups[g][b.lengths[g]] = *o
	if b.lengths[g]++; b.lengths[g] == groupBuffer {
		b.appendGroup(int(g))
		b.boundRepeats()
	}
}

// appendGroup appends the outcomes of a group to their shards.
func (b *builder) appendGroup(g int) {
	for i := range b.groups[g][:b.lengths[g]] {
		o := &b.groups[g][i]
		s := &b.table.entries.shards[o.shard]
		if o.shard%sampleEvery == 0 {
			if s.merge(o.entry) {
				b.table.answers++
			}
			continue
		}
		*s.place(s.n + int(b.waiting[o.shard])) = o.entry
		b.waiting[o.shard]++
		b.n++
	}
	b.lengths[g] = 0
}

// boundRepeats indexes all shards if too many outcomes of contacts that have others wait.
func (b *builder) boundRepeats() {
	if b.n < b.next {
		return
	}
	b.next = b.n + repeatsEvery
	indexed, contacts := 0, 0
	for i := range b.table.entries.shards {
		n := b.table.entries.shards[i].n
		indexed += n
		if i%sampleEvery == 0 {
			contacts += n * sampleEvery
		}
	}
	if repeats := indexed + b.n - contacts; repeats > contacts/16+repeatsSpare {
		b.index()
	}
}

// index indexes all shards.
func (b *builder) index() {
	for i, n := range b.waiting {
		if n > 0 {
			b.table.answers += b.table.entries.shards[i].index(int(n))
		}
	}
	clear(b.waiting[:])
	b.n, b.next = 0, repeatsEvery
}

// finish adds everything that waits.
func (b *builder) finish() {
	for g := range groups {
		b.appendGroup(g)
	}
	b.index()
}
