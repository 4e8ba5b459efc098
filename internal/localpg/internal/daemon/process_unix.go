//go:build unix

package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// stopTimeout bounds what a program needs to end. It is far beyond what any needs on a busy machine.
const stopTimeout = 60 * time.Second

// owner returns the user of the server's processes and files: nil for the user of this process. PostgreSQL refuses root.
func owner() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL does not run as root: %w", err)
	}
	uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, errors.Join(err1, err2)
}

// attributes make a command run as a user, in a process group of its own: a Ctrl-C that this process handles does not stop the server.
func attributes(owner *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: owner}
}

// A Process is a running program and its children.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed at its end
	err  error         // how it ended
}

func start(cmd *exec.Cmd) (*Process, error) {
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &Process{cmd: cmd, done: make(chan struct{})}
	go func() { // it ends with the program, which stop and kill end
		p.err = cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// PID returns the number of the process.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Wait waits for the end of the process and returns how it ended, as [exec.Cmd.Wait] does. At the end of ctx, it kills the process and its
// children.
func (p *Process) Wait(ctx context.Context) error {
	select {
	case <-p.done:
		return p.err
	case <-ctx.Done():
		return errors.Join(ctx.Err(), p.Kill())
	}
}

// Stop makes a server shut down in order (SIGINT). After a minute, it kills the server and returns an error.
func (p *Process) Stop() error {
	if err := p.send(syscall.SIGINT); err != nil {
		return err
	}
	timer := time.NewTimer(stopTimeout)
	defer timer.Stop()
	select {
	case <-p.done:
		return p.err
	case <-timer.C:
		return errors.Join(fmt.Errorf("it did not stop within %v", stopTimeout), p.Kill())
	}
}

// Reload makes a server read its configuration again. It returns before that has happened.
func (p *Process) Reload() error { return p.send(syscall.SIGHUP) }

// send sends a signal to the process only.
func (p *Process) send(s syscall.Signal) error {
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}

// Kill kills the process and its children, and waits until all of them are gone. The process is stopped first, so that it makes no
// more children.
func (p *Process) Kill() error {
	all, err := p.pauseAll()
	for _, pid := range all {
		err = errors.Join(err, kill(pid, syscall.SIGKILL))
	}
	<-p.done
	deadline := time.Now().Add(stopTimeout)
	for slices.ContainsFunc(all, isAlive) {
		if time.Now().After(deadline) {
			return errors.Join(err, fmt.Errorf("processes %v did not end within %v of their kill", all, stopTimeout))
		}
		time.Sleep(time.Millisecond)
	}
	return err
}

// Pause stops the process and its children.
func (p *Process) Pause() error {
	_, err := p.pauseAll()
	return err
}

// pauseAll stops the process and its children, and returns all of them.
func (p *Process) pauseAll() ([]int, error) {
	select {
	case <-p.done:
		return nil, nil
	default:
	}
	if err := p.send(syscall.SIGSTOP); err != nil {
		return nil, err
	}
	all := children(p.PID())
	var err error
	for _, pid := range all {
		err = errors.Join(err, kill(pid, syscall.SIGSTOP))
	}
	return append(all, p.PID()), err
}

// Resume lets a paused process and its children go on: the children first, as their parent may wait for them.
func (p *Process) Resume() error {
	var err error
	for _, pid := range append(children(p.PID()), p.PID()) {
		err = errors.Join(err, kill(pid, syscall.SIGCONT))
	}
	return err
}

// KillChild kills one child.
func (p *Process) KillChild(pid int) error {
	if !slices.Contains(children(p.PID()), pid) {
		return fmt.Errorf("process %d is not one of the server's", pid)
	}
	return kill(pid, syscall.SIGKILL)
}

// kill sends a signal. A process that is gone is not an error.
func kill(pid int, s syscall.Signal) error {
	if err := syscall.Kill(pid, s); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("signal process %d: %w", pid, err)
	}
	return nil
}
