package pipeline

import (
	"sync"
	"time"
)

// linger is how long a commit waits for more to commit: a synced commit costs the same for one outcome as for fifty.
const linger = 3 * time.Millisecond

// enoughBytes of answers make a group complete: a larger commit is no cheaper, and its answers take memory that workers
// may wait for.
const enoughBytes = 1 << 20

// A group is what one commit makes durable.
type group struct {
	intents, results []*asking
}

func (g *group) empty() bool { return len(g.intents)+len(g.results) == 0 }

// A tray is where admission and the workers put what is to be committed. Whoever puts something there never waits, and
// the one who commits is woken twice a group and not once for each: when it begins, and when it is complete.
//
// It keeps the bound on what a crash leaves in doubt: no more than permits intents are durable without their outcome. A
// commit that makes outcomes durable hands their permits to intents in the same transaction, so that the workers have
// something to do while it goes on.
type tray struct {
	permits int // 2 × workers
	places  int // how many askings there are at most, those included that wait for a permit
	enough  int // outcomes that make a group complete

	mu      sync.Mutex
	waiting []*asking // admitted, their intents not taken yet
	results []*asking
	bytes   int  // of the answers in results
	held    int  // places that are taken
	open    int  // intents that were taken, but for those whose outcome was
	out     int  // askings that are with the workers
	closed  bool // admission has ended
	wake    chan struct{}
	freed   chan struct{} // places were given back
}

// newTray is for so many workers. A group is complete with three quarters of the permits: the other askings keep the workers
// busy while it is committed.
func newTray(workers int) *tray {
	return &tray{permits: 2 * workers, places: 3 * workers, enough: 3 * workers / 2, wake: make(chan struct{}, 1), freed: make(chan struct{}, 1)}
}

// place takes a place, when there is one; done ends the wait, without one. Only admission takes places.
func (t *tray) place(done <-chan struct{}) bool {
	for {
		t.mu.Lock()
		if free := t.held < t.places; free {
			t.held++
			t.mu.Unlock()
			return true
		}
		t.mu.Unlock()
		select {
		case <-t.freed:
		case <-done:
			return false
		}
	}
}

// free gives places back. All of a group's at once, so that admission is woken once a commit and not for each.
func (t *tray) free(places int) {
	if places == 0 {
		return
	}
	t.mu.Lock()
	t.held -= places
	t.mu.Unlock()
	select {
	case t.freed <- struct{}{}:
	default:
	}
}

// admit puts an intent there.
func (t *tray) admit(a *asking) {
	t.mu.Lock()
	defer t.mu.Unlock()
	before := t.begun()
	t.waiting = append(t.waiting, a)
	t.tell(!before && t.begun())
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
	before := t.begun()
	t.out--
	if !a.dropped {
		t.results = append(t.results, a)
		t.bytes += a.answerSize()
	}
	t.tell(!before && t.begun())
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

// room is how many intents a group may have: the permits that are free, and those of its own outcomes.
func (t *tray) room() int { return t.permits - t.open + len(t.results) }

// begun says that a group would not be empty.
func (t *tray) begun() bool { return len(t.results) > 0 || len(t.waiting) > 0 && t.room() > 0 }

// complete says that a group need not wait: it holds as many outcomes as are worth a commit, or nothing else can come.
func (t *tray) complete() bool {
	switch {
	case len(t.results) >= t.enough, t.bytes >= enoughBytes:
		return true
	case t.out > 0:
		return false
	}
	return t.closed || len(t.waiting) >= t.room() || len(t.waiting)+len(t.results) == t.places
}

// take waits for the next group: until it is complete, or has lingered. The one before it, which is committed by now, is
// given back for its space. An empty group means that all is done. The askings whose intents are in it count as with the
// workers from here on, so that the next group waits for them.
func (t *tray) take(space group, timer *time.Timer) group {
	var lingered <-chan time.Time
	over := false
	for {
		t.mu.Lock()
		if over || t.complete() {
			g := t.group(space)
			t.mu.Unlock()
			return g
		}
		begun := t.begun()
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

// group takes what there is and has room. The order is admission's.
func (t *tray) group(space group) group {
	n := min(len(t.waiting), t.room())
	g := group{intents: append(space.intents[:0], t.waiting[:n]...), results: t.results}
	t.waiting = append(t.waiting[:0], t.waiting[n:]...)
	t.results, t.bytes = space.results[:0], 0
	t.open += n - len(g.results)
	t.out += n
	return g
}
