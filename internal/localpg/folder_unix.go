//go:build unix

package localpg

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// A folder has all files of a server, and is the working folder of all its processes. However this process ends, nothing remains of
// it: a guard waits for that.
type folder struct {
	path  string
	owner *syscall.Credential // nil for the user of this process
	guard *exec.Cmd
	stdin io.WriteCloser // the guard reads from it until this process ends
}

// cleanup is the guard: a shell that reads a line. It gets one when the folder was removed; the end of its input means that this
// process has ended. Then it kills what runs in the folder $1 (a stopped backend would not notice that its server is gone), removes
// the server's block of shared memory, and the folder. It does so again for a process that was just being made.
const cleanup = `
if read -r _; then exit; fi
for again in 1 2; do
	ls -ld /proc/[0-9]*/cwd 2>/dev/null | while read -r line; do
		case $line in *" -> $1"|*" -> $1/"*) pid=${line##*/proc/}; kill -9 "${pid%%/*}";; esac
	done
	if [ -f "$1/data/postmaster.pid" ]; then
		kill -9 "$(sed -n 1p "$1/data/postmaster.pid")"
		ipcrm -m "$(sed -n '7s/.* //p' "$1/data/postmaster.pid")"
	fi
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

// remove removes the folder, and kills what still runs in it.
func (f *folder) remove() error {
	var err error
	for _, pid := range inFolder(f.path) {
		err = errors.Join(err, kill(pid, syscall.SIGKILL))
	}
	f.removeSharedMemory()
	err = errors.Join(err, os.RemoveAll(f.path))
	if err == nil { // otherwise the guard does it
		_, _ = io.WriteString(f.stdin, "\n")
	}
	return errors.Join(err, f.stdin.Close(), f.guard.Wait())
}

// removeSharedMemory removes the block of a server that was killed. Its number is at the end of line 7 of postmaster.pid.
func (f *folder) removeSharedMemory() {
	b, err := os.ReadFile(filepath.Join(f.path, "data", "postmaster.pid"))
	lines := strings.Split(string(b), "\n")
	if err != nil || len(lines) < 7 {
		return
	}
	if fields := strings.Fields(lines[6]); len(fields) == 2 {
		_ = exec.Command("ipcrm", "-m", fields[1]).Run() // it is removed already if all processes ended in order
	}
}
