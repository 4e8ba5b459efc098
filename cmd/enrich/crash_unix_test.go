//go:build unix

package main

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"enrich/client/fakeapi"
)

// TestACrashIsNotAUsageError: 2 means that no call was made. A fatal error of the Go runtime ends the process by SIGABRT; SIGQUIT
// causes one from outside. It leaves no core file, which would contain the key.
func TestACrashIsNotAUsageError(t *testing.T) {
	t.Parallel()
	s := newStage(t, fakeapi.Options{Match: 1, Latency: 100 * time.Millisecond})
	s.list("l.csv", 400, "")
	c := s.start("run", "--workers", "2", "l.csv")
	s.heard(2)
	c.signal(syscall.SIGQUIT)
	err := c.Wait()
	if status := c.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != syscall.SIGABRT || status.CoreDump() {
		t.Errorf("%v: %v, core dumped: %v", err, status, status.CoreDump())
	}
	if strings.Contains(c.said.String(), "key-of-a-process-7") {
		t.Error("the crash shows the key")
	}
	if cores, err := filepath.Glob(s.path("*core*")); err != nil || len(cores) > 0 {
		t.Errorf("left behind: %q, %v", cores, err)
	}
	s.absent("l.results.csv", "l.summary.json")
}
