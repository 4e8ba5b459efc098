package shutdown

import (
	"context"
	"errors"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

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
		{"the copy a little later", syscall.SIGTERM, copyWindow - time.Millisecond, false},
		{"the same again by a person", syscall.SIGTERM, copyWindow, true},
		{"another signal at once", syscall.SIGINT, 0, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				signals := make(chan os.Signal)
				var quit atomic.Bool
				s := Listen(Signals{C: signals, Exit: func(int) { quit.Store(true) }}, time.Minute, nil)
				s.Begin()
				signals <- syscall.SIGTERM
				synctest.Wait()
				time.Sleep(tt.after)
				signals <- tt.second
				synctest.Wait()
				if quit.Load() != tt.quits {
					t.Errorf("quit: %v, expected %v", quit.Load(), tt.quits)
				}
				if s.Signal() != syscall.SIGTERM {
					t.Errorf("interrupted by %v", s.Signal())
				}
				s.Close()
			})
		})
	}
}

// TestTheTwoStages: the first signal interrupts, the end of the grace is the deadline, and a command that does not return
// is reported and ended two seconds later.
func TestTheTwoStages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		signals := make(chan os.Signal)
		var code atomic.Int64
		var late atomic.Value
		exit := func(c int) { code.Store(int64(c)) }
		s := Listen(Signals{C: signals, Exit: exit}, time.Minute, func(i Interruption) { late.Store(i) })
		s.Begin()
		if s.Signal() != nil || s.Interrupted.Err() != nil {
			t.Error("interrupted without a signal")
		}
		signals <- syscall.SIGHUP
		synctest.Wait()
		if s.Signal() != syscall.SIGHUP || s.Interrupted.Err() == nil || s.Deadline.Err() != nil {
			t.Errorf("after the signal: %v, %v, %v", s.Signal(), s.Interrupted.Err(), s.Deadline.Err())
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if s.Deadline.Err() == nil || !errors.Is(context.Cause(s.Deadline), Interruption{syscall.SIGHUP}) || code.Load() != 0 {
			t.Errorf("after the grace: %v, exit code %d", context.Cause(s.Deadline), code.Load())
		}
		time.Sleep(exitTime)
		synctest.Wait()
		if code.Load() != 129 || late.Load() != any(Interruption{syscall.SIGHUP}) {
			t.Errorf("after the end: exit code %d, %v", code.Load(), late.Load())
		}
		s.Close()
	})
}

// TestASignalBeforeTheBeginning exits at once, and after Close the signals are given back.
func TestASignalBeforeTheBeginning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		signals := make(chan os.Signal)
		var code atomic.Int64
		released := false
		s := Listen(Signals{C: signals, Exit: func(c int) { code.Store(int64(c)) }, Notify: func() func() { return func() { released = true } }}, time.Minute, nil)
		signals <- syscall.SIGTERM
		synctest.Wait()
		if code.Load() != 143 || released {
			t.Errorf("exit code %d, released %v", code.Load(), released)
		}
		s.Close()
		if !released {
			t.Error("the signals were not given back")
		}
	})
}

func TestInterruptions(t *testing.T) {
	for sig, expected := range map[os.Signal]string{syscall.SIGHUP: "interrupted by SIGHUP", os.Interrupt: "interrupted by Ctrl-C", syscall.SIGTERM: "interrupted by SIGTERM", nil: "interrupted"} {
		if got := (Interruption{sig}).Error(); got != expected {
			t.Errorf("%v: %q, expected %q", sig, got, expected)
		}
	}
	if code := (Interruption{}).ExitCode(); code != 130 {
		t.Errorf("exit code %d", code)
	}
}
