package pipeline

import (
	"sync"
	"time"
)

// linger is how long a commit waits for more to commit: a synced commit costs the same for one outcome as for fifty.
const linger = 3 * time.Millisecond

// A group is what one commit makes durable.
type group struct {
	intents, results []*asking
}

func (g *group) empty() bool { return len(g.intents)+len(g.results) == 0 }

// A tray is where admission and the workers put what is to be committed. Whoever puts something there never waits, and
// the one who commits is woken twice a group and not once for each: when it begins, and when it is complete.
type tray struct {
	workers, permits int // what a group is complete by

	mu     sync.Mutex
	group  group
	out    int  // askings that are with the workers
	closed bool // admission has ended
	wake   chan struct{}
}

func newTray(workers, permits int) *tray {
	return &tray{workers: workers, permits: permits, wake: make(chan struct{}, 1)}
}

// admit puts an intent there.
func (t *tray) admit(a *asking) {
	t.mu.Lock()
	defer t.mu.Unlock()
	first := t.group.empty()
	t.group.intents = append(t.group.intents, a)
	t.tell(first)
}

// end says that no more intents come from admission.
func (t *tray) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	t.tell(true)
}

// finish puts there how an asking ended. Of one that was dropped there is nothing to keep.
func (t *tray) finish(a *asking) {
	t.mu.Lock()
	defer t.mu.Unlock()
	first := t.group.empty()
	t.out--
	if !a.dropped {
		t.group.results = append(t.group.results, a)
	}
	t.tell(first)
}

// tell wakes the one who commits where there is something to do, or a linger to begin.
func (t *tray) tell(changed bool) {
	if !changed && !t.complete() {
		return
	}
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// complete says that a group need not wait: it holds as many outcomes as there are workers, or nothing else can come.
func (t *tray) complete() bool {
	switch {
	case len(t.group.results) >= t.workers:
		return true
	case t.out > 0:
		return false
	}
	return t.closed || len(t.group.intents)+len(t.group.results) == t.permits
}

// take waits for the next group: until it is complete, or has lingered. The one before it is given back for its space. An
// empty group means that all is done. The askings whose intents are in it count as with the workers from here on, so
// that the next group waits for them.
func (t *tray) take(space group, timer *time.Timer) group {
	var lingered <-chan time.Time
	over := false
	for {
		t.mu.Lock()
		if over || t.complete() {
			full := t.group
			t.group = group{space.intents[:0], space.results[:0]}
			t.out += len(full.intents)
			t.mu.Unlock()
			return full
		}
		begun := !t.group.empty()
		t.mu.Unlock()
		if begun && lingered == nil {
			timer.Reset(linger)
			lingered = timer.C
		}
		select {
		case <-t.wake:
		case <-lingered:
			over = true
		}
	}
}
