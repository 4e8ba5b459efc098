// Package states keeps in memory what a ledger knows of each contact: its latest answer or, if it has none, its latest
// outcome, and how many calls were lost since.
//
// A contact takes at most 32 bytes, also while the table grows. It does not keep what the outcomes contain: a state has the
// reference by which an outcome is read.
package states

import (
	"runtime"
	"sync"
	"time"

	"enrich/contact"
	"enrich/ledger"
)

// A Table has the states of all contacts. Its methods may be called from any goroutine, except [Table.Load]. The zero value
// identifies contacts by their request.
type Table struct {
	// ByEmail identifies contacts by their address instead (--same-by email).
	ByEmail bool

	mu      sync.Mutex
	entries table
	answers int64
	// again counts how often a contact is in open jobs besides the first time: two requests may be one contact.
	again map[contact.Key]int
}

// Load adds an outcome that is in the ledger already. It must not be called beside other methods. leavesJob says that with it the
// contact is not in an open job any more.
func (t *Table) Load(k contact.Keys, kind contact.Kind, ref ledger.Ref, ms int64, leavesJob bool) {
	key := k.By(t.ByEmail)
	e := t.add(key, kind, ref, ms)
	if leavesJob {
		t.leaveJob(key, e)
	}
}

// Record adds outcomes that have been committed, with ascending references. thisRun says whether they are of the run that
// was begun on the ledger, leavesJob whether they are of contacts that are not in an open job any more.
func (t *Table) Record(outcomes []contact.Outcome, first ledger.Ref, thisRun, leavesJob bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range outcomes {
		o := &outcomes[i]
		key := o.Keys.By(t.ByEmail)
		e := t.add(key, o.Kind, first+ledger.Ref(i), o.At.UnixMilli())
		if leavesJob {
			t.leaveJob(key, e)
		}
		if thisRun {
			e.meta |= thisRunMark
		}
	}
}

// add applies an outcome to the state of its contact.
func (t *Table) add(k contact.Key, kind contact.Kind, ref ledger.Ref, ms int64) *entry {
	e := t.entries.get(k)
	if e.apply(kind, ref, ms) {
		t.answers++
	}
	return e
}

// EnterJob notes that a contact is in an open job.
func (t *Table) EnterJob(k contact.Keys) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.enterJob(k)
}

func (t *Table) enterJob(keys contact.Keys) {
	k := keys.By(t.ByEmail)
	e := t.entries.get(k)
	if e.meta&inJobMark == 0 {
		e.meta |= inJobMark
		return
	}
	if t.again == nil {
		t.again = map[contact.Key]int{}
	}
	t.again[k]++
}

func (t *Table) leaveJob(k contact.Key, e *entry) {
	switch n := t.again[k]; {
	case n > 1:
		t.again[k]--
	case n == 1:
		delete(t.again, k)
	default:
		e.meta &^= inJobMark
	}
}

// Claim notes that a contact is in an open job, unless it is in one already; then it returns false.
func (t *Table) Claim(k contact.Keys) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.inJob(k) {
		return false
	}
	t.enterJob(k)
	return true
}

// InJob reports whether a contact is in an open job.
func (t *Table) InJob(k contact.Keys) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.inJob(k)
}

func (t *Table) inJob(k contact.Keys) bool {
	e := t.entries.find(k.By(t.ByEmail))
	return e != nil && e.meta&inJobMark != 0
}

// States looks contacts up: states[i] is the state of keys[i]. All of them are of one moment.
func (t *Table) States(keys []contact.Keys, states []ledger.State) {
	t.mu.Lock()
	defer t.mu.Unlock()
	runtime.KeepAlive(t.entries.prefetch(keys, t.ByEmail)) // the compiler must not drop the reads
	for i := range keys {
		s := &states[i]
		*s = ledger.State{}
		if e := t.entries.find(keys[i].By(t.ByEmail)); e != nil {
			s.DoneThisRun, s.InJob = e.meta&thisRunMark != 0, e.meta&inJobMark != 0
			if e.kind() == 0 { // only in a job
				continue
			}
			s.Kind, s.Ref, s.At, s.Lost = e.kind(), e.ref(), time.UnixMilli(e.time()).UTC(), e.lost()
		}
	}
}

// Answers returns how many contacts have an answer.
func (t *Table) Answers() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.answers
}
