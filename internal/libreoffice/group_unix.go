//go:build unix

package libreoffice

import (
	"os/exec"
	"syscall"
)

// inGroup makes a command end with all that it started: the program is a script that starts others.
func inGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
