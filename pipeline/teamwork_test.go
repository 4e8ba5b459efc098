package pipeline

import (
	"context"
	"fmt"
	"time"
)

// A teamWork is the work of several runs on one list.
type teamWork struct {
	runs  []*teamRun
	round int
	next  int64
	left  bool // rows of this round are left
	taken []string
}

func (m *teamRun) Take(context.Context) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return 0, errKilled
	}
	w := m.work
	w.next++
	w.taken = append(w.taken, fmt.Sprintf("%d:%d", m.ask.Run, w.next-1))
	return w.next - 1, nil
}

func (m *teamRun) EndRound(_ context.Context, left, done bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return errKilled
	}
	for _, c := range m.contacts {
		if c.claim == m {
			m.report("run %d ends a round with %s in flight", m.ask.Run, c.email)
		}
	}
	m.ended, m.done = true, done
	m.work.left = m.work.left || left
	return nil
}

func (m *teamRun) Again(ctx context.Context) (bool, error) {
	for {
		m.mu.Lock()
		again, decided := m.decide()
		dead := m.dead
		m.mu.Unlock()
		switch {
		case dead:
			return false, errKilled
		case decided:
			return again, nil
		case ctx.Err() != nil:
			return false, ctx.Err()
		}
		wait(ctx, 10*time.Millisecond)
	}
}

// decide reports whether there is another round, once every live run has ended this one.
func (m *teamRun) decide() (again, decided bool) {
	w := m.work
	if !m.done && w.round > m.round {
		m.round = w.round
		return true, true
	}
	var staying []*teamRun
	for _, other := range w.runs {
		if other.gone {
			if !other.ended && !other.dead { // it stopped without a word: once
				w.left, other.ended = true, true
			}
			continue
		}
		if !other.ended {
			return false, false
		}
		if !other.done {
			staying = append(staying, other)
		}
	}
	if m.done || !w.left || len(staying) == 0 {
		return false, true
	}
	w.round++
	w.next, w.left = 0, false
	if w.round > 100*len(w.runs) {
		m.report("round %d of %d runs", w.round, len(w.runs))
		return false, true
	}
	for _, other := range staying {
		other.ended = false
	}
	m.round = w.round
	return true, true
}
