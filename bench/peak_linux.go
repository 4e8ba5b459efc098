package main

import (
	"os"
	"syscall"
)

// peakOf returns the peak memory of a process, in KiB.
func peakOf(state *os.ProcessState) int64 {
	if usage, ok := state.SysUsage().(*syscall.Rusage); ok {
		return usage.Maxrss
	}
	return 0
}
