package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// treeCPU is the CPU time of a process, of its children, and of its children that have ended.
func treeCPU(pid int) (time.Duration, error) {
	const perTick = 10 * time.Millisecond // USER_HZ is 100 on every Linux
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	var ticks int64
	found := false
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		// The name, in parentheses, may have spaces. What follows begins with field 3.
		_, rest, _ := strings.Cut(string(text[strings.LastIndexByte(string(text), ')'):]), " ")
		fields := strings.Fields(rest)
		if len(fields) < 15 {
			return 0, fmt.Errorf("%s has an unknown format", path)
		}
		root := filepath.Dir(path) == "/proc/"+strconv.Itoa(pid)
		if !root && fields[1] != strconv.Itoa(pid) {
			continue
		}
		times := fields[11:13] // utime, stime
		if root {
			found, times = true, fields[11:15] // and those of the children that have ended
		}
		for _, f := range times {
			n, err := strconv.ParseInt(f, 10, 64)
			if err != nil {
				return 0, fmt.Errorf("%s: %w", path, err)
			}
			ticks += n
		}
	}
	if !found {
		return 0, fmt.Errorf("process %d is not there", pid)
	}
	return time.Duration(ticks) * perTick, nil
}
