package pipeline

import (
	"sync"
	"time"

	"enrich/contact"
	"enrich/ledger"
)

// linger is how long a commit waits for more to commit: a synced commit costs the same for one outcome as for fifty.
const linger = 3 * time.Millisecond

// fullBytes of answers make a batch full: a larger commit is no cheaper, and workers may wait for the memory of its answers.
const fullBytes = 1 << 20

// inFlight is a contact between its admission and the commit of its outcome.
type inFlight struct {
	question contact.Question
	lost     int            // calls lost since the contact's last answer, over all runs
	seen     ledger.Version // of the state because of which it is sent
	handed   bool           // its intent is done with: the workers have it, or another run has the contact
	// dropped: a bug ended the call and nothing is known of it. Its intent stays open, which means lost.
	dropped bool
	result  contact.Result
}

// intent returns the intent to send the contact.
func (c *inFlight) intent() ledger.Intent {
	return ledger.Intent{Contact: c.question.Contact, Keys: c.question.Keys, Seen: c.seen}
}

// unusedCalls returns how many calls were reserved with the contact and not made: one, if none was made for this question.
func (c *inFlight) unusedCalls() int64 {
	if c.result.Outcome.Attempts == c.question.Attempts {
		return 1
	}
	return 0
}

// A commitBatch is what one commit makes durable: the intents of some contacts and the outcomes of others.
type commitBatch struct {
	intents, outcomes []*inFlight
}

func (b *commitBatch) empty() bool { return len(b.intents)+len(b.outcomes) == 0 }

// commitQueue collects intents and outcomes until they are committed together. Producers (admission and the workers) never
// block. The committer is woken at most twice per batch: when the first item arrives and when the batch is full.
//
// It bounds the calls that a crash leaves in doubt: at most permits intents are durable without an outcome. A commit passes
// the permits of its outcomes to intents of the same transaction, so the workers have something to do while it goes on.
type commitQueue struct {
	slots   int // 3 × workers: the contacts in flight at most, including those that wait for a permit
	permits int // 2 × workers
	full    int // outcomes that make a batch full

	mu          sync.Mutex
	intents     []*inFlight // admitted, but not in a batch yet
	outcomes    []*inFlight
	bytes       int // of the answers in outcomes
	usedSlots   int
	usedPermits int
	sent        int  // contacts that were sent and have no outcome yet
	closed      bool // admission has ended
	wake        chan struct{}
	freed       chan struct{} // slots were released
}

// newCommitQueue makes a queue for a number of workers. A batch is full with three quarters of the permits: the other
// contacts keep the workers busy while it is committed.
func newCommitQueue(workers int) *commitQueue {
	return &commitQueue{
		slots: 3 * workers, permits: 2 * workers, full: 3 * workers / 2,
		wake: make(chan struct{}, 1), freed: make(chan struct{}, 1),
	}
}

// acquire takes a slot. It waits for one until done, and then returns false. Only admission takes slots.
func (q *commitQueue) acquire(done <-chan struct{}) bool {
	for {
		q.mu.Lock()
		if q.usedSlots < q.slots {
			q.usedSlots++
			q.mu.Unlock()
			return true
		}
		q.mu.Unlock()
		select {
		case <-q.freed:
		case <-done:
			return false
		}
	}
}

// release returns slots: all of a batch together, so that admission is woken once for each commit.
func (q *commitQueue) release(slots int) {
	if slots == 0 {
		return
	}
	q.mu.Lock()
	q.usedSlots -= slots
	q.mu.Unlock()
	wakeUp(q.freed)
}

// admit queues an intent.
func (q *commitQueue) admit(c *inFlight) {
	q.change(func() { q.intents = append(q.intents, c) })
}

// close says that admission has ended: no more new contacts come.
func (q *commitQueue) close() {
	q.change(func() { q.closed = true })
}

// finish queues the outcome of a contact that was sent. One that was dropped has none.
func (q *commitQueue) finish(c *inFlight) {
	q.change(func() {
		q.sent--
		if !c.dropped {
			q.outcomes = append(q.outcomes, c)
			q.bytes += len(c.result.Outcome.Body)
		}
	})
}

// returnPermits returns the permits of n intents of the last batch that must not be sent.
func (q *commitQueue) returnPermits(n int) {
	q.change(func() {
		q.sent -= n
		q.usedPermits -= n
	})
}

// keepOpen keeps the queue open for a contact that will be sent again, until requeue or giveUp.
func (q *commitQueue) keepOpen() {
	q.change(func() { q.sent++ })
}

// requeue queues the intent of a contact for which keepOpen was called.
func (q *commitQueue) requeue(c *inFlight) {
	q.change(func() {
		q.sent--
		q.intents = append(q.intents, c)
	})
}

// giveUp says that a contact for which keepOpen was called is not sent again.
func (q *commitQueue) giveUp() {
	q.change(func() { q.sent-- })
}

// change makes a change, and wakes the committer if a batch has begun, is full, or nothing else can come.
func (q *commitQueue) change(f func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	had := q.hasWork()
	f()
	if !had && q.hasWork() || q.due() {
		wakeUp(q.wake)
	}
}

func wakeUp(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// room is how many intents the next batch may contain: the free permits, and those of its own outcomes.
func (q *commitQueue) room() int { return q.permits - q.usedPermits + len(q.outcomes) }

// hasWork reports whether the next batch would contain anything.
func (q *commitQueue) hasWork() bool {
	return len(q.outcomes) > 0 || len(q.intents) > 0 && q.room() > 0
}

// due reports whether the next batch need not wait: it is full, or nothing that could join it is under way.
func (q *commitQueue) due() bool {
	switch {
	case len(q.outcomes) >= q.full, q.bytes >= fullBytes:
		return true
	case q.sent > 0:
		return false
	}
	return q.closed || len(q.intents) >= q.room() || len(q.intents)+len(q.outcomes) == q.slots
}

// take waits until the next batch is due or has lingered, and returns it. An empty batch means that nothing is left to
// commit and nothing is under way. From here on the contacts of its intents count as sent, so that the next batch waits for
// them. The memory of the batch before, which is committed by now, is reused.
func (q *commitQueue) take(before commitBatch, timer *time.Timer) commitBatch {
	var lingered <-chan time.Time
	over := false
	for {
		q.mu.Lock()
		if over || q.due() {
			b := q.batch(before)
			q.mu.Unlock()
			return b
		}
		if q.hasWork() && lingered == nil {
			timer.Reset(linger)
			lingered = timer.C
		}
		q.mu.Unlock()
		select {
		case <-q.wake:
		case <-lingered:
			over = true
		}
	}
}

// batch takes all outcomes, and as many intents as have permits, in the order of admission.
func (q *commitQueue) batch(space commitBatch) commitBatch {
	n := min(len(q.intents), q.room())
	b := commitBatch{intents: append(space.intents[:0], q.intents[:n]...), outcomes: q.outcomes}
	q.intents = append(q.intents[:0], q.intents[n:]...)
	q.outcomes, q.bytes = space.outcomes[:0], 0
	q.usedPermits += n - len(b.outcomes)
	q.sent += n
	return b
}
