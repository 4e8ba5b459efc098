package pipeline

import (
	"context"
	"time"

	"enrich/contact"
)

// The budget of all runs. A dead run reserves and returns nothing.

func (m *teamRun) Reserve(ctx context.Context, calls int64) string {
	reached := m.budget.Reserve(ctx, calls)
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case reached != "":
	case m.dead:
		m.budget.Settle(&contact.Outcome{Kind: contact.Released}, calls)
		return errKilled.Error()
	default:
		m.reserved++
	}
	return reached
}

func (m *teamRun) Calls(n int64) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return errKilled.Error()
	}
	return m.budget.Calls(n)
}

func (m *teamRun) Return(calls int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.dead {
		m.budget.Return(calls)
	}
}

func (m *teamRun) Observe(int64) {}

func (m *teamRun) Settle(o *contact.Outcome, unused int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.dead {
		m.reserved--
		m.budget.Settle(o, unused)
	}
}

// The account.

func (m *teamRun) Stop(cause contact.Stop, _ string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.dead {
		m.stopped = cause
	}
}

func (m *teamRun) Stopped(ctx context.Context) (contact.Stop, string) {
	for {
		m.mu.Lock()
		cause := m.stopped
		m.mu.Unlock()
		switch {
		case cause != "":
			return cause, "another run saw it"
		case ctx.Err() != nil:
			return "", ""
		}
		wait(ctx, 20*time.Millisecond)
	}
}

func (m *teamRun) Alone(ctx context.Context) (func(bool), error) {
	for {
		m.mu.Lock()
		free := m.alone == nil && !m.dead
		if free && !m.proved {
			m.alone = m
		}
		proved := m.proved
		m.mu.Unlock()
		switch {
		case free || proved:
			return m.release, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		}
		wait(ctx, 5*time.Millisecond)
	}
}

func (m *teamRun) release(proved bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.alone == m {
		m.alone, m.proved = nil, proved
	}
}

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
