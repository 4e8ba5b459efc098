package main

import (
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// TestACopyOfASignalIsNotASecondOne: timeout(1) signals the process and then its process group. The copy must not end a run that is
// waiting for calls that may have been charged; a second signal of a person, or another signal, does.
func TestACopyOfASignalIsNotASecondOne(t *testing.T) {
	for _, tt := range []struct {
		name   string
		second os.Signal
		after  time.Duration
		quits  bool
	}{
		{"the copy at once", syscall.SIGTERM, 0, false},
		{"the copy a little later", syscall.SIGTERM, sameSignal - time.Millisecond, false},
		{"the same again by a person", syscall.SIGTERM, sameSignal, true},
		{"another signal at once", syscall.SIGINT, 0, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				signals := make(chan os.Signal)
				quit := false
				p := listen(world{signals: signals, exit: func(int) { quit = true }}, time.Minute, nil)
				p.begin()
				signals <- syscall.SIGTERM
				synctest.Wait()
				time.Sleep(tt.after)
				signals <- tt.second
				synctest.Wait()
				if quit != tt.quits {
					t.Errorf("quit: %v, want %v", quit, tt.quits)
				}
				if p.signal() != syscall.SIGTERM {
					t.Errorf("interrupted by %v", p.signal())
				}
				p.close()
			})
		})
	}
}
