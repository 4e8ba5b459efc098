package pipeline

import (
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A queueRun uses a commit queue as a run does: one admission, workers that take random times, and one committer.
type queueRun struct {
	*commitQueue
	rows, dropEvery int
	commitTime      time.Duration
	maxCallTime     time.Duration

	mu     sync.Mutex
	random *rand.Rand

	inDoubt    map[*inFlight]bool // durable intents without an outcome: what a kill would lose
	maxInDoubt int
	order      []int64
	commits    int
}

func newQueueRun(workers, rows int, seed uint64) *queueRun {
	return &queueRun{
		commitQueue: newCommitQueue(workers), rows: rows, commitTime: time.Millisecond, maxCallTime: 2 * time.Millisecond,
		random: rand.New(rand.NewPCG(seed, 1)), inDoubt: map[*inFlight]bool{},
	}
}

func (r *queueRun) run(t *testing.T) {
	workers := r.permits / 2
	ready := make(chan *inFlight, r.permits)
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for c := range ready {
				r.call(c)
			}
		})
	}
	all.Go(func() { r.admitAll(t) })
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for b := r.take(commitBatch{}, timer); !b.empty(); b = r.take(b, timer) {
		time.Sleep(r.commitTime)
		r.commit(&b)
		for _, c := range b.intents {
			select {
			case ready <- c:
			default:
				t.Fatal("the workers have more contacts than there are permits: the committer would wait for them")
			}
		}
		r.release(len(b.outcomes))
	}
	close(ready)
	all.Wait()
}

func (r *queueRun) admitAll(t *testing.T) {
	for row := range r.rows {
		if !r.acquire(nil) {
			t.Error("no slot, although nothing stopped the wait")
		}
		c := &inFlight{}
		c.question.Row = int64(row + 1)
		r.admit(c)
	}
	r.close()
}

func (r *queueRun) call(c *inFlight) {
	r.mu.Lock()
	d := time.Duration(r.random.Int64N(int64(r.maxCallTime)))
	r.mu.Unlock()
	time.Sleep(d)
	c.dropped = r.dropEvery > 0 && c.question.Row%int64(r.dropEvery) == 0
	r.finish(c)
}

// commit is one transaction: the contacts of its outcomes are not in doubt any more, those of its intents are.
func (r *queueRun) commit(b *commitBatch) {
	r.commits++
	for _, c := range b.outcomes {
		delete(r.inDoubt, c)
	}
	for _, c := range b.intents {
		r.inDoubt[c] = true
		r.order = append(r.order, c.question.Row)
	}
	r.maxInDoubt = max(r.maxInDoubt, len(r.inDoubt))
}

// However fast calls and commits are, at most 2 × workers intents are durable without an outcome. Every contact comes out, in
// order, and the bound is used in full.
func TestAtMostTwiceTheWorkersAreInDoubt(t *testing.T) {
	for _, workers := range []int{1, 2, 8, 64} {
		for _, callTime := range []time.Duration{1, 200 * time.Microsecond, 5 * time.Millisecond, 300 * time.Millisecond} {
			synctest.Test(t, func(t *testing.T) {
				r := newQueueRun(workers, 40*workers, uint64(workers))
				r.maxCallTime = callTime
				r.run(t)
				if r.maxInDoubt != 2*workers {
					t.Errorf("%d workers, calls of up to %v: at most %d in doubt, expected %d", workers, callTime, r.maxInDoubt, 2*workers)
				}
				if len(r.inDoubt) != 0 || len(r.order) != r.rows || r.usedSlots != 0 {
					t.Errorf("%d workers: %d of %d committed, %d still in doubt, %d slots in use", workers, len(r.order), r.rows, len(r.inDoubt), r.usedSlots)
				}
				for i, row := range r.order {
					if row != int64(i+1) {
						t.Fatalf("%d workers: row %d is number %d", workers, row, i+1)
					}
				}
			})
		}
	}
}

// If calls are fast, a commit has more than one outcome for each worker: that makes it cheap.
func TestACommitHasManyOutcomes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newQueueRun(32, 3200, 1)
		r.maxCallTime, r.commitTime = 100*time.Microsecond, 50*time.Microsecond
		r.run(t)
		if most := r.rows / 40; r.commits > most {
			t.Errorf("%d commits for %d rows, expected at most %d", r.commits, r.rows, most)
		}
	})
}

// A dropped contact stays in doubt and keeps its permit. If all permits are gone the run still ends.
func TestADroppedContactKeepsItsPermit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newQueueRun(4, 12, 1)
		r.dropEvery = 1
		r.run(t)
		if r.maxInDoubt > 8 || len(r.inDoubt) != 8 {
			t.Errorf("at most %d in doubt, %d at the end, expected 8 and 8", r.maxInDoubt, len(r.inDoubt))
		}
	})
}

func TestAStopEndsTheWaitForASlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newCommitQueue(1)
		for range q.slots {
			q.acquire(nil)
		}
		stopped := make(chan struct{})
		got := make(chan bool)
		go func() { got <- q.acquire(stopped) }()
		synctest.Wait()
		close(stopped)
		if <-got {
			t.Error("there was a slot")
		}
		q.release(1)
		if !q.acquire(stopped) {
			t.Error("the slot that was released cannot be acquired")
		}
	})
}
