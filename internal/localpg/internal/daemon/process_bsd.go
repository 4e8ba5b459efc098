//go:build unix && !linux

package daemon

import (
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// children returns the children of a process.
func children(pid int) []int {
	out, err := exec.Command("pgrep", "-P", strconv.Itoa(pid)).Output()
	if err != nil {
		return nil // it has ended, or it has none
	}
	var all []int
	for _, field := range strings.Fields(string(out)) {
		if child, err := strconv.Atoi(field); err == nil {
			all = append(all, child)
		}
	}
	return all
}

// inFolder would return the processes whose working folder is a folder: only Linux shows that to every program.
func inFolder(string) []int { return nil }

// isAlive reports whether a process exists.
func isAlive(pid int) bool { return syscall.Kill(pid, 0) == nil }
