package pipeline

import (
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A trayRun drives a tray as a run does: one admission, workers that take random times, and one who commits.
type trayRun struct {
	*tray
	rows, dropEvery int
	commitTime      time.Duration
	longest         time.Duration // of an asking

	mu     sync.Mutex
	random *rand.Rand

	open    map[*asking]bool // what a kill would leave in doubt
	most    int
	order   []int64
	commits int
}

func (r *trayRun) run(t *testing.T) {
	workers := r.permits / 2
	jobs := make(chan *asking, r.permits)
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for a := range jobs {
				r.mu.Lock()
				d := time.Duration(r.random.Int64N(int64(r.longest)))
				r.mu.Unlock()
				time.Sleep(d)
				a.dropped = r.dropEvery > 0 && a.ticket.Row%int64(r.dropEvery) == 0
				r.finish(a)
			}
		})
	}
	all.Go(func() {
		for row := range r.rows {
			if !r.place(nil) {
				t.Error("no place, and nobody stopped it")
			}
			a := &asking{}
			a.ticket.Row = int64(row + 1)
			r.admit(a)
		}
		r.end()
	})
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for g := r.take(group{}, timer); !g.empty(); g = r.take(g, timer) {
		time.Sleep(r.commitTime)
		r.commit(&g)
		for _, a := range g.intents {
			select {
			case jobs <- a:
			default:
				t.Fatal("more are with the workers than there are permits: who commits would wait for them")
			}
		}
		r.free(len(g.results))
	}
	close(jobs)
	all.Wait()
}

// commit is one transaction: its outcomes' contacts are in doubt no more, its intents' are.
func (r *trayRun) commit(g *group) {
	r.commits++
	for _, a := range g.results {
		delete(r.open, a)
	}
	for _, a := range g.intents {
		r.open[a] = true
		r.order = append(r.order, a.ticket.Row)
	}
	r.most = max(r.most, len(r.open))
}

func newTrayRun(workers, rows int, seed uint64) *trayRun {
	return &trayRun{
		tray: newTray(workers), rows: rows, commitTime: time.Millisecond, longest: 2 * time.Millisecond,
		random: rand.New(rand.NewPCG(seed, 1)), open: map[*asking]bool{},
	}
}

// However fast calls and commits are, no more than 2 × workers intents are durable without their outcome; every asking comes
// out, in order; and the bound is made use of.
func TestNoMoreThanThePermitsAreInDoubt(t *testing.T) {
	for _, workers := range []int{1, 2, 8, 64} {
		for _, longest := range []time.Duration{1, 200 * time.Microsecond, 5 * time.Millisecond, 300 * time.Millisecond} {
			synctest.Test(t, func(t *testing.T) {
				r := newTrayRun(workers, 40*workers, uint64(workers))
				r.longest = longest
				r.run(t)
				if r.most != 2*workers {
					t.Errorf("%d workers, calls of up to %v: %d were in doubt at most, want %d", workers, longest, r.most, 2*workers)
				}
				if len(r.open) != 0 || len(r.order) != r.rows || r.held != 0 {
					t.Errorf("%d workers: %d of %d were committed, %d stayed open, %d places are held", workers, len(r.order), r.rows, len(r.open), r.held)
				}
				for i, row := range r.order {
					if row != int64(i+1) {
						t.Fatalf("%d workers: row %d was taken as the %d.", workers, row, i+1)
					}
				}
			})
		}
	}
}

// Where calls are fast, a commit decides more than one outcome for each worker: that is what makes it cheap.
func TestACommitDecidesManyOutcomes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newTrayRun(32, 3200, 1)
		r.longest, r.commitTime = 100*time.Microsecond, 50*time.Microsecond
		r.run(t)
		if most := r.rows / 40; r.commits > most {
			t.Errorf("%d commits for %d rows, want at most %d", r.commits, r.rows, most)
		}
	})
}

// What was dropped stays in doubt and keeps its permit; where all are gone the run ends all the same.
func TestWhatIsDroppedKeepsItsPermit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newTrayRun(4, 12, 1)
		r.dropEvery = 1
		r.run(t)
		if r.most > 8 || len(r.open) != 8 {
			t.Errorf("%d were in doubt at most and %d at the end, want 8 and 8", r.most, len(r.open))
		}
	})
}

// A stop does not wait for a place.
func TestAPlaceIsNotWaitedForAfterAStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newTray(1)
		for range r.places {
			r.place(nil)
		}
		stopped := make(chan struct{})
		got := make(chan bool)
		go func() { got <- r.place(stopped) }()
		synctest.Wait()
		close(stopped)
		if <-got {
			t.Error("there was a place")
		}
		r.free(1)
		if !r.place(stopped) {
			t.Error("the place that was given back was not there")
		}
	})
}
