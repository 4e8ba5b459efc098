package daemon

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// children returns the children of a process.
func children(pid int) []int {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", pid))
	if err != nil {
		return nil // it has ended
	}
	var all []int
	for _, field := range strings.Fields(string(b)) {
		if child, err := strconv.Atoi(field); err == nil {
			all = append(all, child)
		}
	}
	return all
}

// inFolder returns the processes whose working folder is a folder, or below it.
func inFolder(path string) []int {
	links, _ := filepath.Glob("/proc/[0-9]*/cwd")
	var all []int
	for _, link := range links {
		to, err := os.Readlink(link)
		if err != nil || to != path && !strings.HasPrefix(to, path+"/") {
			continue
		}
		if pid, err := strconv.Atoi(strings.Split(link, "/")[2]); err == nil {
			all = append(all, pid)
		}
	}
	return all
}

// isAlive reports whether a process can still do anything. A dead one remains until its parent has noticed, which the first
// process of a container may never do.
func isAlive(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, after, _ := bytes.Cut(b, []byte(") ")) // the name of the program is in parentheses
	return len(after) > 0 && after[0] != 'Z' && after[0] != 'X'
}
