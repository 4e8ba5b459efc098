package pipeline

import "sync"

// A jobQueue has the admitted contacts that no job contains yet.
type jobQueue struct {
	room  int           // contacts at most
	wake  chan struct{} // to the dispatcher: a job may be made, or no more contacts come
	freed chan struct{} // to admission: there is room again

	mu       sync.Mutex
	contacts []*inFlight
	waitsFor int  // contacts that the next job is to have; 0: the dispatcher does not wait for any
	flushing bool // what is here is submitted at once, because admission waits for its credits
	closed   bool // no more contacts come; always true if contacts are sent by single calls
	gaveUp   bool // the dispatcher takes no more
	rowsDone bool // admission has looked at all rows
}

// newJobQueue returns a queue with room for one job. Without room it is closed.
func newJobQueue(room int) *jobQueue {
	return &jobQueue{room: room, wake: make(chan struct{}, 1), freed: make(chan struct{}, 1), closed: room == 0}
}

// awaitRoom waits until there is room for a contact. It returns false if there will be none, or when done.
func (q *jobQueue) awaitRoom(done <-chan struct{}) bool {
	for {
		q.mu.Lock()
		hasRoom, gaveUp := len(q.contacts) < q.room, q.gaveUp
		q.mu.Unlock()
		if gaveUp || hasRoom {
			return !gaveUp
		}
		select {
		case <-q.freed:
		case <-done:
			return false
		}
	}
}

// add adds a contact. It returns false if the dispatcher takes no more.
func (q *jobQueue) add(c *inFlight) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.gaveUp {
		return false
	}
	q.contacts = append(q.contacts, c)
	if q.waitsFor > 0 && len(q.contacts) >= q.waitsFor {
		wakeUp(q.wake)
	}
	return true
}

// flush lets the next jobs have fewer contacts than fit, until the queue is empty.
func (q *jobQueue) flush() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.flushing = true
}

// close says that no more contacts come.
func (q *jobQueue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	wakeUp(q.wake)
}

// setRowsDone says that admission has looked at all rows. Unlike close, it is called also if contacts are sent by single calls.
func (q *jobQueue) setRowsDone() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.rowsDone = true
	wakeUp(q.wake)
}

// areRowsDone reports whether all rows were looked at.
func (q *jobQueue) areRowsDone() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.rowsDone
}

// take returns the contacts of the next job: n, or fewer if it must not wait for more; nil: it must wait.
func (q *jobQueue) take(n int) []*inFlight {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.contacts) == 0 || len(q.contacts) < n && !q.closed && !q.flushing {
		q.waitsFor, q.flushing = n, q.flushing && len(q.contacts) > 0
		return nil
	}
	n = min(n, len(q.contacts))
	taken := append([]*inFlight(nil), q.contacts[:n]...)
	q.contacts = append(q.contacts[:0], q.contacts[n:]...)
	q.waitsFor, q.flushing = 0, q.flushing && len(q.contacts) > 0
	wakeUp(q.freed)
	return taken
}

// isDrained reports whether the queue is empty and stays so.
func (q *jobQueue) isDrained() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.closed && len(q.contacts) == 0 || q.gaveUp
}

// giveUp closes the queue to admission, and returns the contacts that are left.
func (q *jobQueue) giveUp() []*inFlight {
	q.mu.Lock()
	defer q.mu.Unlock()
	left := q.contacts
	q.contacts, q.gaveUp = nil, true
	wakeUp(q.freed)
	return left
}
