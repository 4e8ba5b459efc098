package fakeapi

import (
	"sync"
	"sync/atomic"
	"testing"
)

// Each credit is taken once, also by concurrent calls, and none below zero.
func TestEachCreditIsTakenOnce(t *testing.T) {
	const credits, takers = 2_000_000, 4
	a := newAccount(Options{Credits: credits})
	var taken atomic.Int64
	var all sync.WaitGroup
	for range takers {
		all.Go(func() {
			for range credits / 2 {
				left, ok := a.charge()
				if left < 0 {
					t.Error("fewer than none are left")
				}
				if ok {
					taken.Add(1)
				}
			}
		})
	}
	all.Wait()
	if taken.Load() != credits || a.credits.Load() != 0 {
		t.Errorf("%d taken of %d, %d left", taken.Load(), credits, a.credits.Load())
	}
}
