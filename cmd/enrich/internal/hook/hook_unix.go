//go:build unix

package hook

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

const shell = "/bin/sh"

// Check returns an error if no command can be run on this machine.
func Check() error {
	info, err := os.Stat(shell)
	if err == nil && info.Mode()&0o111 == 0 {
		err = fmt.Errorf("%s cannot be executed", shell)
	}
	if err != nil {
		return fmt.Errorf("there is no shell: %w", err)
	}
	return nil
}

// ownGroup starts a command in a process group of its own, which is killed as a whole.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func killGroup(group int) { _ = syscall.Kill(-group, syscall.SIGKILL) } // it may have ended
