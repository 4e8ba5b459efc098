package main

import (
	"os"
	"syscall"
)

// peakOf is the most memory that a process had, in KiB.
func peakOf(state *os.ProcessState) int64 {
	if usage, ok := state.SysUsage().(*syscall.Rusage); ok {
		return usage.Maxrss
	}
	return 0
}
