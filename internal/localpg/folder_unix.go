//go:build unix

package localpg

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// A folder has all files of a server, and is the working folder of all its processes. However this process ends, nothing remains of
// it: a guard waits for that.
type folder struct {
	path  string
	owner *syscall.Credential // nil for the user of this process
	guard *exec.Cmd
	stdin io.Closer // the guard reads from it until this process ends
}

// cleanup is the guard: a shell that waits for the end of its input, which is closed when this process ends, however it ends. It kills
// what runs in the folder $1 (a stopped backend would not notice that its server is gone), removes the server's block of shared
// memory, and the folder. The loop is for a process that is just being made.
const cleanup = `
cat >/dev/null
for again in 1 2 3; do
	for process in /proc/[0-9]*; do
		case $(readlink "$process/cwd" 2>/dev/null) in "$1"|"$1"/*) kill -9 "${process#/proc/}" 2>/dev/null;; esac
	done
	for pid in "$1"/*/postmaster.pid; do
		[ -f "$pid" ] || continue
		kill -9 "$(sed -n 1p "$pid")" 2>/dev/null
		set -- "$1" $(sed -n 7p "$pid")
		[ -z "$3" ] || ipcrm -m "$3" 2>/dev/null
	done
	rm -rf "$1"
done
`

// newFolder makes a folder below parent, "" for that of temporary files.
func newFolder(parent string) (*folder, error) {
	user, err := owner()
	if err != nil {
		return nil, err
	}
	path, err := os.MkdirTemp(parent, "enrich-postgres-*")
	if err != nil {
		return nil, err
	}
	f := &folder{path: path, owner: user}
	if f.path, err = filepath.EvalSymlinks(path); err == nil { // as the system shows the working folder of a process
		err = f.own(f.path)
	}
	if err == nil {
		err = f.startGuard()
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(path))
	}
	return f, nil
}

func (f *folder) startGuard() (err error) {
	f.guard = exec.Command("/bin/sh", "-c", cleanup, "sh", f.path)
	f.guard.Dir = "/"
	f.guard.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // what ends this process must not end the guard
	if f.stdin, err = f.guard.StdinPipe(); err != nil {
		return err
	}
	return f.guard.Start()
}

// own gives a file to the server's user.
func (f *folder) own(path string) error {
	if f.owner == nil {
		return nil
	}
	return os.Chown(path, int(f.owner.Uid), int(f.owner.Gid))
}

// command returns a command that runs in the folder as the server's user.
func (f *folder) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env, cmd.SysProcAttr = f.path, environment(), attributes(f.owner)
	return cmd
}

// write writes a file that only the server's user can read, and returns its path.
func (f *folder) write(name, contents string) (path string, err error) {
	path = filepath.Join(f.path, name)
	if err := os.WriteFile(path, []byte(contents), 0o600); err != nil {
		return "", err
	}
	return path, f.own(path)
}

// remove removes the folder and all that runs in it: that is the guard's work.
func (f *folder) remove() error {
	err := errors.Join(f.stdin.Close(), f.guard.Wait())
	if _, failed := os.Lstat(f.path); !errors.Is(failed, os.ErrNotExist) {
		err = errors.Join(err, fmt.Errorf("%s was not removed", f.path))
	}
	return err
}
