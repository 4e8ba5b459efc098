package sqlite

import (
	"bytes"
	"maps"
	"slices"

	"enrich/contact"
	"enrich/internal/jsonscan"
	"enrich/ledger"
	"enrich/ledger/internal/codec"
)

// An openJob is a job that has not ended.
type openJob struct {
	jobRow
	forgotten int64         // contacts that were erased from it
	done      []uint64      // a bit for each contact, in the order of submission: it has an outcome, or was erased
	loaded    []contact.Key // while the ledger is opened: the contacts that have an outcome
}

func newOpenJob(row *jobRow) *openJob {
	j := &openJob{jobRow: *row, done: make([]uint64, (row.contacts+63)/64)}
	j.ids = nil // they are read when they are needed
	return j
}

func (j *openJob) isDone(i int) bool { return j.done[i/64]>>(i%64)&1 != 0 }

func (j *openJob) setDone(i int, done bool) {
	if done {
		j.done[i/64] |= 1 << (i % 64)
		return
	}
	j.done[i/64] &^= 1 << (i % 64)
}

// unfinishedJobs returns the jobs that have not ended, in the order of their numbers.
func (l *Ledger) unfinishedJobs() []*openJob {
	jobs := make([]*openJob, 0, len(l.jobs))
	for _, id := range slices.Sorted(maps.Keys(l.jobs)) {
		jobs = append(jobs, l.jobs[id])
	}
	return jobs
}

// loadOpenJobs finds out which contacts of the jobs that have not ended wait for their results.
func (l *Ledger) loadOpenJobs() error {
	for _, j := range l.unfinishedJobs() {
		members, err := l.readMembers(j)
		if err != nil {
			return err
		}
		for i, k := range members.keys {
			if k == (contact.Keys{}) {
				j.setDone(i, true)
				j.forgotten++
			}
		}
		for _, key := range j.loaded {
			if i, ok := members.find(j, key); ok {
				j.setDone(i, true)
			}
		}
		j.loaded = nil
		pending := int64(0)
		for i, k := range members.keys {
			if !j.isDone(i) {
				pending++
				l.states.EnterJob(k)
			}
		}
		if pending != j.pending {
			return j.damaged("should have %d contacts without an outcome, and has %d", j.pending, pending)
		}
	}
	return nil
}

// jobMembers are the contacts of a job in the order of submission.
type jobMembers struct {
	job  int64
	keys []contact.Keys // zero: erased
	// first is the index of a request, from 1; next that of the same request once more, by index.
	first map[contact.Key]int32
	next  []int32
}

// find returns the index of a contact that has no outcome yet.
func (m *jobMembers) find(j *openJob, request contact.Key) (index int, ok bool) {
	for i := m.first[request]; i > 0; i = m.next[i-1] {
		if !j.isDone(int(i - 1)) {
			return int(i - 1), true
		}
	}
	return 0, false
}

// membersOf returns the contacts of a job. Those of one job are kept: its results are committed in several parts.
func (l *Ledger) membersOf(j *openJob) (*jobMembers, error) {
	if l.members != nil && l.members.job == j.id {
		return l.members, nil
	}
	m, err := l.readMembers(j)
	if err == nil {
		l.members = m
	}
	return m, err
}

func (l *Ledger) readMembers(j *openJob) (*jobMembers, error) {
	m := &jobMembers{job: j.id}
	err := l.readAskedOf(j, func(c *commitRow, _ []byte) error {
		for i := 0; i < len(c.keys); i += codec.KeysSize {
			m.keys = append(m.keys, codec.ReadKeys(c.keys[i:]))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	m.first, m.next = make(map[contact.Key]int32, len(m.keys)), make([]int32, len(m.keys))
	for i, k := range slices.Backward(m.keys) {
		if k != (contact.Keys{}) {
			m.next[i] = m.first[k.Request]
			m.first[k.Request] = int32(i + 1)
		}
	}
	return m, nil
}

// readAskedOf calls do with the intents of a job, and their keys as the file has them. Both are valid until do returns.
func (l *Ledger) readAskedOf(j *openJob, do func(c *commitRow, submitted []byte) error) error {
	found := false
	for stmt, err := range l.rows(l.selectAsked()+" WHERE id = ?", j.asked) {
		if err != nil {
			return err
		}
		c, err := readAsked(stmt)
		if err != nil {
			return err
		}
		if c.job != j.id || c.run != j.run || int64(len(c.keys)/codec.KeysSize) != j.contacts {
			return j.damaged("does not have the intents of commit %d", j.asked)
		}
		submitted := c.keys
		if l.outdated() {
			l.rekeyIntents(&c, j.run)
		}
		found = true
		if err := do(&c, submitted); err != nil {
			return err
		}
	}
	if !found {
		return j.damaged("has no intents")
	}
	return nil
}

// eachContact calls do with each contact of a job, in the order of submission.
func (l *Ledger) eachContact(j *openJob, do func(ledger.JobContact) error) error {
	ids, err := l.submittedIDs(j)
	if err != nil {
		return err
	}
	return l.readAskedOf(j, func(c *commitRow, submitted []byte) error {
		i := int64(0)
		for text := range jsonscan.Elements(c.contacts) {
			if i == j.contacts {
				return j.damaged("has more contacts than keys")
			}
			member := ledger.JobContact{Intent: ledger.Intent{Keys: codec.ReadKeys(c.keys[i*int64(codec.KeysSize):])}, Done: j.isDone(int(i))}
			if member.Keys != (contact.Keys{}) {
				member.Contact, member.ID = contact.ParseJSON(text), codec.ReadKeys(submitted[i*int64(codec.KeysSize):]).Request
				if len(ids) > 0 {
					member.ID = contact.Key(ids[i*int64(codec.KeySize):][:codec.KeySize])
				}
				if err := do(member); err != nil {
					return err
				}
			}
			i++
		}
		if i != j.contacts {
			return j.damaged("has more keys than contacts")
		}
		return nil
	})
}

// submittedIDs returns the request keys under which the contacts of a job were submitted, if a migration has changed them.
func (l *Ledger) submittedIDs(j *openJob) (ids []byte, err error) {
	for stmt, err := range l.rows(selectJobs+" WHERE id = ?", j.id) {
		if err != nil {
			return nil, err
		}
		row, err := readJob(stmt)
		if err != nil {
			return nil, err
		}
		ids = bytes.Clone(row.ids)
	}
	return ids, nil
}
